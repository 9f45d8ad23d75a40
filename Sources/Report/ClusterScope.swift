internal import Policy

/// The kinds that lie in no namespace: the built-in ones, and those of the workload table. Another
/// custom kind's scope only its cluster knows; it is taken for namespaced.
enum ClusterScope {
    private static let kinds: Set<GroupKind> = [
        GroupKind("", "Namespace"), GroupKind("", "Node"), GroupKind("", "PersistentVolume"),
        GroupKind("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        GroupKind("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        GroupKind("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        GroupKind("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        GroupKind("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        GroupKind("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"),
        GroupKind("apiregistration.k8s.io", "APIService"),
        // https://openkruise.io/docs/user-manuals/sidecarset
        GroupKind("apps.kruise.io", "SidecarSet"),
        GroupKind("certificates.k8s.io", "CertificateSigningRequest"),
        GroupKind("certificates.k8s.io", "ClusterTrustBundle"),
        GroupKind("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        GroupKind("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        GroupKind("networking.k8s.io", "IngressClass"),
        GroupKind("networking.k8s.io", "IPAddress"),
        GroupKind("networking.k8s.io", "ServiceCIDR"),
        GroupKind("node.k8s.io", "RuntimeClass"),
        GroupKind("rbac.authorization.k8s.io", "ClusterRole"),
        GroupKind("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        GroupKind("resource.k8s.io", "DeviceClass"), GroupKind("resource.k8s.io", "ResourceSlice"),
        GroupKind("scheduling.k8s.io", "PriorityClass"),
        GroupKind("storage.k8s.io", "CSIDriver"), GroupKind("storage.k8s.io", "CSINode"),
        GroupKind("storage.k8s.io", "StorageClass"),
        GroupKind("storage.k8s.io", "VolumeAttachment"),
        GroupKind("storage.k8s.io", "VolumeAttributesClass"),
    ]

    static func contains(_ kind: GroupKind) -> Bool { kinds.contains(kind) }
}
