import Testing

@testable import Server

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("application/json", "application/json"),
        ("Application/JSON ; charset=utf-8", "application/json"),
        ("", ""),
    ])
    func essence(_ field: String, _ expected: String) {
        #expect(MediaType.essence(of: field) == expected)
    }

    @Test(
        arguments: [
            (nil, 0), ("", 0), ("*/*", 0), ("text/plain", 1), ("text/*", 1),
            ("application/json", 0),
            ("text/plain;q=0.5, application/json;q=0.4", 1), ("text/plain;q=0, */*", 0),
            ("application/json;q=0, */*;q=0.1", 1), ("image/png", nil), ("*/*;q=0", nil),
            ("application/json, */*", 0),
        ] as [(String?, Int?)])
    func preferred(_ accept: String?, _ expected: Int?) {
        #expect(MediaType.preferred(accept, of: ["application/json", "text/plain"]) == expected)
    }
}
