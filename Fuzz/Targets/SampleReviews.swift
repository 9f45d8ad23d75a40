import Policy

/// When everything is judged: 2026-11-01T00:00:00Z.
let sampleMoment = Moment(seconds: 1_793_491_200)

/// Reviews of a kind each, for policies that a fuzzer made up, and for what a reviewer did before.
enum SampleReviews {
    /// A Pod that violates much.
    static let object = Array(pod.utf8)

    /// A creation, an update, a deletion and a command in a container.
    static let all = [
        review(#""operation":"CREATE","object":\#(pod),"oldObject":null"#),
        review(#""operation":"UPDATE","object":\#(pod),"oldObject":\#(oldPod)"#),
        review(#""operation":"DELETE","object":null,"oldObject":\#(pod)"#),
        review(
            """
            "operation":"CONNECT","subResource":"exec",\
            "object":{"apiVersion":"v1","kind":"PodExecOptions","command":["sh"]}
            """),
    ]

    private static func review(_ rest: String) -> [UInt8] {
        let head = """
            {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"sample",\
            "kind":{"group":"","version":"v1","kind":"Pod"},\
            "resource":{"group":"","version":"v1","resource":"pods"},"name":"n","namespace":"s",\
            "userInfo":{"username":"a","groups":["g"]},
            """
        return Array((head + rest + "}}").utf8)
    }

    private static let oldPod = #"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[]}}"#

    private static let pod = """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"n","namespace":"s","labels":{"a":"b"}},\
        "spec":{"hostNetwork":true,"volumes":[{"name":"v","hostPath":{"path":"/"}}],\
        "containers":[{"name":"c","image":"nginx:1","command":["sh","-c","exec sshd -D"],\
        "ports":[{"containerPort":22,"hostPort":22}],"env":[{"name":"PASSWORD","value":"hunter2"}],\
        "securityContext":{"privileged":true},"volumeMounts":[{"name":"v","mountPath":"/v"}]}],\
        "ephemeralContainers":[{"name":"debugger","image":"busybox"}]}}
        """
}
