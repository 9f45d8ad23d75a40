internal import Document
package import Policy

/// A request of the API server: the envelope `AdmissionReview` of `admission.k8s.io/v1` and
/// `v1beta1`, read as far as policies ask for it.
/// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
package struct AdmissionReview {
    /// The versions of the envelope; the answer is written in the one that came.
    enum Version: String, CaseIterable {
        case v1 = "admission.k8s.io/v1"
        case v1beta1 = "admission.k8s.io/v1beta1"
    }

    /// The version that came.
    let version: Version
    /// The id of this round trip, echoed in the answer.
    let uid: Node
    /// Who does what to which object.
    package let subject: Subject
}

/// Why a body is no AdmissionReview: the answer is 400.
package struct InvalidReview: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was found, where, and what was expected.
    package let description: String

    init(_ description: String) { self.description = description }

    init(_ error: DocumentError) {
        description = "the body is no AdmissionReview: \(error)"
    }
}
