import Document
import Policy
import Testing

@testable import Report

@Suite struct CheckTests {
    private static let deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          namespace: shop
        spec:
          template:
            spec:
              containers:
              - name: web
                image: nginx:1.27
              - name: log
                image: "log@sha256:\(String(repeating: "a", count: 64))"
                securityContext:
                  readOnlyRootFilesystem: false
        """

    @Test func `points at the field to mend or its nearest parent`() throws {
        let report = report(Self.deployment, try strictPolicies())
        let containers = "spec.template.spec.containers"
        #expect(
            lines(of: report) == [
                "1 10:9 Deployment shop/web read-only-root-filesystem "
                    + "\(containers)[0].securityContext.readOnlyRootFilesystem",
                "1 11:16 Deployment shop/web image-digest \(containers)[0].image",
                "1 15:35 Deployment shop/web read-only-root-filesystem "
                    + "\(containers)[1].securityContext.readOnlyRootFilesystem",
            ])
        #expect(report.counts.denied == 1)
        #expect(report.counts.warned == 2)
        #expect(report.outcome == .denied)
        #expect(
            report.notApplicable
                == [InapplicablePolicy(policy: "no-exec", rule: "no-exec", isPart: false)])
    }

    @Test func `numbers documents and skips empty ones`() throws {
        let pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: x}]}\n"
        let text = "# first\n---\n" + pod + "---\n---\n# none\n---\n" + pod
        let report = report(text, try policySet(policy("p", rule: "image-digest")))
        let path = "image-digest spec.containers[0].image"
        #expect(
            lines(of: report) == [
                "1 5:38 Pod default/(unnamed) \(path)", "2 12:38 Pod default/(unnamed) \(path)",
            ])
        #expect(report.counts.documents == 2)
        #expect(report.counts.objects == 2)
    }

    @Test(arguments: [
        // A list of anything, a typed list whose items say nothing, a list in a list.
        ("{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, %}]}", "items[0]"),
        ("{apiVersion: v1, kind: PodList, items: [{}, {%}]}", "items[1]"),
        (
            "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: PodList, items: [{%}]}]}",
            "items[0].items[0]"
        ),
        (
            "{apiVersion: apps/v1, kind: DeploymentList, items: [{apiVersion: v1, kind: Pod, %}]}",
            "items[0]"
        ),
        // kubectl takes anything apart that has items, whatever its kind.
        ("{apiVersion: v1, kind: Bundle, items: [{apiVersion: v1, kind: Pod, %}]}", "items[0]"),
        ("{apiVersion: v1, kind: Pod, items: [{%}]}", "items[0]"),
    ])
    func `looks into lists`(text: String, path: String) throws {
        let body = "metadata: {name: p}, spec: {containers: [{name: c, image: x}]}"
        let text = text.replacing("%", with: body)
        let report = report(text, try policySet(policy("p", rule: "image-digest")))
        #expect(report.findings.map(\.object.path.description) == [path])
        #expect(report.findings.map(\.object.title) == ["Pod default/p"])
        // The field is the object's own, as the webhook would say it.
        #expect(
            report.findings.map(\.violation.path.description) == ["spec.containers[0].image"])
        #expect(report.problems == [])
    }

    /// The API server passes over the items, kubectl over everything else.
    @Test func `judges an object that has items beside them`() throws {
        let text = """
            {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{image: x}]},
             items: [{metadata: {name: q}, spec: {containers: [{image: x}]}}]}
            """
        let report = report(text, try policySet(policy("p", rule: "image-digest")))
        #expect(report.findings.map(\.object.title) == ["Pod default/p", "Pod default/q"])
        #expect(report.counts.objects == 2)
    }

    @Test(arguments: [
        ("{apiVersion: v1, kind: List}", 0), ("{apiVersion: v1, kind: PodList, items: null}", 0),
        ("{apiVersion: v1, kind: List, items: []}", 0),
        ("{apiVersion: v1, kind: Pod, items: text}", 1),
        // No list has a name: this is a custom kind.
        ("{apiVersion: example.com/v1, kind: AllowList, metadata: {name: a}}", 1),
    ])
    func `takes a list without items for an empty one`(text: String, objects: Int) throws {
        let report = report(text, try strictPolicies())
        #expect(report.counts.objects == objects)
        #expect(problems(of: report) == (objects == 0 ? ["no Kubernetes object found"] : []))
    }

    @Test func `reads JSON streams alike`() throws {
        let pod = #"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"x"}]}}"#
        let policies = try policySet(policy("p", rule: "image-digest"))
        for format in [CheckSource.Format.json, .yaml] {
            let report = report(pod + "\n " + pod + "\n", policies, format: format)
            #expect(
                lines(of: report) == [
                    "1 1:64 Pod default/(unnamed) image-digest spec.containers[0].image",
                    "2 2:65 Pod default/(unnamed) image-digest spec.containers[0].image",
                ])
        }
    }

    @Test func `reads YAML that begins as JSON does`() throws {
        let text = "{apiVersion: v1, kind: Pod, spec: {containers: [{image: x}]}}"
        let report = report(text, try policySet(policy("p", rule: "image-digest")))
        #expect(report.counts.denied == 1)
        #expect(report.problems == [])
    }

    @Test(arguments: [
        ("- 1", "1 1:1 expected a Kubernetes object, found an array"),
        ("text", "1 1:1 expected a Kubernetes object, found a string"),
        ("kind: Pod", "1 1:1 expected a Kubernetes object with apiVersion, a string; found none"),
        (
            "apiVersion: v1",
            "1 1:1 expected a Kubernetes object with kind, a string; found none"
        ),
        (
            "apiVersion: v1\nkind: [Pod]",
            "1 2:7 expected a Kubernetes object with kind, a string; found an array"
        ),
        (
            "apiVersion: v1\nkind: ''",
            "1 2:7 expected a Kubernetes object with kind, a string; found an empty one"
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [{}]",
            "1 3:9 expected a Kubernetes object with apiVersion, a string; found none"
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [1]",
            "1 3:9 expected a Kubernetes object, found a number"
        ),
        (
            "apiVersion: v1\nkind: List\nitems: {a: 1}",
            "1 3:8 expected an array of items, found an object"
        ),
        (
            "apiVersion: v1\nkind: PodList\nitems: text",
            "1 3:8 expected an array of items, found a string"
        ),
        (
            "apiVersion: v1\nkind: Pod\n---\na: *b",
            "2 4:4 the alias '*b' names no anchor before it"
        ),
        ("a: [", "1 2:1 did not find expected node content while parsing a flow node"),
        ("", "no Kubernetes object found"), ("a: 1", "no Kubernetes object found"),
    ])
    func `says what could not be checked`(text: String, problem: String) throws {
        let report = report(text, try strictPolicies())
        #expect(problems(of: report) == [problem])
        #expect(report.outcome == .unchecked)
    }

    @Test func `keeps what it found before an unreadable document`() throws {
        let report = report(Self.deployment + "\n---\n{", try strictPolicies())
        #expect(report.findings.count == 3)
        #expect(report.outcome == .unchecked)
    }

    @Test func `passes over documents that are no objects`() throws {
        let text = "resources: [web.yaml]\n---\n" + Self.deployment
        let report = report(text, try strictPolicies())
        #expect(
            report.skipped == [
                DocumentPlace(
                    source: "web.yaml", document: 1, position: SourcePosition(line: 1, column: 1))
            ])
        #expect(report.problems == [])
        #expect(report.findings.first?.place.document == 2)
    }

    @Test(arguments: [
        ("{name: p}", "default", 1), ("{name: p}", "shop", 0), ("{namespace: shop}", "default", 0),
        ("{namespace: default}", "shop", 1), ("{namespace: ''}", "shop", 0),
    ])
    func `takes the given namespace where none is named`(
        metadata: String, namespace: String, count: Int
    ) throws {
        let text = """
            {apiVersion: v1, kind: Pod, metadata: \(metadata), spec: {containers: [{image: x}]}}
            """
        let policies = try policySet(
            policy("p", rule: "image-digest", match: "{namespaces: [default]}"))
        #expect(report(text, policies, namespace: namespace).findings.count == count)
    }

    @Test func `applies policies by user as if they matched`() throws {
        let match = "{users: [alice], groups: [developers]}"
        let policies = try policySet(policy("p", rule: "image-digest", match: match))
        #expect(report(Self.deployment, policies).counts.denied == 1)
    }

    @Test func `reports an object that cannot be judged`() throws {
        let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers: 7\n"
        let report = report(text, try policySet(policy("p", rule: "image-digest")))
        #expect(
            lines(of: report) == ["1 4:15 Pod default/(unnamed) unreadable-object spec.containers"])
    }

    @Test func `names an object by its generateName`() throws {
        let text = """
            {apiVersion: v1, kind: Pod, metadata: {generateName: job-},
             spec: {containers: [{image: x}]}}
            """
        let report = report(text, try policySet(policy("p", rule: "image-digest")))
        #expect(report.findings.map(\.object.title) == ["Pod default/job-*"])
    }

    @Test func `counts what it does not list`() throws {
        let container = "{name: c, image: x}"
        func text(_ count: Int) -> String {
            let containers = Array(repeating: container, count: count).joined(separator: ", ")
            return "{apiVersion: v1, kind: Pod, spec: {containers: [\(containers)]}}"
        }
        let policies = try policySet(policy("p", rule: "image-digest"))
        var limits = CheckLimits()
        limits.listed = 3
        let full = report(text(3), policies, limits: limits)
        #expect(full.findings.count == 3)
        #expect(full.counts.denied == 3)
        let over = report(text(4), policies, limits: limits)
        #expect(over.findings.count == 3)
        #expect(over.counts.denied == 4)
    }

    @Test func `counts problems that it does not list`() throws {
        var limits = CheckLimits()
        limits.listed = 3
        for (count, listed) in [(3, 3), (4, 3)] {
            let items = Array(repeating: "1", count: count).joined(separator: ", ")
            let text = "{apiVersion: v1, kind: List, items: [\(items)]}"
            let report = report(text, try strictPolicies(), limits: limits)
            #expect(report.problems.count == listed)
            #expect(report.counts.problems == count)
        }
    }

    @Test func `bounds lists inside each other`() throws {
        func text(_ depth: Int) -> String {
            String(repeating: "{apiVersion: v1, kind: List, items: [", count: depth)
                + "{apiVersion: v1, kind: Pod, spec: {containers: [{image: x}]}}"
                + String(repeating: "]}", count: depth)
        }
        let policies = try policySet(policy("p", rule: "image-digest"))
        #expect(report(text(8), policies).counts.denied == 1)
        #expect(
            problems(of: report(text(9), policies))[0]
                .hasSuffix("expected at most 8 lists inside each other, found one more"))
    }

    @Test func `checks many findings on one line in good time`() throws {
        let container = #"{"name":"c","image":"x"}"#
        let containers = Array(repeating: container, count: 20_000).joined(separator: ",")
        let text = #"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[\#(containers)]}}"#
        let policies = try policySet(policy("p", rule: "image-digest"))
        let duration = processorTime {
            let report = report(text, policies, format: .json)
            #expect(report.findings.count == 10_000)
            #expect(report.counts.denied == 10_001)
        }
        // Once it took minutes; with a sanitizer it takes seconds.
        #expect(duration < .seconds(90))
    }

    @Test func `judges several sources in one report`() throws {
        var check = Check(policies: try strictPolicies(), at: anyMoment)
        for name in ["b.yaml", "a.yaml"] {
            check.judge(CheckSource(name: name, bytes: Array(Self.deployment.utf8), format: .yaml))
        }
        check.add(CheckProblem(source: "c.yaml", message: "open: no such file\n"))
        let report = check.finish()
        #expect(report.counts.sources == 2)
        #expect(
            report.findings.map(\.place.source) == Array(repeating: "b.yaml", count: 3)
                + Array(repeating: "a.yaml", count: 3))
        #expect(problems(of: report) == ["open: no such file "])
    }
}

@Suite struct UncoveredWorkloadCheckTests {
    private let text = """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: example.org/v1
          kind: App
          metadata: {name: web}
          spec: {template: {spec: {containers: [{name: c, image: nginx}]}}}
        """

    @Test func `what no rule saw is told, and is no failure`() throws {
        let report = report(text, try strictPolicies())
        #expect(report.outcome == .passed)
        #expect(report.counts.uncovered == 1)
        #expect(report.uncovered.map(\.place.position) == [SourcePosition(line: 4, column: 3)])
        #expect(
            String(decoding: TextFormat.write(report), as: UTF8.self).hasPrefix(
                """
                web.yaml:4:3: not covered: App default/web carries a Pod template that no rule \
                sees; describe its kind in a WorkloadKind

                """))
        let json = String(decoding: JSONFormat.write(report), as: UTF8.self)
        let uncovered = """
            "uncovered":[{"file":"web.yaml","document":1,"line":4,"column":3,"object":\
            {"apiVersion":"example.org/v1","kind":"App","namespace":"default","name":"web",\
            "path":"items[0]"}}]
            """
        #expect(json.contains(uncovered))
    }

    @Test func `as many are listed as the limit says, all are counted`() throws {
        var limits = CheckLimits()
        limits.listed = 1
        let report = report(text + "\n---\n" + text, try strictPolicies(), limits: limits)
        #expect(report.uncovered.count == 1)
        #expect(report.counts.uncovered == 2)
    }
}
