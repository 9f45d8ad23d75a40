import Document
import Testing

@testable import Policy

@Suite struct NoHostMutationTests {
    /// A Deployment with one hostPath volume, whose only container has `mounts`.
    private static func deployment(_ path: String, mounts: String, more: String = "") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: agent}
        spec:
          template:
            spec:
              volumes: [{name: node, hostPath: {path: '\(path)'}}]
              containers: [{name: agent, volumeMounts: [\(mounts)]}\(more)]
        """
    }

    private static let writable = "{name: node, mountPath: /node}"
    private static let readOnly = "{name: node, mountPath: /node, readOnly: true}"
    private static let place = "spec.template.spec"

    private func update(_ old: String, _ new: String, _ policy: String = "") throws -> [String] {
        try policySet("no-host-mutation", policy).evaluate(request(.update, new, old: old)).lines
    }

    @Test func whatWasMountedForWritingBeforeDoesNotCount() throws {
        let old = Self.deployment("/data", mounts: Self.writable)
        #expect(try update(old, old) == [])
        #expect(try update(old, old, "existingViolations: Deny").count == 1)
        // The same path, written in another way.
        #expect(try update(old, Self.deployment("//data/.", mounts: Self.writable)) == [])
        let no = "{name: node, mountPath: /node, readOnly: false}"
        #expect(try update(old, Self.deployment("/data", mounts: no)) == [])
    }

    @Test func whatAnUpdateOpensCounts() throws {
        let old = Self.deployment("/data", mounts: Self.writable)
        let message = "container \"agent\" may write to \"/data\" of its node, "
        #expect(
            try update(old, Self.deployment("/other", mounts: Self.writable)) == [
                "\(Self.place).containers[0].volumeMounts[0].readOnly: container \"agent\" may "
                    + "write to \"/other\" of its node, through volume \"node\""
            ])
        let second = "\(Self.readOnly), {name: node, mountPath: /second}"
        #expect(
            try update(old, Self.deployment("/data", mounts: second)) == [
                "\(Self.place).containers[0].volumeMounts[1].readOnly: \(message)through volume "
                    + "\"node\""
            ])
        let other = ", {name: b, volumeMounts: [\(Self.writable)]}"
        let grown = Self.deployment("/data", mounts: Self.writable, more: other)
        #expect(try update(old, grown).count == 1)
    }

    /// The links of `/proc` lead out of it: PID 1's root is the node's.
    @Test(arguments: [
        "/proc/1/root", "/proc/1/root/run/containerd/containerd.sock", "//proc/./42/root/var/run",
        "/proc/self/root/proc/1/root/run/", "/proc/thread-self/cwd/run", "/proc/1/fd/7",
        "/proc/1/task/1/root/var/run/docker.sock",
    ])
    func aProcessLinkLeadsToTheWholeNode(path: String) throws {
        let object = Self.deployment(path, mounts: Self.readOnly)
        let lines = try policySet("no-host-mutation").evaluate(request(.create, object)).lines
        #expect(lines.count == 1)
        #expect(lines.first?.contains("so opens the container runtime's socket") == true)
    }

    @Test(arguments: [
        "/proc", "/proc/1", "/proc/1/fd", "/proc/sys/root", "/proc/1/root2", "/proc/1/task/1",
        "/data/proc/1/root",
    ])
    func otherPathsOfProcessesAreThemselves(path: String) throws {
        let object = Self.deployment(path, mounts: Self.readOnly)
        #expect(try policySet("no-host-mutation").evaluate(request(.create, object)).lines == [])
    }

    /// PATH_MAX; a longer one would be repeated for each of its mounts.
    @Test func aPathIsAsLongAsLinuxTakes() throws {
        func lines(_ length: Int) throws -> [String] {
            let path = "/" + String(repeating: "a", count: length - 1)
            let object = Self.deployment(path, mounts: Self.readOnly)
            return try policySet("no-host-mutation").evaluate(request(.create, object)).lines
        }
        #expect(try lines(4095) == [])
        let long = try lines(4096)
        #expect(long.count == 1)
        #expect(long.first?.contains("which is longer than any path on the node") == true)
    }

    /// A socket that is open already does not excuse writing to what lies around it.
    @Test func aSocketThatWasOpenDoesNotExcuseAWritableMount() throws {
        let old = Self.deployment("/", mounts: Self.readOnly)
        #expect(try update(old, old) == [])
        #expect(
            try update(old, Self.deployment("/", mounts: Self.writable)) == [
                "\(Self.place).containers[0].volumeMounts[0].readOnly: container \"agent\" may "
                    + "write to \"/\" of its node, through volume \"node\""
            ])
    }

    /// The API server refuses such Pods; a manifest may hold one.
    @Test func aSecondVolumeOfTheSameNameIsNotMounted() throws {
        let pod = """
            apiVersion: v1
            kind: Pod
            spec:
              volumes:
                - {name: node, hostPath: {path: /a}}
                - {name: node, hostPath: {path: /b}}
              containers: [{name: agent, volumeMounts: [\(Self.readOnly)]}]
            """
        #expect(
            try policySet("no-host-mutation").evaluate(subject(pod)).lines == [
                "spec.volumes[1].hostPath.path: volume \"node\" has the host path \"/b\" and no "
                    + "container mounts it: one that is added later may write to the node"
            ])
    }

    /// The API server refuses an empty path; as a path it would be the node's root.
    @Test(arguments: ["{}", "{path: ''}", "{path: null}"])
    func noPathIsTheRoot(source: String) throws {
        let volume = "apiVersion: v1\nkind: PersistentVolume\nspec: {hostPath: \(source)}"
        #expect(
            try policySet("no-host-mutation").evaluate(subject(volume)).lines == [
                "spec.hostPath.path: the PersistentVolume has the path \"\" of the node and so "
                    + "opens the container runtime's socket \"/run/docker.sock\""
            ])
    }

    @Test(arguments: [
        ("volumes: 1", "spec.volumes", "expected an array, found a number"),
        ("volumes: [1]", "spec.volumes[0]", "expected an object, found a number"),
        (
            "volumes: [{hostPath: /a}]", "spec.volumes[0].hostPath",
            "expected an object, found a string"
        ),
        (
            "volumes: [{hostPath: {path: 1}}]", "spec.volumes[0].hostPath.path",
            "expected a string, found a number"
        ),
        (
            "volumes: [{name: 1, hostPath: {path: /a}}]", "spec.volumes[0].name",
            "expected a string, found a number"
        ),
        (
            "volumes: [{name: a, hostPath: {path: /a}}], containers: [{volumeMounts: {}}]",
            "spec.containers[0].volumeMounts", "expected an array, found an object"
        ),
        (
            """
            volumes: [{name: a, hostPath: {path: /a}}],
            containers: [{volumeMounts: [{name: a, readOnly: 'true'}]}]
            """, "spec.containers[0].volumeMounts[0].readOnly",
            "expected a boolean, found a string"
        ),
    ])
    func aWrongTypeCannotBeJudged(spec: String, path: String, message: String) throws {
        let pod = "apiVersion: v1\nkind: Pod\nspec: {\(spec)}"
        #expect(
            try policySet("no-host-mutation").evaluate(subject(pod)).lines == [
                "\(path): the object cannot be judged: \(message)"
            ])
    }

    @Test(arguments: [
        (
            "{runtimeSockets: /run/a.sock}",
            "6:32: spec.parameters.runtimeSockets is a string; expected a list of strings"
        ),
        (
            "{runtimeSockets: [/run/../a.sock]}",
            "6:33: \"/run/../a.sock\" is no path of a file or folder of a node; write one without "
                + "\"..\""
        ),
        (
            "{runtimeSockets: ['']}",
            "6:33: \"\" is no path of a file or folder of a node; write one without \"..\""
        ),
        (
            "{allowedHostPaths: [/a]}",
            "6:35: spec.parameters.allowedHostPaths[0] is a string; expected an object"
        ),
        (
            "{allowedHostPaths: [{readOnly: true}]}",
            "6:35: spec.parameters.allowedHostPaths[0].path is missing; "
                + "expected a string that is not empty"
        ),
        (
            "{allowedHostPaths: [{path: 1}]}",
            "6:42: spec.parameters.allowedHostPaths[0].path is a number; expected a string"
        ),
        (
            "{allowedHostPaths: [{path: ..}]}",
            "6:42: \"..\" is no path of a file or folder of a node; write one without \"..\""
        ),
        (
            "{allowedHostPaths: [{path: /a, readonly: true}]}",
            "6:46: unknown field \"readonly\" in spec.parameters.allowedHostPaths[0] (did you "
                + "mean \"readOnly\"?); expected path, readOnly"
        ),
    ])
    func badParameters(parameters: String, problem: String) {
        let policy = """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: host}
            spec:
              rule: no-host-mutation
              parameters: \(parameters)
            """
        #expect(problems(("p.yaml", policy)) == ["p.yaml:\(problem)"])
    }

    /// In time of its size: each of many mounts finds its volume at once.
    @Test func manyVolumesAndMounts() throws {
        let count = 20_000
        let volumes = (0..<count).map { "{name: v\($0), hostPath: {path: /a}}" }
        let mounts = (0..<count).map { "{name: v\($0), mountPath: /a, readOnly: true}" }
        let pod = """
            apiVersion: v1
            kind: Pod
            spec:
              volumes: [\(volumes.joined(separator: ", "))]
              containers: [{name: a, volumeMounts: [\(mounts.joined(separator: ", "))]}]
            """
        #expect(try policySet("no-host-mutation").evaluate(subject(pod)).lines == [])
    }
}
