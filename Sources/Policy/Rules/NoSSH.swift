internal import Document

/// `no-ssh`: nothing serves SSH.
///
/// A door for people is a door for changes by hand. Sees ports, programs and images of every
/// container, and the ports of Services: a TCP port 22 (protocol empty means TCP), a port named
/// `ssh` or `sshd`, an SSH server in command position of a command, lifecycle hook or probe, and
/// an image whose last path component names an SSH server. SSH clients pass.
/// https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/#ServiceSpec
struct NoSSH: StateRule {
    static let id = "no-ssh"
    static let summary = "Nothing serves SSH: no port, no program, no image, no Service."
    static let scope = RuleScope(workloads: true, kinds: [.service])

    private let ports: [Int]
    private let images: [[String]]
    private let programs: [ProgramPattern]
    private let exemptImages: [Glob]
    /// The first words of `images`, and the names of `programs`.
    private let imageNeedles: Needles
    private let programNeedles: Needles

    init(parameters: inout ParameterReader) {
        ports = parameters.ports(
            "ports", default: [22], doc: "TCP ports that count as SSH.")
        images = parameters.words(
            "images", default: Self.defaultImages,
            doc: "Whole words of an image's last path component that name an SSH server."
        ).map { Self.words(of: $0) }
        programs = parameters.words(
            "programs", default: Self.defaultPrograms,
            doc: "SSH servers in command position of commands, hooks and probes."
        ).map(ProgramPattern.init)
        imageNeedles = Needles(images.compactMap(\.first))
        programNeedles = Needles(programs.map(\.program))
        exemptImages = parameters.globs("exemptImages")
    }

    private static let defaultImages = [
        "openssh-server", "sshd", "dropbear", "ssh-bastion", "ssh-server",
    ]

    private static let defaultPrograms = [
        "sshd", "dropbear", "tinysshd", "ssh-keygen -A", "service ssh start", "service sshd start",
    ]

    private static var fix: Text {
        "remove it: read logs and metrics from outside, and change the image and roll it out"
    }

    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        if object.kind == .service { return try judgeService(object.node, into: &findings) }
        for container in object.workload.containers {
            let image = try container.image()
            if exemptImages.matches(image: image) { continue }
            try findings.append(ofImage: image) { findings throws(UnreadableObject) in
                try judgePorts(of: container, into: &findings)
                try judgePrograms(of: container, into: &findings)
                judgeImage(image, of: container, into: &findings)
            }
        }
    }

    private func add(
        _ check: String, _ element: Text, _ value: Text, _ path: FieldPath,
        _ message: Text, to findings: inout Findings
    ) {
        findings.append(
            check: check, element: element, value: value, path: path, message: message,
            fix: Self.fix)
    }
}

// MARK: Ports

extension NoSSH {
    private func judgePorts(
        of container: Workload.Container, into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let list = try container.node.list("ports", of: .object, in: container.path) else {
            return
        }
        for (index, port) in list.enumerated() {
            func path() -> FieldPath { container.path.field("ports").element(index) }
            if try isTCP(port, in: path()) {
                for field in ["containerPort", "hostPort"] {
                    let number = try port.member(field, .number, in: path())?.integer
                    guard let number, ports.contains(number) else { continue }
                    add(
                        field, container.element, "\(number)", path().member(field),
                        "\(container.title) has the SSH port \(number) as its \(field)",
                        to: &findings)
                }
            }
            let name = try port.string("name", in: path())
            guard let name, isSSHName(name) else { continue }
            add(
                "portName", container.element, Text(name), path().field("name"),
                "\(container.title) has a port named \"\(name)\"", to: &findings)
        }
    }

    private func judgeService(
        _ service: Node, into findings: inout Findings
    ) throws(UnreadableObject) {
        let root = FieldPath.root.field("spec")
        guard let spec = try service.member("spec", .object, in: .root),
            let list = try spec.list("ports", of: .object, in: root)
        else { return }
        for (index, port) in list.enumerated() {
            func path() -> FieldPath { root.field("ports").element(index) }
            let number = try port.member("port", .number, in: path())?.integer
            let name = try port.string("name", in: path())
            let element = Text(name)
            if try isTCP(port, in: path()) {
                if let number, ports.contains(number) {
                    add(
                        "port", element, "\(number)", path().field("port"),
                        "the Service has the SSH port \(number)", to: &findings)
                }
                try judgeTargetPort(
                    port, default: number, element: element, in: path(), into: &findings)
            }
            guard let name, isSSHName(name) else { continue }
            add(
                "portName", element, element, path().field("name"),
                "the Service has a port named \"\(element)\"", to: &findings)
        }
    }

    /// The API defaults `targetPort` to `port`: a manifest is judged as if it had.
    private func judgeTargetPort(
        _ port: Node, default number: Int?, element: Text, in path: FieldPath,
        into findings: inout Findings
    ) throws(UnreadableObject) {
        let value: Text
        if let target = port.present("targetPort") {
            switch target.kind {
            case .number:
                guard let number = target.integer, ports.contains(number) else { return }
                value = "\(number)"
            case .string:
                guard isSSHName(target) || ports.contains(where: { target.equals(String($0)) })
                else { return }
                value = Text(target)
            default:
                throw UnreadableObject(
                    path.field("targetPort"),
                    "expected a number or a string, found \(target.kind.phrase)")
            }
        } else {
            guard let number, ports.contains(number) else { return }
            value = "\(number)"
        }
        add(
            "targetPort", element, value, path.field("targetPort"),
            "the Service leads to the SSH port \(value) of its Pods", to: &findings)
    }

    private func isTCP(
        _ port: Node, in path: @autoclosure () -> FieldPath
    ) throws(UnreadableObject) -> Bool {
        guard let name = try port.string("protocol", in: path()) else { return true }
        return name.isEmptyString || name.equals("TCP")
    }

    private func isSSHName(_ name: Node) -> Bool { name.equals("ssh") || name.equals("sshd") }
}

// MARK: Programs and images

extension NoSSH {
    private func judgePrograms(
        of container: Workload.Container, into findings: inout Findings
    ) throws(UnreadableObject) {
        let node = container.node
        let command = try node.list("command", of: .string, in: container.path)
        let args = try node.list("args", of: .string, in: container.path)
        if namesProgram(command) || namesProgram(args) {
            // What the kubelet starts is `command` followed by `args`; where the image brings its
            // own entry point, `args` may be a command of its own.
            let command = command?.compactMap(\.string) ?? []
            let args = args?.compactMap(\.string) ?? []
            let starts = StartedCommand.all(in: command + args, alsoAt: command.count)
            judge(starts, container, into: &findings) { index in
                index < command.count
                    ? FieldPath("command").element(index)
                    : FieldPath("args").element(index - command.count)
            }
        }
        let lifecycle = try node.member("lifecycle", .object, in: container.path)
        for hook in Self.hooks {
            try judgeExec(
                of: lifecycle?.member(hook, .object, in: container.path.field("lifecycle")),
                container, "lifecycle.\(hook)", into: &findings)
        }
        for probe in Self.probes {
            try judgeExec(
                of: node.member(probe, .object, in: container.path), container, probe,
                into: &findings)
        }
    }

    private static let hooks = ["postStart", "preStop"]
    private static let probes = ["livenessProbe", "readinessProbe", "startupProbe"]

    private func judgeExec(
        of handler: Node?, _ container: Workload.Container, _ field: @autoclosure () -> String,
        into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let handler else { return }
        func path() -> FieldPath { FieldPath("\(container.path).\(field())") }
        guard let exec = try handler.member("exec", .object, in: path()) else { return }
        let command = try exec.list("command", of: .string, in: path().field("exec"))
        guard namesProgram(command) else { return }
        let starts = StartedCommand.all(in: command?.compactMap(\.string) ?? [])
        judge(starts, container, into: &findings) { index in
            FieldPath("\(field()).exec.command").element(index)
        }
    }

    /// Whether a word may hold the name of an SSH server: seldom, and found without making
    /// strings. A shell reads `ss''hd` as `sshd`, so a word with quotes may.
    private func namesProgram(_ words: Node.Elements?) -> Bool {
        words?.contains { word in
            word.hasShellQuotes || programNeedles.occur(in: word)
        } ?? false
    }

    private func judge(
        _ commands: [StartedCommand], _ container: Workload.Container,
        into findings: inout Findings, place: (Int) -> FieldPath
    ) {
        // One word may start the same program many times; it is to be mended once.
        var found: Set<[Int]> = []
        for command in commands {
            guard let match = programs.firstIndex(where: { $0.matches(command) }),
                found.insert([command.index, match]).inserted
            else { continue }
            let program = programs[match]
            let field = place(command.index)
            add(
                "program", container.element, Text(program.text),
                FieldPath("\(container.path).\(field)"),
                "\(container.title) starts the SSH server \"\(program.text)\"", to: &findings)
        }
    }

    private func judgeImage(
        _ image: Node?, of container: Workload.Container, into findings: inout Findings
    ) {
        guard let image, imageNeedles.occur(in: image), let text = image.string else { return }
        let words = Self.words(of: Self.lastPathComponent(of: text))
        let match = images.first { name in
            words.indices.contains { words[$0...].starts(with: name) }
        }
        guard let match else { return }
        add(
            "image", container.element, Text(text), container.path.field("image"),
            "\(container.title) has the image \"\(text)\", which is the SSH server "
                + "\(match.joined(separator: "-"))", to: &findings)
    }

    /// `openssh-server` of `reg:5000/linuxserver/openssh-server:9@sha256:…`, sound or not.
    private static func lastPathComponent(of image: String) -> Substring {
        let name = image.prefix { $0 != "@" }
        let component = name.split(separator: "/").last ?? name
        return component.prefix { $0 != ":" }
    }

    private static func words(of name: some StringProtocol) -> [String] {
        name.lowercased().split { $0 == "-" || $0 == "_" || $0 == "." }.map(String.init)
    }
}
