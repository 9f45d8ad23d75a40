import Testing

@testable import Report

@Suite struct NamespaceNameTests {
    @Test(arguments: ["s", "kube-system", "0", "a--b", String(repeating: "s", count: 63)])
    func `takes a label`(name: String) { #expect(NamespaceName.isValid(name)) }

    @Test(arguments: [
        "", "-", "-a", "a-", "Shop", "a b", "a.b", "a_b", "é", "a\n",
        String(repeating: "s", count: 64),
    ])
    func `refuses all else`(name: String) { #expect(!NamespaceName.isValid(name)) }
}
