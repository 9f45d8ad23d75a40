internal import Document

/// `image-digest`: every image is pinned by its digest.
///
/// A tag is a name that somebody may point elsewhere tomorrow: the same manifest then starts
/// another program, and a rollback does not bring the old one back. A digest is the content itself.
/// Sees `image` of every container and `spec.volumes[].image.reference`. Allowed are a digest of
/// sha256, sha384 or sha512 in lower-case hex of the exact length; with `require: version` also a
/// tag that is not floating. Grammar: https://github.com/distribution/reference.
struct ImageDigest: StateRule {
    static let id = "image-digest"
    static let summary = "Every image is pinned by its digest; a tag can be moved, a digest cannot."
    static let scope = RuleScope(workloads: true)

    /// What an image reference must have.
    private enum Requirement: String, CaseIterable {
        case digest, version
    }

    private let requirement: Requirement
    private let floatingTags: Set<String>
    private let exemptImages: [Glob]

    init(parameters: inout ParameterReader) {
        requirement = parameters.choice(
            "require", default: Requirement.digest,
            doc: "digest, or version: then a tag that is not floating is enough.")
        floatingTags = Set(
            parameters.words(
                "floatingTags", default: Self.defaultFloatingTags,
                doc: "Tags that name no version; read where require is version."))
        exemptImages = parameters.globs("exemptImages")
    }

    private static let defaultFloatingTags = [
        "latest", "stable", "main", "master", "edge", "nightly", "dev", "canary",
    ]

    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        for container in object.workload.containers {
            let image = try container.image()
            guard let problem = problem(with: image) else { continue }
            findings.append(
                check: "container", element: container.element, value: Text(image),
                path: container.path.field("image"),
                message: "\(container.title) \(problem)", fix: fix(for: image), image: image)
        }
        for podSpec in object.workload.podSpecs {
            try judgeVolumes(of: podSpec, into: &findings)
        }
    }

    private func judgeVolumes(
        of podSpec: Workload.PodSpec, into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let volumes = try podSpec.node.list("volumes", of: .object, in: podSpec.path) else {
            return
        }
        for (index, volume) in volumes.enumerated() {
            let path = podSpec.path.field("volumes").element(index)
            guard let source = try volume.member("image", .object, in: path) else { continue }
            let image = try source.string("reference", in: path.field("image"))
            guard let problem = problem(with: image) else { continue }
            let name = Text(name: volume["name"]) ?? "[\(index)]"
            findings.append(
                check: "volume", element: "\(podSpec.element)/\(name)",
                value: Text(image), path: path.field("image.reference"),
                message: "volume \"\(name)\" \(problem)", fix: fix(for: image),
                image: image)
        }
    }

    /// What is wrong with an image, as the end of a sentence, or nil where nothing is.
    private func problem(with image: Node?) -> Text? {
        guard let image, !image.isEmptyString else { return "names no image" }
        let reference: Result<ImageReference, ImageReference.Problem> =
            image.hasEscapes
            ? Result { () throws(ImageReference.Problem) in
                try ImageReference(image.string ?? "")
            }
            : image.withRawBytes { bytes in
                Result { () throws(ImageReference.Problem) in try ImageReference(bytes) }
            }
        switch reference {
        case .success(let reference):
            if reference.digest != nil { return nil }
            return problem(withUnpinned: image, tag: reference.tag)
        case .failure(let problem):
            return "has the image \"\(image)\", which is no valid reference: \(problem.message)"
        }
    }

    private func problem(withUnpinned image: Node, tag: Range<Int>?) -> Text? {
        if exemptImages.matches(image: image) { return nil }
        guard requirement == .version else {
            return "has the image \"\(image)\", which is not pinned by a digest"
        }
        guard let tag else { return "has the image \"\(image)\", which has no tag" }
        let text = image.string ?? ""
        if ImageReference.isBareID(text) {
            return "has the image \"\(text)\", an id of the container runtime and no reference"
        }
        let name = String(decoding: Array(text.utf8)[tag], as: UTF8.self)
        guard floatingTags.contains(name) else { return nil }
        return "has the image \"\(text)\", whose tag is floating"
    }

    private static func hasDigest(_ image: Node) -> Bool {
        image.withCharacters { characters in
            for index in characters.indices where characters[index] == UInt8(ascii: "@") {
                return true
            }
            return false
        }
    }

    private func fix(for image: Node?) -> Text {
        // A sound reference without a digest is completed by one behind it, tag or not.
        guard let image, !image.isEmptyString, !Self.hasDigest(image) else {
            return "name the image by its digest, such as registry.example.com/app@sha256:<digest>"
        }
        if requirement == .version { return "name a version tag or the image's digest" }
        return "name it by its digest: \"\(image)@sha256:<digest>\""
    }
}
