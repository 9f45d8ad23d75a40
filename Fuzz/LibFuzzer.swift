// What libFuzzer calls: the target that the environment names, for every input it thinks of.
import Foundation
import Policy

private let policies: PolicySet = {
    let paths = ["deploy/overlays/enforcing/policies.yaml", "deploy/examples/exception.yaml"]
    let files = paths.compactMap { path in
        FileManager.default.contents(atPath: path).map {
            PolicyFile(name: path, bytes: Array($0))
        }
    }
    guard files.count == paths.count, let set = try? PolicyReader.read(files) else {
        fatalError("\(paths) cannot be read; run this in the root of the repository")
    }
    return set
}()

private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else { fatalError("FUZZ_TARGET is no target") }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: start, count: count)), policies: policies)
    return 0
}
