import Testing

@testable import HTTP

@Suite struct FieldsTests {
    let fields = Fields([("Content-Type", "a/b"), ("X", ""), ("x", "2")])

    @Test(arguments: [
        ("content-type", "a/b"), ("CONTENT-TYPE", "a/b"), ("X", ""), ("Content_Type", nil),
        ("content-typ", nil), ("", nil),
    ])
    func areFoundInAnyLetterCase(name: String, value: String?) {
        #expect(fields[name] == value)
    }

    @Test func areListedInTheirOrder() {
        #expect(fields.all("x") == ["", "2"])
        #expect(fields.count == 3)
        #expect(fields[0].name == "Content-Type")
        #expect(fields[2].value == "2")
    }

    @Test func repairInvalidUTF8() throws {
        let driver = EngineDriver()
        driver.feed(
            Array("GET / HTTP/1.1\r\nHost: a\r\nX: a".utf8) + [0xFF] + Array("\t b \r\n\r\n".utf8))
        let request = try #require(driver.request())
        #expect(request.fields["x"] == "a\u{FFFD}\t b")
    }
}
