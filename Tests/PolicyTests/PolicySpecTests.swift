import Testing

@testable import Policy

private func problemsOf(_ spec: String) -> [String] { problems(("p.yaml", policyText(spec))) }

@Suite struct PolicySpecTests {
    private static let fields =
        "expected existingViolations, match, parameters, rule, validationActions"

    @Test(arguments: [
        (
            "rule: nossh",
            "5:9: there is no rule \"nossh\" (did you mean \"no-ssh\"?); "
                + "expected one of \(ruleNames)"
        ),
        ("rule: x", "5:9: there is no rule \"x\"; expected one of \(ruleNames)"),
        ("rule: [no-ssh]", "5:9: spec.rule is an array; expected one of \(ruleNames)"),
        ("match: {}", "5:3: spec.rule is missing; expected one of \(ruleNames)"),
        ("rule: no-ssh\naction: Deny", "6:3: unknown field \"action\" in spec; \(fields)"),
        (
            "rule: no-ssh\nparameter: {}",
            "6:3: unknown field \"parameter\" in spec (did you mean \"parameters\"?); \(fields)"
        ),
        (
            "rule: no-ssh\nvalidationActions: [deny]",
            "6:23: there is no action \"deny\" (did you mean \"Deny\"?); "
                + "expected Deny, Warn or Audit"
        ),
        (
            "rule: no-ssh\nvalidationActions: Deny",
            "6:22: spec.validationActions is a string; expected a list of strings"
        ),
        (
            "rule: no-ssh\nvalidationActions: [Deny, 5]",
            "6:29: spec.validationActions[1] is a number; expected a string"
        ),
        (
            "rule: no-ssh\nvalidationActions: []",
            "6:22: spec.validationActions is empty; expected Deny, Warn or Audit"
        ),
        (
            "rule: no-ssh\nvalidationActions: [Deny, Warn]",
            "6:22: spec.validationActions has both Deny and Warn: a denial would warn of itself; "
                + "expected one of the two"
        ),
        ("rule: no-ssh\nvalidationActions: [Deny, Deny]", "6:29: the action Deny stands twice"),
        (
            "rule: no-ssh\nexistingViolations: deny",
            "6:23: spec.existingViolations is \"deny\"; expected one of Allow, Deny "
                + "(did you mean \"Deny\"?)"
        ),
        (
            "rule: no-ssh\nexistingViolations: true",
            "6:23: spec.existingViolations is a boolean; expected one of Allow, Deny"
        ),
        ("rule: no-ssh\nmatch: [a]", "6:10: spec.match is an array; expected an object"),
    ])
    func spec(text: String, expected: String) {
        #expect(problemsOf(text) == ["p.yaml:" + expected])
    }

    @Test(arguments: [
        (
            "namespace: [a]",
            "6:11: unknown field \"namespace\" in spec.match (did you mean \"namespaces\"?); "
                + "expected excludeGroups, excludeNamespaces, excludeUsers, groups, kinds, names, "
                + "namespaces, objectSelector, operations, users"
        ),
        ("namespaces: a", "6:23: spec.match.namespaces is a string; expected a list of strings"),
        (
            "namespaces: ['']",
            "6:24: spec.match.namespaces has an empty pattern, which would match nothing"
        ),
        ("users: [a, ~]", "6:22: spec.match.users[1] is null; expected a string"),
        (
            "kinds: [Deploymint]",
            "6:19: the rule no-ssh sees no kind \"Deploymint\" (did you mean \"Deployment\"?); "
                + "it sees \(everyKind), Service, StatefulSet, \(customKinds)"
        ),
        (
            "operations: [create]",
            "6:24: there is no operation \"create\" (did you mean \"CREATE\"?); "
                + "expected one of CREATE, UPDATE, DELETE, CONNECT"
        ),
        (
            "operations: [DELETE, CONNECT]",
            "6:23: the rule no-ssh sees only CREATE and UPDATE: with these operations the policy "
                + "would never apply"
        ),
        (
            "objectSelector: {matchLabel: {a: b}}",
            "6:28: unknown field \"matchLabel\" in spec.match.objectSelector "
                + "(did you mean \"matchLabels\"?); expected matchExpressions, matchLabels"
        ),
        (
            "objectSelector: {matchLabels: [a]}",
            "6:41: spec.match.objectSelector.matchLabels is an array; expected a map of strings"
        ),
        (
            "objectSelector: {matchLabels: {a: true}}",
            "6:45: spec.match.objectSelector.matchLabels[\"a\"] is a boolean; expected a string"
        ),
        (
            "objectSelector: {matchExpressions: {}}",
            "6:46: spec.match.objectSelector.matchExpressions is an object; "
                + "expected a list of objects"
        ),
        (
            "objectSelector: {matchExpressions: [{operator: Exists}]}",
            "6:47: spec.match.objectSelector.matchExpressions[0].key is missing; "
                + "expected a string that is not empty"
        ),
        (
            "objectSelector: {matchExpressions: [{key: a}]}",
            "6:47: a label expression needs an operator: In, NotIn, Exists or DoesNotExist"
        ),
        (
            "objectSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}",
            "6:66: spec.match.objectSelector.matchExpressions[0].operator is \"in\"; "
                + "expected one of In, NotIn, Exists, DoesNotExist (did you mean \"In\"?)"
        ),
        (
            "objectSelector: {matchExpressions: [{key: a, operator: In}]}",
            "6:66: the operator In needs values"
        ),
        (
            "objectSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}",
            "6:66: the operator Exists takes no values"
        ),
        (
            "objectSelector: {matchExpressions: [{key: a, operator: Exists, value: b}]}",
            "6:74: unknown field \"value\" in spec.match.objectSelector.matchExpressions[0] "
                + "(did you mean \"values\"?); expected key, operator, values"
        ),
    ])
    func match(text: String, expected: String) {
        #expect(problemsOf("rule: no-ssh\nmatch: {\(text)}") == ["p.yaml:" + expected])
    }

    private static let everyKind =
        "CronJob, DaemonSet, Deployment, Job, Pod, PodTemplate, ReplicaSet, ReplicationController"
    private static let customKinds =
        "apps.kruise.io/CloneSet, apps.kruise.io/DaemonSet, apps.kruise.io/SidecarSet, "
        + "apps.kruise.io/StatefulSet, argoproj.io/Rollout, batch.volcano.sh/Job, "
        + "serving.knative.dev/Configuration, serving.knative.dev/Service"

    @Test(arguments: ["Rollout", "Service", "argoproj.io/Deployment", "apps/v1/Deployment", "*"])
    func kindsThatImageDigestCannotSee(kind: String) {
        let found = problemsOf("rule: image-digest\nmatch: {kinds: ['\(kind)']}")
        #expect(found.count == 1)
        #expect(
            found[0].hasPrefix("p.yaml:6:19: the rule image-digest sees no kind \"\(kind)\""))
    }

    @Test func noExecSeesPodsAndConnections() {
        #expect(
            problemsOf("rule: no-exec\nmatch: {kinds: [Deployment]}") == [
                "p.yaml:6:19: the rule no-exec sees no kind \"Deployment\"; it sees Pod"
            ])
        #expect(
            problemsOf("rule: no-exec\nmatch: {operations: [CREATE]}") == [
                "p.yaml:6:23: the rule no-exec sees only CONNECT: with these operations the "
                    + "policy would never apply"
            ])
        #expect(problemsOf("rule: no-exec\nmatch: {kinds: [Pod]}") == ["loaded 1 policies"])
    }

    @Test(arguments: [
        (
            "image-digest", "{require: tag}",
            "6:25: spec.parameters.require is \"tag\"; expected one of digest, version"
        ),
        (
            "image-digest", "{exemptImages: nginx}",
            "6:30: spec.parameters.exemptImages is a string; expected a list of strings"
        ),
        (
            "image-digest", "{floatingTags: [' ']}",
            "6:31: spec.parameters.floatingTags has a blank entry; remove it or write a value"
        ),
        (
            "read-only-root-filesystem", "{exemptEphemeralContainers: 'true'}",
            "6:43: spec.parameters.exemptEphemeralContainers is a string; expected true or false"
        ),
        (
            "read-only-root-filesystem", "{exemptImage: []}",
            "6:16: unknown field \"exemptImage\" in spec.parameters "
                + "(did you mean \"exemptImages\"?); "
                + "expected exemptEphemeralContainers, exemptImages"
        ),
        (
            "no-ssh", "{ports: [0]}",
            "6:24: spec.parameters.ports[0] is 0; expected a port number, 1 to 65535"
        ),
        (
            "no-ssh", "{ports: [22, 65536]}",
            "6:28: spec.parameters.ports[1] is 65536; expected a port number, 1 to 65535"
        ),
        (
            "no-ssh", "{ports: [99999999999999999999]}",
            "6:24: spec.parameters.ports[0] is 100000000000000000000; "
                + "expected a port number, 1 to 65535"
        ),
        (
            "no-ssh", "{ports: ['22']}",
            "6:24: spec.parameters.ports[0] is a string; expected a port number, 1 to 65535"
        ),
        (
            "no-ssh", "{ports: 22}",
            "6:23: spec.parameters.ports is a number; expected a list of port numbers"
        ),
        (
            "no-exec", "{allowedCommands: [ls]}",
            "6:34: spec.parameters.allowedCommands[0] is a string; expected an object"
        ),
        (
            "no-exec", "{allowedCommands: [~]}",
            "6:34: spec.parameters.allowedCommands[0] is null; expected an object"
        ),
        (
            "no-exec", "{allowedCommands: [{}]}",
            "6:34: an allowed command needs \"command\", a list of at least one word"
        ),
        (
            "no-exec", "{allowedCommands: [{command: []}]}",
            "6:34: an allowed command needs \"command\", a list of at least one word"
        ),
        (
            "no-exec", "{allowedCommands: [{command: [ls], std: true}]}",
            "6:50: unknown field \"std\" in spec.parameters.allowedCommands[0]; "
                + "expected command, prefix, stdin, tty"
        ),
        (
            "no-exec", "{allowedUser: [a]}",
            "6:16: unknown field \"allowedUser\" in spec.parameters "
                + "(did you mean \"allowedUsers\"?); "
                + "expected allowedCommands, allowedGroups, allowedUsers"
        ),
    ])
    func parameters(rule: String, parameters: String, expected: String) {
        #expect(
            problemsOf("rule: \(rule)\nparameters: \(parameters)") == ["p.yaml:" + expected])
    }
}
