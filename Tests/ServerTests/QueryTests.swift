import Testing

@testable import Server

@Suite struct QueryTests {
    @Test(
        arguments: [
            ("a=1&b=2", "a", "1"), ("a=1&b=2", "b", "2"), ("a=1&a=2", "a", "1"), ("a", "a", ""),
            ("a=b=c", "a", "b=c"), ("a=x%20y+z", "a", "x y z"), ("%61=1", "a", "1"),
            ("a=%zz%4", "a", "%zz%4"), ("a=%+1", "a", "% 1"), (nil, "a", nil), ("b=1", "a", nil),
        ] as [(String?, String, String?)])
    func parameters(_ text: String?, _ name: String, _ value: String?) {
        #expect(Query(text)[name] == value)
    }
}
