import Document
import Policy
import Testing

@testable import Report

@Suite struct ClusterScopeTests {
    @Test(arguments: [
        GroupKind("", "Namespace"), GroupKind("", "Node"),
        GroupKind("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        GroupKind("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        GroupKind("apps.kruise.io", "SidecarSet"),
        GroupKind("certificates.k8s.io", "ClusterTrustBundle"),
        GroupKind("networking.k8s.io", "IPAddress"),
        GroupKind("networking.k8s.io", "ServiceCIDR"),
        GroupKind("resource.k8s.io", "DeviceClass"),
        GroupKind("resource.k8s.io", "ResourceSlice"),
        GroupKind("storage.k8s.io", "VolumeAttributesClass"),
    ])
    func `knows what lies in no namespace`(kind: GroupKind) {
        #expect(ClusterScope.contains(kind))
    }

    @Test(arguments: [
        GroupKind("", "Pod"), GroupKind("apps.kruise.io", "CloneSet"),
        GroupKind("example.com", "Node"), GroupKind("resource.k8s.io", "ResourceClaim"),
    ])
    func `takes all else for namespaced`(kind: GroupKind) { #expect(!ClusterScope.contains(kind)) }

    /// The API server names no namespace for it, whatever the manifest says.
    @Test func `a policy for a namespace passes over a SidecarSet`() throws {
        let text = """
            {apiVersion: apps.kruise.io/v1alpha1, kind: SidecarSet, metadata: {name: s},
             spec: {containers: [{name: c, image: x}]}}
            """
        for (match, count) in [("{namespaces: [default]}", 0), ("{}", 1)] {
            let policies = try policySet(policy("p", rule: "image-digest", match: match))
            let report = report(text, policies)
            #expect(report.findings.count == count)
            #expect(report.findings.allSatisfy { $0.object.title == "SidecarSet s" })
        }
    }
}
