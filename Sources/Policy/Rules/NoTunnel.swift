internal import Document

/// `no-tunnel`: nobody goes through the API server to an instance.
///
/// A tunnel passes by the load balancer, the network policies and whatever else guards the front
/// door; what is done through it is done to one instance by hand. Sees every CONNECT to
/// `pods/portforward`, `pods/proxy`, `services/proxy` and `nodes/proxy`. The last is the gravest:
/// it reaches the kubelet, whose own API runs commands in every container of its Node, unseen by
/// `no-exec`. A proxied name is `name`, `name:port` or `scheme:name:port`
/// (https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/,
/// https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/).
struct NoTunnel: ActRule {
    static let id = "no-tunnel"
    static let summary =
        "Nobody tunnels through the API server to a Pod, a Service or a Node."
    static let scope = RuleScope(connections: Tunnel.allCases.map(\.rawValue))

    /// The ways through the API server, as `resource/subresource`.
    private enum Tunnel: String, CaseIterable {
        case podPortForward = "pods/portforward"
        case podProxy = "pods/proxy"
        case serviceProxy = "services/proxy"
        case nodeProxy = "nodes/proxy"

        /// How to do without.
        var fix: Text {
            switch self {
            case .podPortForward, .podProxy:
                "reach it through its Service; kubectl logs and metrics show what it does"
            case .serviceProxy:
                "reach it as its users do, through its Ingress, Gateway or load balancer"
            case .nodeProxy:
                "let monitoring ask the kubelet itself, with an account that may get "
                    + "nodes/metrics, nodes/stats or nodes/log and not nodes/proxy"
            }
        }
    }

    private let allowed: Set<Tunnel>
    private let grantees: Grantees

    init(parameters: inout ParameterReader) {
        allowed = Set(parameters.choices("allow", doc: "Ways that are open to all."))
        grantees = Grantees(&parameters)
    }

    func judge(
        _ subject: Subject, into findings: inout Findings, notices: inout [Notice]
    ) throws(UnreadableObject) {
        guard let tunnel = Tunnel(rawValue: "\(subject.resource)/\(subject.subresource)"),
            !allowed.contains(tunnel)
        else { return }
        let act = Self.describe(tunnel, to: subject.name)
        if let grant = grantees.grant(to: subject) {
            notices.append(Notice(kind: "break-glass", message: "\(grant) may \(act)"))
            return
        }
        findings.append(
            check: subject.subresource, element: "", value: "", path: .root,
            message: "nobody may \(act)", fix: tunnel.fix)
    }

    /// What is done, in words.
    private static func describe(_ tunnel: Tunnel, to target: String) -> String {
        switch tunnel {
        case .podPortForward:
            "forward ports of the running Pod \"\(target)\" to another machine"
        case .podProxy:
            "reach \(place(target, of: "the running Pod")) through the API server's proxy"
        case .serviceProxy:
            "reach \(place(target, of: "the Service")) through the API server's proxy"
        case .nodeProxy:
            "reach \(place(target, of: "the Node")) through the API server's proxy, by which "
                + "the kubelet runs commands in any of its containers"
        }
    }

    /// `port 8443 (https) of the Service "web"`, as far as the name tells. A name of any other form
    /// is shown as it is.
    private static func place(_ target: String, of thing: String) -> String {
        let parts = target.split(separator: ":", omittingEmptySubsequences: false)
        switch parts.count {
        case 2 where !parts[1].isEmpty:
            return "port \(parts[1]) of \(thing) \"\(parts[0])\""
        case 2:
            return "\(thing) \"\(parts[0])\""
        case 3:
            let scheme = parts[0].isEmpty ? "" : " (\(parts[0]))"
            if parts[2].isEmpty { return "\(thing) \"\(parts[1])\"\(scheme)" }
            return "port \(parts[2])\(scheme) of \(thing) \"\(parts[1])\""
        default:
            return "\(thing) \"\(target)\""
        }
    }
}
