import Admission
import Document
import Glibc
import Policy

/// Measures what a review costs inside the process, stage by stage, over a mix of reviews.
///
/// Usage: `ReviewBenchmark [--rules] POLICIES.yaml REVIEW…`, where a review is a `.json` file, or a
/// line of an `.ndjson` file; `--rules` measures each policy alone, too. Prints one row a stage, in
/// columns with tabs between them. Under callgrind the rows are the stages and their numbers of
/// reviews alone, and callgrind writes down the instructions. `Benchmarks/in_process.py` runs both
/// and makes one table.
@main
struct ReviewBenchmark {
    /// When everything is judged: 2026-11-01T00:00:00Z.
    static let moment = Moment(seconds: 1_793_491_200)

    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        let measuresRules = arguments.first == "--rules"
        if measuresRules { arguments.removeFirst() }
        guard let path = arguments.popFirst(), !arguments.isEmpty else {
            print("usage: ReviewBenchmark [--rules] POLICIES.yaml REVIEW…")
            exit(2)
        }
        let files = try policyFiles(path)
        let policies = try PolicyReader.read(files)
        let reviews = try arguments.flatMap(bodies).compactMap { body in
            ReviewUnderTest(body, policies)
        }
        let sizes = reviews.map(\.body.count).sorted()
        print(
            "\(reviews.count) reviews, median \(sizes[sizes.count / 2]) bytes, "
                + "\(policies.policies.count) policies")
        print(Row.header)
        measureStages(reviews, policies)
        if measuresRules { try measureRules(files, reviews) }
    }

    /// The stages of a review, and all of them together as the server runs them.
    static func measureStages(_ reviews: [ReviewUnderTest], _ policies: PolicySet) {
        report("read", reviews) { review in
            let document = Document()
            return { _ = try? review.read(policies, into: document) }
        }
        report("judge", reviews) { judging($0, by: policies) }
        report("answer", reviews) { review in
            let verdict = policies.evaluate(review.subject, at: moment)
            return { _ = AdmissionResponse(to: review.review, verdict).write() }
        }
        report("review", reviews) { review in
            let reviewer = Reviewer(policies: policies)
            let body = review.body
            return {
                _ = try? reviewer.review(body, body.indices, at: moment) { $0.body.count }
            }
        }
    }

    /// Judges a review again and again, in one memory as the server does.
    static func judging(_ review: ReviewUnderTest, by policies: PolicySet) -> () -> Void {
        var memory = EvaluationMemory()
        return { _ = policies.evaluate(review.subject, at: moment, using: &memory) }
    }

    /// What judging costs without any policy, the walk to pod specs and containers that all rules
    /// share, and each policy alone: over the reviews that concern it, and less what judging
    /// without a policy costs. What asks for the walk is charged with it.
    static func measureRules(_ files: [PolicyFile], _ reviews: [ReviewUnderTest]) throws {
        let none: (ReviewUnderTest) -> () -> Void = { judging($0, by: .empty) }
        report("no policy", reviews, none)
        let table = WorkloadTable.shipped
        let workloads = reviews.filter { review in
            table.contains(review.subject.kind) && review.subject.object?.kind == .object
        }
        report("walk", workloads) { review in
            {
                guard let object = review.subject.object else { return }
                let places = table.entry(of: review.subject.kind)?.places ?? []
                _ = try? Workload(object, at: places)
            }
        }
        for file in files {
            let alone = try PolicyReader.read([file])
            let name = alone.policies.map(\.name).joined(separator: ", ")
            let concerned = reviews.filter { alone.concerns($0.subject) }
            report(name, concerned, less: none) { judging($0, by: alone) }
        }
    }

    // MARK: What is measured

    /// The policies of a file, each as a file of its own.
    static func policyFiles(_ path: String) throws -> [PolicyFile] {
        try String(decoding: bytes(of: path), as: UTF8.self).split(separator: "\n---\n")
            .enumerated().map { index, text in
                PolicyFile(name: "\(path)#\(index)", bytes: Array(text.utf8))
            }
    }

    /// The reviews of a file.
    static func bodies(of path: String) throws -> [[UInt8]] {
        let bytes = try bytes(of: path)
        guard path.hasSuffix(".ndjson") else { return [bytes] }
        return bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    static func bytes(of path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Unreadable(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// A file that cannot be opened.
    struct Unreadable: Error { let path: String }
}

/// A review, read once.
struct ReviewUnderTest {
    let body: [UInt8]
    let review: AdmissionReview
    var subject: Subject { review.subject }
    /// Its nodes live here.
    private let document = Document()

    /// Nil for what is no review: the corpus may hold a few that are to be refused.
    init?(_ body: [UInt8], _ policies: PolicySet) {
        self.body = body
        guard
            let review = try? AdmissionReviewReader.read(
                body, body.indices, into: document, policies: policies, limits: .admission)
        else { return nil }
        self.review = review
    }

    func read(_ policies: PolicySet, into document: Document) throws -> AdmissionReview {
        try AdmissionReviewReader.read(
            body, body.indices, into: document, policies: policies, limits: .admission)
    }
}
