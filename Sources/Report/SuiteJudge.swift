internal import Document
internal import Policy

/// What the policies say of all that one test judges.
struct SuiteJudgement {
    /// Each violation, and what it is a violation of.
    var violations: [(object: String, violation: Violation)] = []
    /// The names of the exceptions that let something pass.
    var exceptions: Set<String> = []
    /// Whether the user is warned of something that is no violation: of a break glass.
    var hasWarning = false

    /// What the user sees: the gravest of what is said of any object.
    var decision: PolicyTest.Decision {
        if violations.contains(where: \.violation.denies) { return .denied }
        let warns = violations.contains { $0.violation.actions.contains(.warn) }
        return warns || hasWarning ? .warned : .allowed
    }
}

/// Judges what one test is about. A class, for manifests are judged object by object by a closure
/// that keeps what it finds here.
final class SuiteJudge {
    private(set) var judgement = SuiteJudgement()
    /// Why something could not be judged.
    private(set) var problems: [PolicyProblem] = []
    private let surroundings: any SuiteSurroundings
    private let set: PolicySet
    private let moment: Moment
    /// The suite's file, and where the test stands in it.
    private let file: String
    private let place: TestSuite.Place
    /// The objects before an UPDATE, as JSON.
    private var stored: [Identity: [UInt8]] = [:]

    /// What stays the same when an object is updated.
    private struct Identity: Hashable {
        let kind: GroupKind
        let namespace: String
        let name: String

        init(_ subject: Subject) {
            kind = subject.kind
            namespace = subject.namespace
            name = subject.name
        }
    }

    /// What a request's objects may be: each is written again, call by call, as part of a review.
    private static let requestLimits: CheckLimits = {
        var limits = CheckLimits()
        limits.json.depth = 512
        return limits
    }()

    /// Judges by `set`; `file` is the suite's, `place` the test's, for problems.
    init(
        _ surroundings: any SuiteSurroundings, _ set: PolicySet, at moment: Moment, file: String,
        place: TestSuite.Place
    ) {
        self.surroundings = surroundings
        self.set = set
        self.moment = moment
        self.file = file
        self.place = place
    }

    func judge(_ input: PolicyTest.Input) {
        switch input {
        case .manifests(let materials, let namespace):
            visit(materials, namespace: namespace, limits: CheckLimits()) {
                self.set.evaluate($0, at: self.moment)
            }
        case .review(let reference):
            guard let bytes = read(reference, what: "the review") else { return }
            guard let body = json(of: bytes, reference) else { return }
            if let reviewed = review(body, at: reference.place) { add(reviewed) }
        case .request(let request) where request.operation == .connect:
            var options: [UInt8]?
            if case .inline(let json, _)? = request.objects.first { options = json }
            let body = SuiteRequest(request: request).connection(options: options)
            if let reviewed = review(body) { add(reviewed) }
        case .request(let request):
            judge(request)
        }
    }

    private func judge(_ request: PolicyTest.Request) {
        visit(
            request.oldObjects, namespace: request.namespace, limits: Self.requestLimits,
            isStored: true
        ) { subject in
            if let node = subject.object {
                var writer = JSONWriter()
                writer.value(node)
                self.stored[Identity(subject)] = writer.takeBytes()
            }
            return PolicySet.empty.evaluate(subject, at: self.moment)
        }
        guard problems.isEmpty else { return }
        visit(
            request.objects, namespace: request.namespace, limits: Self.requestLimits
        ) { subject in
            let old = self.stored[Identity(subject)]
            if request.operation == .update, old == nil {
                let object = ReviewedRequest(
                    of: subject, PolicySet.empty.evaluate(subject, at: self.moment)
                ).object
                self.add("\(object) is not among the stored objects")
                return PolicySet.empty.evaluate(subject, at: self.moment)
            }
            let body = SuiteRequest(request: request).review(of: subject, stored: old)
            return self.review(body)?.verdict ?? PolicySet.empty.evaluate(subject, at: self.moment)
        }
    }

    /// Hands over every object of the materials, and keeps what is found.
    private func visit(
        _ materials: [PolicyTest.Material], namespace: String, limits: CheckLimits,
        isStored: Bool = false, _ evaluate: @escaping (Subject) -> Verdict
    ) {
        for material in materials {
            var check = Check(namespace: namespace, limits: limits) { subject in
                let verdict = evaluate(subject)
                self.judgement.exceptions.formUnion(verdict.excepted.map(\.exception.name))
                if verdict.notices.contains(where: \.isWarned) { self.judgement.hasWarning = true }
                return verdict
            }
            var inline: TestSuite.Place?
            switch material {
            case .inline(let json, let place):
                inline = place
                check.judge(CheckSource(name: file, bytes: json, format: .json))
            case .file(let reference):
                let what = isStored ? "the stored objects" : "the manifest"
                guard let bytes = read(reference, what: what) else { continue }
                let isJSON = reference.path.hasSuffix(".json")
                check.judge(
                    CheckSource(
                        name: reference.path, bytes: bytes, format: isJSON ? .json : .yaml))
            }
            let report = check.finish()
            for problem in report.problems {
                problems.append(
                    PolicyProblem(
                        file: problem.source, position: inline ?? problem.position ?? .start,
                        message: problem.message))
            }
            judgement.violations += report.findings.map { ($0.object.title, $0.violation) }
        }
    }

    private func add(_ reviewed: ReviewedRequest) {
        judgement.violations += reviewed.verdict.violations.map { (reviewed.object, $0) }
        judgement.exceptions.formUnion(reviewed.verdict.excepted.map(\.exception.name))
        if reviewed.verdict.notices.contains(where: \.isWarned) { judgement.hasWarning = true }
    }

    private func review(_ body: [UInt8], at place: TestSuite.Place? = nil) -> ReviewedRequest? {
        do throws(SuiteFault) {
            return try surroundings.review(body, by: set, at: moment)
        } catch {
            add(error.message, at: place)
            return nil
        }
    }

    private func read(_ reference: TestSuite.Reference, what: String) -> [UInt8]? {
        do throws(SuiteFault) {
            return try surroundings.file(reference.path)
        } catch {
            add("\(what) \(reference.path) \(error.message)", at: reference.place)
            return nil
        }
    }

    /// A review as the webhook takes it. Somebody may have written one in YAML.
    private func json(of bytes: [UInt8], _ reference: TestSuite.Reference) -> [UInt8]? {
        guard reference.path.hasSuffix(".yaml") || reference.path.hasSuffix(".yml") else {
            return bytes
        }
        let document = Document()
        do throws(DocumentError) {
            let reader = YAMLReader(bytes, limits: .manifestYAML)
            var writer = JSONWriter()
            var count = 0
            while try reader.next(into: document) {
                guard let root = document.root else { continue }
                count += 1
                writer.value(root)
            }
            if count == 1 { return writer.takeBytes() }
            add(
                "the review \(reference.path) holds \(count) documents; expected one",
                at: reference.place)
        } catch {
            problems.append(
                PolicyProblem(
                    file: reference.path, position: error.position, message: error.message))
        }
        return nil
    }

    private func add(_ message: String, at place: TestSuite.Place? = nil) {
        problems.append(
            PolicyProblem(file: file, position: place ?? self.place, message: message.readable()))
    }
}
