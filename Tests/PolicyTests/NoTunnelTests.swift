import Testing

@testable import Policy

@Suite struct NoTunnelTests {
    private func connect(_ tunnel: String, _ name: String) throws -> Subject {
        let parts = tunnel.split(separator: "/").map(String.init)
        let kind = parts[1] == "proxy" ? "ProxyOptions" : "PodPortForwardOptions"
        let subject = Subject(operation: .connect, kind: GroupKind("", kind), isRequest: true)
        subject.resource = parts[0]
        subject.subresource = parts[1]
        subject.namespace = parts[0] == "nodes" ? "" : "shop"
        subject.requestName = try tree("\"\(name)\"")
        subject.user = try tree("alice@example.com")
        subject.groups = try tree("[developers]")
        return subject
    }

    @Test(arguments: [
        ("web", "the Service \"web\""),
        ("web:", "the Service \"web\""),
        ("web:80", "port 80 of the Service \"web\""),
        ("https:web:8443", "port 8443 (https) of the Service \"web\""),
        (":web:8443", "port 8443 of the Service \"web\""),
        ("https:web:", "the Service \"web\" (https)"),
        (":web:", "the Service \"web\""),
        ("a:b:c:d", "the Service \"a:b:c:d\""),
        ("", "the Service \"\""),
    ])
    func namesWhatIsReached(name: String, place: String) throws {
        let verdict = try policySet("no-tunnel").evaluate(connect("services/proxy", name))
        #expect(
            verdict.lines == ["nobody may reach \(place) through the API server's proxy"])
    }

    static let tunnels = ["pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"]

    @Test(arguments: tunnels, tunnels)
    func onlyWhatIsAllowedIsOpen(allowed: String, tunnel: String) throws {
        let verdict = try policySet("no-tunnel", "parameters: {allow: [\(allowed)]}")
            .evaluate(connect(tunnel, "a"))
        #expect(verdict.isAllowed == (allowed == tunnel))
        #expect(verdict.notices.isEmpty)
    }

    @Test(arguments: [
        ("pods/portforward", "Pod"), ("services/proxy", "Service"), ("nodes/proxy", "Node"),
    ])
    func policiesMatchByWhatIsTouched(tunnel: String, kind: String) throws {
        for other in ["Pod", "Service", "Node"] {
            let set = try policySet("no-tunnel", "match: {kinds: [\(other)]}")
            #expect(try set.evaluate(connect(tunnel, "a")).isAllowed == (other != kind))
        }
    }

    /// A port or scheme in the request's name is no way round a policy for one Service.
    @Test(arguments: [
        ("web", "web", true), ("web", "web:80", true), ("web", "https:web:443", true),
        ("web", ":web:", true), ("web", "webs:80", false), ("web", "https:webs:web", false),
        ("web", "web:a:b:c", false), ("'web:80'", "web:80", true), ("'web:80'", "web:81", false),
        ("'web:80'", "web", false), ("'*:80'", "web:80", true), ("https", "https:web:443", false),
    ])
    func policiesMatchByTheTargetsName(pattern: String, name: String, doesMatch: Bool) throws {
        let set = try policySet("no-tunnel", "match: {names: [\(pattern)]}")
        #expect(try set.evaluate(connect("services/proxy", name)).isAllowed != doesMatch)
    }

    @Test func aNodeLiesInNoNamespace() throws {
        for (namespaces, allowed) in [("'*'", false), ("shop", true)] {
            let set = try policySet("no-tunnel", "match: {namespaces: [\(namespaces)]}")
            #expect(try set.evaluate(connect("nodes/proxy", "node-1")).isAllowed == allowed)
        }
    }

    @Test(arguments: [
        ("allowedUsers: ['alice@*']", "user \"alice@example.com\""),
        ("allowedGroups: [developers]", "user \"alice@example.com\" of group \"developers\""),
    ])
    func breakGlassIsNoticed(parameters: String, who: String) throws {
        let verdict = try policySet("no-tunnel", "parameters: {\(parameters)}")
            .evaluate(connect("pods/portforward", "web"))
        #expect(verdict.isAllowed)
        #expect(verdict.notices.map(\.kind) == ["break-glass"])
        #expect(
            verdict.notices.map(\.message) == [
                "\(who) may forward ports of the running Pod \"web\" to another machine"
            ])
    }

    /// What is open to all is no broken glass.
    @Test func whatIsAllowedIsNotNoticed() throws {
        let set = try policySet(
            "no-tunnel", "parameters: {allow: [pods/proxy], allowedUsers: ['*']}")
        #expect(try set.evaluate(connect("pods/proxy", "web")).notices.isEmpty)
    }

    @Test(arguments: [
        (
            "allow: [pods/port-forward]",
            "p.yaml:6:24: spec.parameters.allow[0] is \"pods/port-forward\"; expected one of "
                + "pods/portforward, pods/proxy, services/proxy, nodes/proxy "
                + "(did you mean \"pods/portforward\"?)"
        ),
        (
            "allow: [nodes/proxy, everything]",
            "p.yaml:6:37: spec.parameters.allow[1] is \"everything\"; expected one of "
                + "pods/portforward, pods/proxy, services/proxy, nodes/proxy"
        ),
        (
            "allow: [5]",
            "p.yaml:6:24: spec.parameters.allow[0] is a number; expected a string"
        ),
        (
            "allow: pods/proxy",
            "p.yaml:6:23: spec.parameters.allow is a string; expected a list of strings"
        ),
    ])
    func wrongParametersAreErrors(parameters: String, expected: String) {
        #expect(
            problems(
                (
                    "p.yaml",
                    """
                    apiVersion: cattleguard.dev/v1
                    kind: Policy
                    metadata: {name: under-test}
                    spec:
                      rule: no-tunnel
                      parameters: {\(parameters)}
                    """
                )) == [expected])
    }
}
