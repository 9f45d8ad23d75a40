// What libFuzzer calls: the target that the environment names, for every input it thinks of.
import COpenSSL
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

/// The state of what stands in for OpenSSL's randomness, begun anew for each input: whatever is
/// found must be found again. (xorshift64*)
nonisolated(unsafe) private var randomness: UInt64 = 1

private func fillWithRandomness(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: CInt) -> CInt {
    for index in 0..<Int(count) {
        randomness ^= randomness >> 12
        randomness ^= randomness << 25
        randomness ^= randomness >> 27
        bytes?[index] = UInt8(truncatingIfNeeded: (randomness &* 0x2545_F491_4F6C_DD1D) >> 56)
    }
    return 1
}

/// Kept by OpenSSL for as long as the process lives.
nonisolated(unsafe) private let method: UnsafeMutablePointer<RAND_METHOD> = {
    let method = UnsafeMutablePointer<RAND_METHOD>.allocate(capacity: 1)
    method.initialize(
        to: RAND_METHOD(
            seed: { _, _ in 1 }, bytes: fillWithRandomness, cleanup: {}, add: { _, _, _ in 1 },
            pseudorand: fillWithRandomness, status: { 1 }))
    return method
}()

@_cdecl("LLVMFuzzerInitialize")
func initialize(_: UnsafeMutablePointer<CInt>?, _: UnsafeMutableRawPointer?) -> CInt {
    guard RAND_set_rand_method(method) == 1 else { fatalError("OpenSSL keeps its randomness") }
    // What is made once is made now, not in the middle of the first input.
    target.run([0], policies: policies)
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    randomness = 1
    target.run(Array(UnsafeBufferPointer(start: start, count: count)), policies: policies)
    return 0
}
