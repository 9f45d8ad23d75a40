import Admission
import CAllocations
import Document
import Foundation
import Policy

/// Measures what a review costs inside the process: reading, judging and answering, each in
/// nanoseconds and allocations, over a mix of recorded reviews.
///
/// Usage: `ReviewBenchmark POLICIES REVIEW…`, where a review is a `.json`, `.json.gz`, `.ndjson` or
/// `.ndjson.gz` file. Prints one row a stage: median and 90th percentile over the reviews of the
/// best of several rounds each, since noise only ever adds.
@main
struct ReviewBenchmark {
    static let rounds = 15
    static let repetitions = 20
    /// When everything is judged: 2026-11-01T00:00:00Z.
    static let moment = Moment(seconds: 1_793_491_200)

    /// One stage's cost of one review.
    struct Cost {
        var nanoseconds = Double.infinity
        var allocations = Int.max
    }

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let folder = arguments.first, arguments.count > 1 else {
            FileHandle.standardError.write(
                Data("usage: ReviewBenchmark POLICIES REVIEW…\n".utf8))
            exit(2)
        }
        let reviews = try arguments.dropFirst().flatMap(bodies)
        let policies = try policySet(folder)
        let sizes = reviews.map(\.count).sorted()
        print(
            "\(reviews.count) reviews, median \(sizes[sizes.count / 2]) bytes, "
                + "\(policies.policies.count) policies")
        print(row("stage", "ns p50", "ns p90", "MB/s", "allocations p50", "p90"))
        let all = sizes.reduce(0, +)
        report("read", reviews.map { measureRead($0, policies) }, all)
        report("judge", reviews.map { measureJudge($0, policies) }, all)
        report("answer", reviews.map { measureAnswer($0, policies) }, all)
        report("review", reviews.map { measureReview($0, policies) }, all)
    }

    /// The policies of a folder or of one file.
    static func policySet(_ path: String) throws -> PolicySet {
        let paths =
            path.hasSuffix(".yaml")
            ? [path]
            : try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0.hasSuffix(".yaml") }.sorted().map { "\(path)/\($0)" }
        return try PolicyReader.read(
            paths.map { path in
                PolicyFile(name: path, bytes: Array(try Data(contentsOf: URL(filePath: path))))
            })
    }

    static func bodies(of path: String) throws -> [[UInt8]] {
        let data =
            path.hasSuffix(".gz") ? try gunzip(path) : try Data(contentsOf: URL(filePath: path))
        guard path.contains(".ndjson") else { return [Array(data)] }
        return data.split(separator: 0x0A).map(Array.init)
    }

    static func gunzip(_ path: String) throws -> Data {
        let gzip = Process()
        let output = Pipe()
        gzip.executableURL = URL(filePath: "/usr/bin/gzip")
        gzip.arguments = ["-dc", path]
        gzip.standardOutput = output
        try gzip.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        gzip.waitUntilExit()
        return data
    }

    // MARK: Stages

    static func measureRead(_ body: [UInt8], _ policies: PolicySet) -> Cost {
        let document = Document()
        return measure {
            _ = try? AdmissionReviewReader.read(
                body, body.indices, into: document, policies: policies, limits: .admission)
        }
    }

    static func measureJudge(_ body: [UInt8], _ policies: PolicySet) -> Cost {
        let document = Document()
        guard
            let review = try? AdmissionReviewReader.read(
                body, body.indices, into: document, policies: policies, limits: .admission)
        else { return Cost() }
        return measure { _ = policies.evaluate(review.subject, at: moment) }
    }

    static func measureAnswer(_ body: [UInt8], _ policies: PolicySet) -> Cost {
        let document = Document()
        guard
            let review = try? AdmissionReviewReader.read(
                body, body.indices, into: document, policies: policies, limits: .admission)
        else { return Cost() }
        let verdict = policies.evaluate(review.subject, at: moment)
        return measure { _ = AdmissionResponse(to: review, verdict).write() }
    }

    static func measureReview(_ body: [UInt8], _ policies: PolicySet) -> Cost {
        let reviewer = Reviewer(policies: policies)
        return measure {
            _ = try? reviewer.review(body, body.indices, at: moment) { $0.body.count }
        }
    }

    static func measure(_ work: () -> Void) -> Cost {
        var cost = Cost()
        let clock = ContinuousClock()
        for _ in 0..<rounds {
            let before = allocation_count()
            let duration = clock.measure { for _ in 0..<repetitions { work() } }
            let allocations = (allocation_count() - before) / repetitions
            let nanoseconds = Double(duration.components.attoseconds) / 1e9
            cost.nanoseconds = min(cost.nanoseconds, nanoseconds / Double(repetitions))
            cost.allocations = min(cost.allocations, allocations)
        }
        return cost
    }

    static func report(_ stage: String, _ costs: [Cost], _ bytes: Int) {
        let times = costs.map(\.nanoseconds).sorted()
        let counts = costs.map(\.allocations).sorted()
        func at(_ part: Double) -> Int { Int(Double(times.count - 1) * part) }
        let throughput = Double(bytes) / times.reduce(0, +) * 1000
        print(
            row(
                stage, "\(Int(times[at(0.5)]))", "\(Int(times[at(0.9)]))",
                "\(Int(throughput))", "\(counts[at(0.5)])", "\(counts[at(0.9)])"))
    }

    static func row(_ cells: String...) -> String {
        cells.map { $0 + String(repeating: " ", count: max(1, 17 - $0.count)) }.joined()
    }
}
