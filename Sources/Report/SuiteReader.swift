internal import Document
internal import Policy

/// Reads suites strictly, as policies are read: what is not understood is an error with line and
/// column, and one reading shows them all.
struct SuiteReader {
    /// The suites of the file; of one that has problems not all are here.
    private(set) var suites: [TestSuite] = []
    /// What is wrong, by position.
    private(set) var problems: [PolicyProblem] = []
    private let file: String

    /// An object that stands in a suite is written again, call by call: no deeper than YAML may be.
    private static let jsonLimits = ReadingLimits.manifestYAML

    /// Reads every document of a file.
    init(_ file: PolicyFile) {
        self.file = file.name
        let document = Document()
        do throws(DocumentError) {
            if file.name.hasSuffix(".json") {
                try JSONReader.read(file.bytes, limits: Self.jsonLimits, into: document)
                withExtendedLifetime(document) {
                    if let root = document.root { read(root) }
                }
            } else {
                let reader = YAMLReader(file.bytes, limits: .manifestYAML)
                while try reader.next(into: document) {
                    if let root = document.root { read(root) }
                }
            }
            if suites.isEmpty, problems.isEmpty { add("holds no TestSuite", at: .start) }
        } catch {
            add(error.message, at: error.position)
        }
        problems.sort { $0.position < $1.position }
    }

    private mutating func add(_ message: String, at position: SourcePosition) {
        problems.append(
            PolicyProblem(file: file, position: position, message: message.readable()))
    }

    private mutating func read(_ root: Node) {
        guard root.kind == .object else {
            return add(
                "the document is \(root.kind.phrase); expected a TestSuite", at: root.position)
        }
        var reader = ParameterReader(root, file: file, title: "")
        readSuite(&reader)
        reader.rejectUnknownNames()
        problems += reader.problems
    }

    private mutating func readSuite(_ reader: inout ParameterReader) {
        let version = reader.value("apiVersion")
        let kind = reader.value("kind")
        for (name, value, expected) in [
            ("apiVersion", version, PolicyReader.apiVersion), ("kind", kind, "TestSuite"),
        ] where value?.equals(expected) != true {
            let found = value.map { "\"\($0.string ?? $0.kind.phrase)\"" } ?? "missing"
            let hint = Nearest.hint(for: value?.string ?? "", among: [expected])
            reader.report("\(name) is \(found); expected \"\(expected)\"\(hint)", at: value)
        }
        guard kind?.equals("TestSuite") == true else {
            _ = (reader.value("metadata"), reader.value("spec"))
            return
        }
        let name = reader.object("metadata") { metadata in
            // Whatever tools write beside the name is not ours to judge.
            _ = (metadata.value("labels"), metadata.value("annotations"))
            return metadata.requiredText("name", what: "the suite's name")
        }
        let file = file
        let suite = reader.object("spec") { spec in
            let policies = Self.readPolicies(&spec, file: file)
            let enforcement = spec.choice("enforcement", default: Enforcement.declared)
            let now = spec.moment("now")
            return TestSuite(
                file: file, name: name ?? "", policies: policies, enforcement: enforcement,
                now: now, tests: Self.readTests(&spec, file: file))
        }
        suites.append(suite)
    }

    private static func readPolicies(
        _ spec: inout ParameterReader, file: String
    ) -> [TestSuite.Reference] {
        guard let place = spec.value("policies") else {
            spec.report("spec.policies is missing; expected a path or a list of paths", at: nil)
            return []
        }
        if place.kind == .string {
            return spec.reference("policies", file: file).map { [$0] } ?? []
        }
        let references = spec.references("policies", file: file)
        if place.kind == .array, place.count == 0 {
            spec.report("spec.policies is empty; expected a path or a list of paths", at: place)
        }
        return references
    }

    private static func readTests(
        _ spec: inout ParameterReader, file: String
    ) -> [PolicyTest] {
        let place = spec.value("tests")
        if place == nil || (place?.kind == .array && place?.count == 0) {
            spec.report("the suite has no tests; expected a list of them in spec.tests", at: place)
        }
        var lines: [String: Int] = [:]
        return spec.objects("tests") { test in
            let place = test.place?.position ?? .start
            let namePlace = test.value("name")
            let name = test.requiredText("name", what: "what the test shows")
            if let name {
                if let line = lines[name] {
                    test.report("the name is taken by the test in line \(line)", at: namePlace)
                }
                lines[name] = place.line
            }
            let now = test.moment("now")
            let input = readInput(&test, file: file)
            let expectation = readExpectation(&test)
            guard let name, let input, let expectation else { return nil }
            return PolicyTest(
                name: name, place: place, now: now, input: input, expectation: expectation)
        }
    }
}

// MARK: What is judged

extension SuiteReader {
    private static func readInput(
        _ test: inout ParameterReader, file: String
    ) -> PolicyTest.Input? {
        let review = test.reference("review", file: file)
        let objects = test.materials(inline: "object", files: "resources", file: file)
        let oldObjects = test.materials(inline: "oldObject", files: "oldResources", file: file)
        let request = readRequest(&test, objects: objects, oldObjects: oldObjects)
        let given = ["object", "resources", "review"].filter { test.value($0) != nil }
        if test.value("review") != nil {
            let others = (["object", "resources"] + requestFields).filter { test.value($0) != nil }
            if !others.isEmpty {
                test.report(
                    "a recorded review says it all: leave out \(others.joined(separator: ", "))",
                    at: test.value(others[0]))
            }
            return review.map { .review($0) }
        }
        let isConnection = request.operation == .connect
        if isConnection ? given.contains("resources") : given.count != 1 {
            let message =
                isConnection
                ? "CONNECT takes its options from object; leave out resources"
                : "a test judges one of resources, object and review; it has "
                    + (given.isEmpty ? "none" : given.joined(separator: " and "))
            test.report(message, at: given.last.flatMap { test.value($0) })
        }
        let isRequest = ["operation", "user", "resource"].contains { test.value($0) != nil }
        guard isRequest else {
            for name in requestFields where name != "namespace" {
                guard let value = test.value(name) else { continue }
                test.report(
                    "\(name) says something of a request; say who asks (user) or what is done "
                        + "(operation), too", at: value)
            }
            return .manifests(objects, namespace: request.namespace)
        }
        checkRequest(&test, request)
        return .request(request)
    }

    /// What a test may say of a request beside its objects.
    private static let requestFields = [
        "operation", "user", "groups", "namespace", "resource", "resourceName", "oldObject",
        "oldResources",
    ]

    private static func readRequest(
        _ test: inout ParameterReader, objects: [PolicyTest.Material],
        oldObjects: [PolicyTest.Material]
    ) -> PolicyTest.Request {
        let operation = test.choice("operation", default: Subject.Operation.create)
        let namespace = test.string("namespace") ?? "default"
        if !NamespaceName.isValid(namespace) {
            test.report("namespace is \(NamespaceName.expectation)", at: test.value("namespace"))
        }
        var resource: PolicyTest.Resource?
        if let text = test.string("resource") {
            resource = PolicyTest.Resource(text)
            if resource == nil {
                test.report(
                    "resource is \"\(text)\"; expected a plural, with group and subresource where "
                        + "it has them: pods/exec, deployments.apps/scale",
                    at: test.value("resource"))
            }
        }
        return PolicyTest.Request(
            operation: operation, user: test.text("user"), groups: test.words("groups"),
            namespace: namespace, resource: resource, resourceName: test.text("resourceName") ?? "",
            objects: objects, oldObjects: oldObjects)
    }

    /// Complains of what the operation lacks, and of what it cannot have.
    private static func checkRequest(_ test: inout ParameterReader, _ request: PolicyTest.Request) {
        if test.value("groups") != nil, test.value("user") == nil {
            test.report("groups are those of a user: say which", at: test.value("groups"))
        }
        let old = ["oldObject", "oldResources"].filter { test.value($0) != nil }
        if request.operation == .update {
            if old.count != 1 {
                let found = old.isEmpty ? "none" : "both"
                test.report(
                    "UPDATE needs what is stored, one of oldObject and oldResources; it has "
                        + found, at: test.value("operation"))
            }
        } else if let name = old.first {
            test.report(
                "\(name) is of use with operation UPDATE alone; a DELETE is of the object",
                at: test.value(name))
        }
        if request.operation == .connect {
            if request.resourceName.isEmpty {
                test.report(
                    "CONNECT needs resourceName: the name of what it connects to",
                    at: test.value("operation"))
            }
            // One of the wrong form has been complained of.
            let isMalformed = test.value("resource") != nil && request.resource == nil
            if !isMalformed, request.resource.flatMap(SuiteRequest.optionsKind) == nil {
                let known = SuiteRequest.connections.joined(separator: ", ")
                test.report(
                    "CONNECT needs a resource to connect to: one of \(known)",
                    at: test.value("resource") ?? test.value("operation"))
            }
        } else if let value = test.value("resourceName") {
            test.report(
                "resourceName is of use with operation CONNECT alone; an object has its own",
                at: value)
        }
    }
}

// MARK: What is expected

extension SuiteReader {
    private static func readExpectation(
        _ test: inout ParameterReader
    ) -> PolicyTest.Expectation? {
        let isThere = test.value("expect") != nil
        let expectation = test.object("expect") { expect -> PolicyTest.Expectation in
            var expectation = PolicyTest.Expectation()
            if let place = expect.value("decision") {
                let decision = expect.choice("decision", default: PolicyTest.Decision.allowed)
                expectation.decision = (decision, place.position)
            }
            if let place = expect.value("violations") {
                expectation.violations = (expect.objects("violations", readEntry), place.position)
            }
            expectation.allowsOthers = expect.boolean("otherViolations")
            if let place = expect.value("otherViolations"), expectation.violations == nil {
                expect.report("otherViolations needs violations that they are beside", at: place)
            }
            if let place = expect.value("exceptions") {
                expectation.exceptions = (readExceptions(&expect), place.position)
            }
            return expectation
        }
        let isSomething =
            expectation.decision != nil || expectation.violations != nil
            || expectation.exceptions != nil
        if isSomething { return expectation }
        let place = isThere ? test.value("expect") : nil
        test.report(
            "the test expects nothing: say in expect what the decision, the violations or the "
                + "exceptions are", at: place)
        return nil
    }

    private static func readExceptions(_ expect: inout ParameterReader) -> [ExpectedException] {
        var entries: [ExpectedException] = []
        for (name, node) in expect.strings("exceptions") ?? [] {
            if entries.contains(where: { $0.name == name }) {
                expect.report("the exception \(name) stands twice", at: node)
            }
            entries.append(ExpectedException(name: name, place: node.position))
        }
        return entries
    }

    private static func readEntry(_ entry: inout ParameterReader) -> ExpectedViolation? {
        guard let place = entry.place else { return nil }
        var expected = ExpectedViolation(place: place.position)
        let rules = RuleCatalogue.all.map { $0.id } + [UnreadableObject.id]
        expected.rule = entry.text("rule")
        if let rule = expected.rule, !rules.contains(rule) {
            entry.report(
                "there is no rule \"\(rule)\"\(Nearest.hint(for: rule, among: rules)); "
                    + "expected one of \(rules.joined(separator: ", "))", at: entry.value("rule"))
        }
        if let name = entry.text("policy"), let place = entry.value("policy") {
            expected.policy = (name, place.position)
        }
        expected.field = entry.glob("field")
        expected.message = entry.glob("message")
        expected.object = entry.glob("object")
        if entry.value("action") != nil {
            expected.action = entry.choice("action", default: Policy.Action.deny)
        }
        if expected.description.isEmpty, place.kind == .object, place.count == 0 {
            entry.report(
                "the entry would match anything; say rule, policy, field, message, object or "
                    + "action", at: place)
        }
        return expected
    }
}

extension ParameterReader {
    /// A string that is not blank, or nil where it is absent.
    fileprivate mutating func text(_ name: String) -> String? {
        guard let text = string(name) else { return nil }
        if !text.allSatisfy(\.isWhitespace) { return text }
        report("\(name) is blank; write a value or leave it out", at: value(name))
        return nil
    }

    /// A string that is not blank and may not be absent.
    fileprivate mutating func requiredText(_ name: String, what: String) -> String? {
        if value(name) == nil { report("\(name) is missing; expected \(what)", at: nil) }
        return text(name)
    }

    /// A pattern, or nil where it is absent.
    fileprivate mutating func glob(_ name: String) -> Glob? { text(name).flatMap { Glob($0) } }

    /// A path, relative to the suite's file.
    fileprivate mutating func reference(_ name: String, file: String) -> TestSuite.Reference? {
        guard let path = text(name), let place = value(name) else { return nil }
        return TestSuite.Reference(
            path: SuitePath.resolve(path, besideFile: file), place: place.position)
    }

    /// Paths, relative to the suite's file.
    fileprivate mutating func references(_ name: String, file: String) -> [TestSuite.Reference] {
        (strings(name) ?? []).compactMap { path, node in
            if !path.allSatisfy(\.isWhitespace) {
                return TestSuite.Reference(
                    path: SuitePath.resolve(path, besideFile: file), place: node.position)
            }
            report("\(name) has a blank entry; remove it or write a path", at: node)
            return nil
        }
    }

    /// Objects that stand here or in files.
    fileprivate mutating func materials(
        inline: String, files: String, file: String
    ) -> [PolicyTest.Material] {
        var materials = references(files, file: file).map { PolicyTest.Material.file($0) }
        if let list = value(files), list.kind == .array, list.count == 0 {
            report("\(files) is empty; name a file", at: list)
        }
        if let object = value(inline) {
            if object.kind != .object {
                report("\(inline) is \(object.kind.phrase); expected an object", at: object)
            } else {
                var writer = JSONWriter()
                writer.value(object)
                materials.append(.inline(writer.takeBytes(), object.position))
            }
        }
        return materials
    }
}

/// Paths as suites write them.
enum SuitePath {
    /// The path as seen from where the suite's file is seen from. `..` takes away the folder before
    /// it, whatever that folder is a link to.
    static func resolve(_ path: String, besideFile file: String) -> String {
        let isAbsolute = path.hasPrefix("/") || file.hasPrefix("/")
        let folder = file.split(separator: "/").dropLast()
        let own = path.split(separator: "/")
        var steps: [Substring] = []
        for step in path.hasPrefix("/") ? own : Array(folder) + own where step != "." {
            if step == "..", let last = steps.last, last != ".." {
                steps.removeLast()
            } else if step != ".." || !isAbsolute {
                steps.append(step)
            }
        }
        let joined = steps.joined(separator: "/")
        return isAbsolute ? "/\(joined)" : joined.isEmpty ? "." : joined
    }
}

extension JSONWriter {
    /// Writes a value and all that is in it; the reader's depth limit bounds the calls.
    mutating func value(_ node: Node) {
        switch node.kind {
        case .object:
            beginObject()
            for (name, value) in node.members {
                key(name.string ?? "")
                self.value(value)
            }
            endObject()
        case .array:
            beginArray()
            for element in node.elements { value(element) }
            endArray()
        case .string: string(node)
        case .number: raw(node.numberText ?? "0")
        case .boolean: boolean(node.boolean ?? false)
        case .null: null()
        }
    }
}
