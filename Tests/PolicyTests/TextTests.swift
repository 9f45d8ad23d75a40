import Document
import Testing

@testable import Policy

@Suite struct TextTests {
    @Test func piecesStandInTheirOrder() throws {
        let document = Document()
        try JSONReader.read(
            Array(#"{"name":"w\u0065b","n":1}"#.utf8), limits: .admission, into: document)
        let root = try #require(document.root)
        let title: Text = "container \"\(root["name"])\""
        let made = ["a", "b"].joined()
        #expect(("\(title) has \(made)" as Text).string == #"container "web" has ab"#)
        #expect(("\(made)\(22)\(root["n"])\(root["x"])" as Text).string == "ab22")
        #expect(("one, " + "two" as Text).string == "one, two")
        #expect(Text("").string == "")
    }

    /// Beyond the number of pieces that a text keeps apart, and with strings on either side.
    @Test(arguments: 0...25) func anyNumberOfPieces(count: Int) {
        var text: Text = ""
        var string = ""
        for index in 0..<count {
            text += index % 3 == 0 ? "\(index):" : "\(String(index)) \("é\(index)"), "
            string += index % 3 == 0 ? "\(index):" : "\(index) é\(index), "
        }
        #expect(text.string == string)
        #expect(("(\(text))" as Text).string == "(\(string))")
    }
}
