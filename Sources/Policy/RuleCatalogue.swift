/// Every rule there is, in the order of the documentation.
package enum RuleCatalogue {
    /// The rules' types; a new rule is one line here.
    package static let all: [any Rule.Type] = [
        ImageDigest.self,
        ReadOnlyRootFilesystem.self,
        NoExec.self,
        NoSSH.self,
        NoDebugContainers.self,
        NoTunnel.self,
        NoInPlaceChange.self,
        ImmutableConfig.self,
        ExternalizedConfig.self,
        ReplaceableWorkload.self,
        NoHostMutation.self,
        ChangeByAutomation.self,
    ]

    /// The rule with this id, or nil.
    static func rule(_ id: String) -> (any Rule.Type)? { all.first { $0.id == id } }
}
