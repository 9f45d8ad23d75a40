import Testing

/// The laws of ARCHITECTURE.md that hold for every Swift file.
@Suite struct StyleTests {
    static let sources = (try? Repository.swiftFiles(in: "Sources")) ?? []
    static let tests = (try? Repository.swiftFiles(in: "Tests")) ?? []
    static let all = sources + tests

    @Test func thereAreFilesToRead() {
        #expect(Self.sources.count > 10)
        #expect(Self.tests.count > 10)
    }

    @Test(arguments: all)
    func linesFitAHundredColumns(source: SwiftSource) {
        for (index, line) in source.lines.enumerated() where line.count > 100 {
            Issue.record("\(source.path):\(index + 1): \(line.count) columns")
        }
    }

    @Test(arguments: all)
    func filesFitFiveHundredLines(source: SwiftSource) {
        #expect(source.lines.count <= 501)
    }

    @Test(arguments: all)
    func functionsFitSeventyLines(source: SwiftSource) {
        for body in source.bodies where body.lineCount > 70 {
            Issue.record("\(source.path):\(body.line): \(body.lineCount) lines")
        }
    }

    @Test(arguments: all)
    func nothingIsForcedOrLeftForLater(source: SwiftSource) {
        report(source.codeLines(matching: /\b(try|as)!/), of: source, "is forced")
        let later = /\b(TODO|FIXME|XXX)\b/
        for index in source.comments.indices where source.comments[index].contains(later) {
            Issue.record("\(source.path):\(index + 1): is left for later")
        }
    }

    @Test(arguments: sources)
    func onlyTheCommandPrints(source: SwiftSource) {
        guard source.module != "cattleguard" else { return }
        report(source.codeLines(matching: /\b(print|debugPrint|dump)\(/), of: source, "prints")
    }

    @Test(arguments: sources)
    func concurrencyIsThreadsAndNothingElse(source: SwiftSource) {
        let concurrency = /\b(async|await|actor|Task)\b/
        report(source.codeLines(matching: concurrency), of: source, "uses Swift concurrency")
    }

    @Test(arguments: sources)
    func whatIsUncheckedIsProvenInAComment(source: SwiftSource) {
        let unchecked = /@unchecked Sendable|nonisolated\(unsafe\)/
        let unproven = source.codeLines(matching: unchecked).filter { line in
            !source.comments[max(0, line - 4)..<min(line + 3, source.comments.count)]
                .contains { $0.contains(/[Ss]ound/) }
        }
        report(unproven, of: source, "is unchecked, and no comment says why that is sound")
    }

    @Test(arguments: sources)
    func unsafeCodeSaysWhyItIsSound(source: SwiftSource) {
        guard let line = source.codeLines(matching: /\bunsafe\b/).first else { return }
        let isProven = source.comments.contains { $0.contains(/\b[Ss]ound\b/) }
        #expect(isProven, "\(source.path):\(line): is unsafe, and no comment says why it is sound")
    }

    @Test(arguments: sources)
    func packageDeclarationsSayWhatTheyAre(source: SwiftSource) {
        let declaration =
            /^\s*(@\w+(\([^)]*\))? )*package (?!import)/
        let witnesses = /\b(var description\b|func == |func < |func hash\(|static func ==)/
        for line in source.codeLines(matching: declaration) {
            guard !source.code[line - 1].contains(witnesses) else { continue }
            // Attributes may stand on lines of their own between the comment and the declaration.
            var before = line - 2
            while before >= 0, source.code[before].contains(/^\s*@[^{]*$/) { before -= 1 }
            if before < 0 || !source.comments[before].contains("///") {
                Issue.record("\(source.path):\(line): has no doc comment")
            }
        }
    }

    private func report(_ lines: [Int], of source: SwiftSource, _ problem: String) {
        for line in lines { Issue.record("\(source.path):\(line): \(problem)") }
    }
}
