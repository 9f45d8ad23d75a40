import Foundation
import Testing

@testable import Document

/// Our reader of JSON beside Foundation's, on the same bytes.
///
/// Foundation keeps no order of members and no text of a number, so those are compared with
/// Python's reader, in Tests/EndToEnd/test_differential_json.py.
@Suite struct JSONFoundationTests {
    /// A line of Tests/Fixtures/JSON/cases.tsv.
    struct Case: Sendable, CustomTestStringConvertible {
        /// `y`, `n`, `+` or `-`: see the file.
        let verdict: Substring
        let about: Substring
        let text: [UInt8]

        var isRead: Bool { verdict == "y" || verdict == "+" }
        var testDescription: String { "\(about): \(String(decoding: text, as: UTF8.self))" }
    }

    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures")

    static let cases: [Case] = {
        let file = fixtures.appending(path: "JSON/cases.tsv")
        let lines = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.filter { !$0.hasPrefix("#") }.map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            return Case(verdict: cells[0], about: cells[1], text: unescaped(cells[2]))
        }
    }()

    /// `%HH` is a byte.
    private static func unescaped(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                bytes.append(UInt8(Substring(rest.prefix(2)), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    /// What Foundation reads and we do not, and why we do not.
    static let onlyFoundationReads: Set<Substring> = [
        "duplicate name",  // it keeps one of the two
        "byte order mark", "UTF-16 or UTF-32",  // RFC 8259 wants UTF-8 without a mark
    ]
    /// What we read and Foundation does not: a number that no double holds. We keep its text.
    static let onlyWeRead: Set<Substring> = ["number beyond a double"]

    /// Where Foundation goes its own way: a comma before the end, a zero byte that it takes for
    /// half of UTF-16, and U+FEFF, which it drops from a string.
    static let foundationsOwnWay: Set<[UInt8]> = Set(
        ["[1,]", "{\"a\":1,}", "1\0", "\0" + "1", "\"\u{FEFF}\""].map { Array($0.utf8) })

    @Test func `there are enough cases`() {
        #expect(Self.cases.count > 400)
        #expect(Set(Self.cases.map(\.verdict)) == ["y", "n", "+", "-"])
    }

    @Test(arguments: cases)
    func `reads what Foundation reads`(row: Case) throws {
        let document = Document()
        let isRead = (try? JSONReader.read(row.text, limits: roomy, into: document)) != nil
        #expect(isRead == row.isRead)
        if Self.foundationsOwnWay.contains(row.text) { return }
        let theirs = try? JSONSerialization.jsonObject(
            with: Data(row.text), options: .fragmentsAllowed)
        if isRead, let theirs {
            let root = try #require(document.root)
            #expect(difference(root, theirs) == nil)
        } else if isRead {
            #expect(Self.onlyWeRead.contains(row.about))
        } else if theirs != nil {
            #expect(Self.onlyFoundationReads.contains(row.about))
        }
    }

    static let reviews =
        ((try? FileManager.default.contentsOfDirectory(
            at: fixtures.appending(path: "Reviews"), includingPropertiesForKeys: nil)) ?? [])
        .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }

    @Test(arguments: reviews)
    func `reads a recorded review as Foundation does`(file: URL) throws {
        let text = try Data(contentsOf: file)
        let document = Document()
        try JSONReader.read(Array(text), limits: .admission, into: document)
        let root = try #require(document.root)
        #expect(difference(root, try JSONSerialization.jsonObject(with: text)) == nil)
    }

    /// The first place where our value and Foundation's differ, or nil.
    private func difference(_ ours: Node, _ theirs: Any) -> String? {
        switch ours.kind {
        case .object:
            guard let theirs = theirs as? [String: Any] else { return "no object: \(theirs)" }
            // Swift's dictionary takes names for one that differ in their scalars only.
            let names = Set(ours.members.map { $0.key.string ?? "" })
            guard names.count == theirs.count else { return "not \(theirs.count) members" }
            for (key, value) in ours.members where names.count == ours.count {
                guard let other = theirs[key.string ?? ""] else { return "no \(key.string ?? "")" }
                if let difference = difference(value, other) { return difference }
            }
            return nil
        case .array:
            guard let theirs = theirs as? [Any], theirs.count == ours.count else {
                return "no array of \(ours.count): \(theirs)"
            }
            return zip(ours.elements, theirs).lazy.compactMap { self.difference($0, $1) }.first
        case .string:
            let text = (theirs as? String)?.unicodeScalars
            let isSame = text?.elementsEqual(ours.string?.unicodeScalars ?? "".unicodeScalars)
            return isSame == true ? nil : "another string: \(theirs)"
        case .number:
            // A decimal of Foundation's is not always the nearest double to its own digits.
            guard let number = theirs as? NSNumber else { return "no number: \(theirs)" }
            let isSame =
                number.doubleValue == ours.numberText.flatMap(Double.init)
                || number.stringValue == ours.numberText
            return isSame ? nil : "not \(theirs)"
        case .boolean: return theirs as? Bool == ours.boolean ? nil : "no boolean: \(theirs)"
        case .null: return theirs is NSNull ? nil : "not null: \(theirs)"
        }
    }
}
