package import Document
package import Policy

/// What is to be checked: some bytes and what to call them.
package struct CheckSource: Sendable {
    /// How the bytes are to be read.
    package enum Format: Sendable {
        /// YAML; or JSON where it begins as JSON does and is well formed, as kubectl decides.
        case yaml
        /// JSON, strictly: one value, or several in a row.
        case json
    }

    /// What reports call it: a path, or `<stdin>`.
    package let name: String
    /// The text.
    package let bytes: [UInt8]
    /// How to read it.
    package let format: Format

    /// Makes a source.
    package init(name: String, bytes: [UInt8], format: Format) {
        self.name = name
        self.bytes = bytes
        self.format = format
    }
}

/// How much a check takes in and lists.
package struct CheckLimits: Equatable, Sendable {
    /// For each document of JSON.
    package var json = ReadingLimits.manifestJSON
    /// For each document of YAML.
    package var yaml = ReadingLimits.manifestYAML
    /// How many violations, problems or skipped documents are listed; all are counted.
    package var listed = 10_000
    /// How many lists may lie inside each other.
    package var nestedLists = 8

    /// The limits that hold unless others are stated.
    package init() {}
}

/// Judges manifests as the webhook would judge their creation, one document after another.
///
/// Nobody asks and nothing is stored yet: an object is judged as a CREATE, policies by user or
/// group apply as if those matched, exceptions by user or group as if those did not, and rules
/// about acts are reported as not applicable.
package struct Check {
    /// What has been found so far.
    package private(set) var report = CheckReport()

    private let evaluate: (Subject) -> Verdict
    private let namespace: String
    private let limits: CheckLimits
    private let document = Document()
    /// The source and document under check.
    private var source = ""
    private var number = 0

    /// Begins a check.
    ///
    /// - Parameters:
    ///   - policies: what is enforced.
    ///   - moment: what the wall clock reads: exceptions that have expired by then are inert.
    ///   - namespace: where an object lies that names no namespace.
    ///   - limits: how much is taken in and listed.
    package init(
        policies: PolicySet, at moment: Moment, namespace: String = "default",
        limits: CheckLimits = CheckLimits()
    ) {
        self.init(namespace: namespace, limits: limits) { policies.evaluate($0, at: moment) }
        report.notApplicable = policies.policies.filter { $0.actShare != .none }.map {
            InapplicablePolicy(
                policy: $0.name, rule: $0.ruleID, isPart: $0.actShare == .part)
        }
    }

    /// Begins a check of which the caller judges each object, handed over as the subject of its
    /// creation by nobody.
    init(namespace: String, limits: CheckLimits, evaluate: @escaping (Subject) -> Verdict) {
        self.evaluate = evaluate
        self.namespace = namespace
        self.limits = limits
    }

    /// Judges every document of a source. After one that cannot be read, the rest is not looked at.
    package mutating func judge(_ source: CheckSource) {
        self.source = source.name
        number = 0
        report.counts.sources += 1
        let first = (findings: report.findings.count, excepted: report.excepted.count)
        do throws(DocumentError) {
            if source.format == .json || isJSON(source.bytes) {
                document.reset(json: source.bytes, range: source.bytes.indices)
                var reader = JSONReader(document, limits: limits.json)
                while let root = try reader.nextDocument() { judge(document: root) }
            } else {
                let reader = YAMLReader(source.bytes, limits: limits.yaml)
                while try reader.next(into: document) {
                    if let root = document.root { judge(document: root) }
                }
            }
        } catch {
            let document = number + 1
            add(
                CheckProblem(
                    source: source.name, document: document, position: error.position,
                    message: error.message))
        }
        document.release(keepingNodes: 0)
        Self.sort(&report.findings, from: first.findings)
        Self.sort(&report.excepted, from: first.excepted)
    }

    /// Notes what could not be checked. The problem is made only where it is still listed: to find
    /// its line takes time.
    package mutating func add(_ problem: @autoclosure () -> CheckProblem) {
        report.counts.problems += 1
        if report.problems.count < limits.listed { report.problems.append(problem()) }
    }

    /// Ends the check: one that has seen no object at all has checked nothing, and says so.
    package mutating func finish() -> CheckReport {
        if report.counts.objects == 0, report.counts.problems == 0 {
            let source = source
            add(CheckProblem(source: source, message: "no Kubernetes object found"))
        }
        return report
    }

    /// Whether a text begins as JSON does and is well formed: YAML's flow mappings begin alike.
    private func isJSON(_ bytes: [UInt8]) -> Bool {
        let first = bytes.first { $0 > 0x20 }
        guard first == UInt8(ascii: "{") else { return false }
        document.reset(json: bytes, range: bytes.indices)
        var reader = JSONReader(document, limits: limits.json)
        do throws(DocumentError) {
            while try reader.skipDocument() {}
            return true
        } catch {
            return error.kind == .limit
        }
    }

    /// Policies are asked by name; people read by line.
    private static func sort(_ findings: inout [CheckFinding], from first: Int) {
        let sorted = findings[first...].enumerated().sorted { left, right in
            (left.element.place.document, left.element.place.position, left.offset)
                < (right.element.place.document, right.element.place.position, right.offset)
        }
        findings.replaceSubrange(first..., with: sorted.map(\.element))
    }
}

// MARK: Objects

extension Check {
    private mutating func judge(document root: Node) {
        number += 1
        report.counts.documents += 1
        visit(root, at: .root, inList: nil, depth: 0)
    }

    private func place(of node: Node) -> DocumentPlace {
        DocumentPlace(source: source, document: number, position: node.position)
    }

    private mutating func addProblem(at node: Node, expected expectation: String) {
        let (source, number) = (source, number)
        add(
            CheckProblem(
                source: source, document: number, position: node.position,
                message: "expected \(expectation)"))
    }

    /// Judges an object and its items, which kubectl takes out of an object of any kind. Those of a
    /// typed list (`PodList`) need not say what they are.
    private mutating func visit(
        _ node: Node, at path: FieldPath, inList list: (apiVersion: String, kind: String)?,
        depth: Int
    ) {
        guard node.kind == .object else {
            return addProblem(
                at: node, expected: "a Kubernetes object, found \(node.kind.phrase)")
        }
        if node.present("apiVersion") == nil, node.present("kind") == nil, list == nil {
            if report.skipped.count < limits.listed { report.skipped.append(place(of: node)) }
            return
        }
        let itemKind = list.map { Self.itemKind(ofList: $0.kind) } ?? ""
        let isTyped = !itemKind.isEmpty
        guard
            let apiVersion = text(
                of: "apiVersion", in: node, else: isTyped ? list?.apiVersion : nil),
            let kind = text(of: "kind", in: node, else: isTyped ? itemKind : nil)
        else { return }
        let isList = Self.isList(node, kind: kind)
        if !isList { judge(node, apiVersion: apiVersion, kind: kind, at: path) }
        guard let items = node.present("items"), isList || items.kind == .array else { return }
        guard items.kind == .array else {
            return addProblem(
                at: items, expected: "an array of items, found \(items.kind.phrase)")
        }
        guard depth < limits.nestedLists else {
            return addProblem(
                at: node,
                expected: "at most \(limits.nestedLists) lists inside each other, found one more")
        }
        for (index, item) in items.elements.enumerated() {
            visit(
                item, at: path.member("items").element(index), inList: (apiVersion, kind),
                depth: depth + 1)
        }
    }

    /// Whether there is nothing to an object but its items. A custom kind may end in `List` too:
    /// its objects have a name, as no list has, and no items.
    private static func isList(_ node: Node, kind: String) -> Bool {
        guard kind.hasSuffix("List") else { return false }
        return node.present("items") != nil || node["metadata"]?["name"] == nil
    }

    /// What the items of a list are that do not say it; empty for a `List`, of anything.
    private static func itemKind(ofList kind: String) -> String {
        kind.hasSuffix("List") ? String(kind.dropLast("List".count)) : kind
    }

    /// A member that every object has; where it is missing, that is a problem.
    private mutating func text(
        of name: String, in node: Node, else inherited: String?
    ) -> String? {
        let member = node.present(name)
        if let text = member?.string, !text.isEmpty { return text }
        if member == nil, let inherited { return inherited }
        let found = member.map { $0.isEmptyString ? "an empty one" : $0.kind.phrase } ?? "none"
        addProblem(
            at: member ?? node,
            expected: "a Kubernetes object with \(name), a string; found \(found)")
        return nil
    }

    private mutating func judge(_ node: Node, apiVersion: String, kind: String, at path: FieldPath)
    {
        report.counts.objects += 1
        let subject = Subject(
            operation: .create, kind: GroupKind(apiVersion: apiVersion, kind: kind),
            isRequest: false)
        subject.object = node
        subject.requestName = node["metadata"]?["name"]
        if !ClusterScope.contains(subject.kind) {
            let named = node["metadata"]?["namespace"]?.string ?? ""
            subject.namespace = named.isEmpty ? namespace : named
        }
        let verdict = evaluate(subject)
        guard
            !verdict.objections.isEmpty || !verdict.excepted.isEmpty || verdict.isUncoveredWorkload
        else { return }
        let object = CheckedObject(
            apiVersion: apiVersion.readable(limit: 253), kind: kind.readable(limit: 253),
            namespace: subject.namespace.readable(limit: 253), name: name(of: subject), path: path)
        for violation in verdict.violations { add(violation, of: object, node) }
        for excepted in verdict.excepted {
            report.counts.excepted += 1
            guard report.excepted.count < limits.listed else { continue }
            report.excepted.append(
                finding(excepted.violation, of: object, node, exception: excepted.exception))
        }
        guard verdict.isUncoveredWorkload else { return }
        report.counts.uncovered += 1
        if report.uncovered.count < limits.listed {
            report.uncovered.append(UncoveredObject(place: place(of: node), object: object))
        }
    }

    private mutating func add(_ violation: Violation, of object: CheckedObject, _ node: Node) {
        switch violation.gravestAction {
        case .deny: report.counts.denied += 1
        case .warn: report.counts.warned += 1
        case .audit: report.counts.audited += 1
        }
        guard report.findings.count < limits.listed else { return }
        report.findings.append(finding(violation, of: object, node, exception: nil))
    }

    private func finding(
        _ violation: Violation, of object: CheckedObject, _ node: Node,
        exception: PolicyException?
    ) -> CheckFinding {
        CheckFinding(
            place: place(of: node.nearest(to: violation.path)), object: object,
            violation: violation, exception: exception)
    }

    private func name(of subject: Subject) -> String {
        let name = subject.name
        if !name.isEmpty { return name.readable(limit: 253) }
        let prefix = subject.object?["metadata"]?["generateName"]?.string ?? ""
        return prefix.isEmpty ? "" : "\(prefix.readable(limit: 250))*"
    }
}
