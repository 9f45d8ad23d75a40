internal import Document
internal import Policy

/// A suite of policy tests: the document kind `TestSuite`, read and checked.
struct TestSuite: Sendable {
    /// Where something stands in the suite's file.
    typealias Place = SourcePosition

    /// A file or folder that the suite names, and where it does.
    struct Reference: Sendable {
        let path: String
        let place: Place
    }

    /// The suite file's path.
    let file: String
    let name: String
    /// Files and folders of policies.
    let policies: [Reference]
    let enforcement: Enforcement
    /// What the wall clock reads; nil for what it does read.
    let now: Moment?
    let tests: [PolicyTest]
}

/// One test: something is judged, and something is expected of that.
struct PolicyTest: Sendable {
    let name: String
    let place: TestSuite.Place
    /// What the wall clock reads, where it is not the suite's `now`.
    let now: Moment?
    let input: Input
    let expectation: Expectation

    /// What is judged.
    enum Input: Sendable {
        /// Manifests outside a cluster, as `check` judges them.
        case manifests([Material], namespace: String)
        /// A request to a cluster for each object, made up as the API server would send it.
        case request(Request)
        /// A request that an API server sent: an AdmissionReview.
        case review(TestSuite.Reference)
    }

    /// Kubernetes objects: a file of them, or one that stands in the suite, as JSON.
    enum Material: Sendable {
        case file(TestSuite.Reference)
        case inline([UInt8], TestSuite.Place)
    }

    /// Who does what to the objects.
    struct Request: Sendable {
        let operation: Subject.Operation
        /// Nil for nobody.
        let user: String?
        let groups: [String]
        let namespace: String
        /// What is asked for, where the objects' kind does not tell.
        let resource: Resource?
        /// The name of what a CONNECT connects to.
        let resourceName: String
        /// The objects as they would be stored; those that a DELETE removes; the options of a
        /// CONNECT.
        let objects: [Material]
        /// The objects as they are stored before an UPDATE.
        let oldObjects: [Material]
    }

    /// A resource as the API calls it: `deployments.apps/scale`, `pods/exec`.
    struct Resource: Sendable, Equatable {
        let name: String
        /// Nil where it is the object's own.
        let group: String?
        let subresource: String

        /// Takes `plural[.group][/subresource]`; nil where it is not of this form.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
            let names = parts[0].split(
                separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
            name = String(names[0])
            group = names.count == 2 ? String(names[1]) : nil
            subresource = parts.count == 2 ? String(parts[1]) : ""
        }
    }

    /// What comes of a request, as the user sees it.
    enum Decision: String, CaseIterable, Sendable {
        /// Let in without a word; there may be audit annotations.
        case allowed
        /// Let in with a warning or more.
        case warned
        /// Refused.
        case denied
    }

    /// What is expected; at least one of the three.
    struct Expectation: Sendable {
        var decision: (value: Decision, place: TestSuite.Place)?
        /// Each of them at least once, and nothing that is none of them.
        var violations: (entries: [ExpectedViolation], place: TestSuite.Place)?
        /// Whether there may be violations besides.
        var allowsOthers = false
        /// The names of exactly those exceptions that let something pass.
        var exceptions: (entries: [ExpectedException], place: TestSuite.Place)?
    }
}

/// A violation as a suite describes it: what it leaves out may be anything.
struct ExpectedViolation: Sendable {
    var rule: String?
    var policy: (name: String, place: TestSuite.Place)?
    var field: Glob?
    var message: Glob?
    var object: Glob?
    var action: Policy.Action?
    let place: TestSuite.Place

    /// Whether the violation is of this description.
    func matches(_ violation: Violation, of object: String) -> Bool {
        if let rule, rule != violation.rule { return false }
        if let policy, policy.name != violation.policy { return false }
        if let action, !violation.actions.contains(action) { return false }
        return field?.matches(violation.path.description) ?? true
            && message?.matches(violation.message) ?? true && self.object?.matches(object) ?? true
    }

    /// `rule image-digest, field spec.containers[0].image`.
    var description: String {
        let parts: [(String, String?)] = [
            ("rule", rule), ("policy", policy?.name), ("field", field?.description),
            ("message", message?.description), ("object", object?.description),
            ("action", action?.rawValue),
        ]
        return parts.compactMap { name, value in value.map { "\(name) \($0)" } }
            .joined(separator: ", ")
    }
}

/// The name of an exception, as a test expects it, and where it does.
struct ExpectedException: Sendable {
    let name: String
    let place: TestSuite.Place
}
