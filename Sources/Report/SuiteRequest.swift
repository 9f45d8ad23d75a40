internal import Document
internal import Policy

/// Makes the AdmissionReview that the API server would send for an object of a test, so that the
/// test goes the webhook's own way.
/// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
struct SuiteRequest {
    let request: PolicyTest.Request

    /// The options that a connection carries instead of an object.
    private static let options = [
        "pods/exec": "PodExecOptions", "pods/attach": "PodAttachOptions",
        "pods/portforward": "PodPortForwardOptions", "pods/proxy": "PodProxyOptions",
        "services/proxy": "ServiceProxyOptions", "nodes/proxy": "NodeProxyOptions",
    ]

    /// What can be connected to.
    static let connections = options.keys.sorted()

    /// The kind of the options that a connection carries, or nil where there is no such connection.
    static func optionsKind(of resource: PolicyTest.Resource) -> String? {
        guard resource.group ?? "" == "" else { return nil }
        return options["\(resource.name)/\(resource.subresource)"]
    }

    /// The review of a CONNECT, whose options are JSON.
    func connection(options: [UInt8]?) -> [UInt8] {
        guard let resource = request.resource, let kind = Self.optionsKind(of: resource) else {
            preconditionFailure("the reader lets no other connection through")
        }
        let json =
            options.map { String(decoding: $0, as: UTF8.self) }
            ?? "{\"apiVersion\":\"v1\",\"kind\":\"\(kind)\"}"
        return review(
            kind: GroupKind("", kind), version: "v1", resource: resource,
            namespace: resource.name == "nodes" ? "" : request.namespace,
            name: request.resourceName, object: json, oldObject: nil)
    }

    /// The review of what is done to an object of a manifest.
    ///
    /// - Parameters:
    ///   - subject: the object's creation.
    ///   - stored: before an UPDATE, the object as it is stored, as JSON.
    func review(of subject: Subject, stored: [UInt8]?) -> [UInt8] {
        var object: String?
        if let node = subject.object {
            var writer = JSONWriter()
            writer.value(node)
            object = String(decoding: writer.takeBytes(), as: UTF8.self)
        }
        let apiVersion = subject.object?["apiVersion"]?.string ?? ""
        let version = apiVersion.split(separator: "/").last.map(String.init) ?? ""
        let resource =
            request.resource ?? PolicyTest.Resource(Self.plural(of: subject.kind.kind))
        let isRemoval = request.operation == .delete
        return review(
            kind: subject.kind, version: version, resource: resource,
            namespace: subject.namespace, name: subject.name, object: isRemoval ? nil : object,
            oldObject: isRemoval ? object : stored.map { String(decoding: $0, as: UTF8.self) })
    }

    /// The plural by which Kubernetes guesses a kind's resource.
    static func plural(of kind: String) -> String {
        let singular = kind.lowercased()
        if singular == "endpoints" { return singular }
        if ["s", "x", "ch"].contains(where: singular.hasSuffix) { return singular + "es" }
        guard singular.hasSuffix("y"), let before = singular.dropLast().last,
            !"aeiou".contains(before)
        else { return singular + "s" }
        return singular.dropLast() + "ies"
    }

    /// The groups of a user: those that the test names, and those that the API server adds.
    /// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
    static func groups(of user: String, named: [String]) -> [String] {
        var groups = named
        let account = user.split(separator: ":", omittingEmptySubsequences: false)
        if account.count == 4, account[0] == "system", account[1] == "serviceaccount" {
            groups += ["system:serviceaccounts", "system:serviceaccounts:\(account[2])"]
        }
        groups.append(
            user == "system:anonymous" ? "system:unauthenticated" : "system:authenticated")
        var unique: [String] = []
        for group in groups where !unique.contains(group) { unique.append(group) }
        return unique
    }

    /// In the API server's order of members: what decides comes before the objects.
    private func review(
        kind: GroupKind, version: String, resource: PolicyTest.Resource?, namespace: String,
        name: String, object: String?, oldObject: String?
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("kind", "AdmissionReview")
        json.member("apiVersion", "admission.k8s.io/v1")
        json.key("request")
        json.beginObject()
        json.member("uid", "cattleguard-test")
        json.key("kind")
        json.beginObject()
        json.member("group", kind.group)
        json.member("version", version)
        json.member("kind", kind.kind)
        json.endObject()
        json.key("resource")
        json.beginObject()
        json.member("group", resource?.group ?? kind.group)
        json.member("version", version)
        json.member("resource", resource?.name ?? "")
        json.endObject()
        if let subresource = resource?.subresource, !subresource.isEmpty {
            json.member("subResource", subresource)
        }
        json.member("name", name)
        json.member("namespace", namespace)
        json.member("operation", request.operation.rawValue)
        json.key("userInfo")
        json.beginObject()
        if let user = request.user {
            json.member("username", user)
            json.key("groups")
            json.beginArray()
            for group in Self.groups(of: user, named: request.groups) { json.string(group) }
            json.endArray()
        }
        json.endObject()
        json.key("object")
        json.raw(object ?? "null")
        json.key("oldObject")
        json.raw(oldObject ?? "null")
        json.member("dryRun", false)
        json.key("options")
        json.null()
        json.endObject()
        json.endObject()
        return json.takeBytes()
    }
}
