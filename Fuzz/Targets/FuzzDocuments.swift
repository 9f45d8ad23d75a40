import Document

/// What is read once and written reads again, and is written alike; limits, what stands around it
/// and whether it is read or skipped change nothing but whether a limit is passed.
func fuzzJSON(_ bytes: [UInt8]) {
    let places = Places(of: bytes, language: .json)
    let (document, error) = readJSON(bytes, .admission)
    let (small, smallError) = readJSON(bytes, ReadingLimits(depth: 8, nodes: 64))
    defer { withExtendedLifetime((document, small)) {} }
    if smallError?.kind != .limit {
        require(error == smallError, "under small limits: \(smallError as Any) \(error as Any)")
    }
    if let error { places.check(error.position) }
    checkSkipping(bytes, error)

    guard let root = document.root, error == nil else { return }
    let written = rewritten(root, in: places)
    if smallError == nil {
        require(small.root.map { rewritten($0) } == written, "otherwise under small limits")
    }
    readOwnJSON(written) { require(rewritten($0) == written, "it reads otherwise when written") }
    checkEmbedded(bytes, written)
}

private func readJSON(
    _ bytes: [UInt8], _ limits: ReadingLimits
) -> (document: Document, error: DocumentError?) {
    let document = Document()
    do throws(DocumentError) {
        try JSONReader.read(bytes, limits: limits, into: document)
        require(document.root != nil, "read, yet there is no root")
        return (document, nil)
    } catch {
        require(!error.message.isEmpty, "refused without a reason")
        return (document, error)
    }
}

/// Skipping validates as reading does: what is no value must not hide in what no rule reads.
private func checkSkipping(_ bytes: [UInt8], _ error: DocumentError?) {
    let document = Document()
    document.reset(json: bytes)
    var skipper = JSONReader(document, limits: .admission)
    do throws(DocumentError) {
        try skipper.skipValue()
        try skipper.end()
        // Neither members nor nodes are counted or compared in what is skipped.
        let mayBeSkipped = error == nil || error?.kind == .duplicateKey || error?.kind == .limit
        require(mayBeSkipped, "skipped, yet it cannot be read: \(error as Any)")
    } catch let skipError {
        guard let error else { fatalError("read, yet it cannot be skipped: \(skipError)") }
        guard error.kind == .syntax || error.kind == .encoding else { return }
        require(error == skipError, "reading says \(error), skipping \(skipError)")
    }
}

/// A value in the middle of a buffer, read into a tree that was used before, is the same value.
private func checkEmbedded(_ bytes: [UInt8], _ written: [UInt8]) {
    let document = Document()
    defer { withExtendedLifetime(document) {} }
    document.reset(json: Array(#"{"a":["used",{"b":1}],"c":"\u0041"}"#.utf8))
    var before = JSONReader(document, limits: .admission)
    _ = try? before.readValue()
    let around = Array(#"{"x":""#.utf8)
    document.reset(
        json: around + bytes + around, range: around.count..<around.count + bytes.count)
    var reader = JSONReader(document, limits: .admission)
    do throws(DocumentError) {
        let root = try reader.readValue()
        try reader.end()
        require(
            rewritten(root, in: Places(of: bytes, language: .json)) == written,
            "in a buffer it reads otherwise")
    } catch {
        fatalError("in a buffer it cannot be read: \(error)")
    }
}

/// Every document of the stream, and every node of each, within the limits and in the text; a
/// second reading is the same, whatever the tree was used for.
func fuzzYAML(_ bytes: [UInt8]) {
    let places = Places(of: bytes, language: .yaml)
    let used = Document()
    _ = try? JSONReader.read(Array(#"{"a":["used",{"b":1}]}"#.utf8), limits: .admission, into: used)
    let first = readYAML(bytes, into: Document(), places)
    let second = readYAML(bytes, into: used, places)
    require(first.documents == second.documents, "it reads otherwise in a used tree")
    require(first.error == second.error, "another error in a used tree")
}

private func readYAML(
    _ bytes: [UInt8], into document: Document, _ places: Places
) -> (documents: [[UInt8]], error: DocumentError?) {
    let reader = YAMLReader(bytes, limits: ReadingLimits(depth: 64, nodes: 4096))
    defer { withExtendedLifetime(document) {} }
    var documents: [[UInt8]] = []
    do throws(DocumentError) {
        while try reader.next(into: document) {
            // The shortest document is its separator.
            require(documents.count <= bytes.count, "more documents than bytes")
            guard let root = document.root else { fatalError("a document without a root") }
            documents.append(rewritten(root, in: places))
        }
        let isOver = try reader.next(into: document) == false
        require(isOver, "a document behind the end")
        return (documents, nil)
    } catch {
        // What is found before there is YAML is where a line feed and nothing else ends a line.
        let isRead = error.kind != .encoding
        (isRead ? places : Places(of: bytes, language: .json)).check(error.position)
        require(!error.message.isEmpty, "refused without a reason")
        do throws(DocumentError) {
            _ = try reader.next(into: document)
            fatalError("a document behind an error")
        } catch let again {
            require(again == error, "another error at the second time")
        }
        return (documents, error)
    }
}

/// Looks at the root of JSON that we have written. A node is valid while its document lives.
func readOwnJSON<Result>(_ bytes: [UInt8], _ look: (Node) -> Result) -> Result {
    let (document, error) = readJSON(bytes, .admission)
    defer { withExtendedLifetime(document) {} }
    guard let root = document.root, error == nil else { fatalError("no JSON: \(error as Any)") }
    return look(root)
}

/// How many characters each line of a text has: where a position may be.
struct Places {
    /// What ends a line.
    enum Language {
        /// A line feed.
        case json
        /// YAML 1.1: also CR, CR LF, NEL, LS and PS.
        case yaml
    }

    private let language: Language
    private var columns: [Int] = [1]

    init(of text: [UInt8], language: Language) {
        self.language = language
        var index = 0
        while index < text.count {
            let rest = text[index...]
            let isBreak: Bool
            if language == .yaml, rest.starts(with: [0x0D, 0x0A]) {
                index += 1
                isBreak = true
            } else {
                isBreak =
                    rest.first == 0x0A
                    || language == .yaml
                        && (rest.first == 0x0D || rest.starts(with: [0xC2, 0x85])
                            || rest.starts(with: [0xE2, 0x80, 0xA8])
                            || rest.starts(with: [0xE2, 0x80, 0xA9]))
            }
            if isBreak {
                columns.append(1)
            } else if text[index] & 0xC0 != 0x80 {
                columns[columns.count - 1] += 1
            }
            index += 1
        }
    }

    /// A place in the text, or right behind a line of it.
    func check(_ position: SourcePosition) {
        require(contains(position), "\(position) is not in the text")
    }

    /// Whether a place is in the text, or right behind a line of it.
    func contains(_ position: SourcePosition) -> Bool {
        // libyaml begins a line at the end of the text, even where the last has no line break.
        if language == .yaml, position == SourcePosition(line: columns.count + 1, column: 1) {
            return true
        }
        return (1...columns.count).contains(position.line)
            && (1...columns[position.line - 1]).contains(position.column)
    }
}

/// A node and all below it as JSON, without recursion: depth is up to the input.
///
/// - Parameter places: The text's, for every node has one in it.
func rewritten(_ root: Node, in places: Places? = nil) -> [UInt8] {
    enum Step {
        case node(Node)
        case key(Node)
        case endObject
        case endArray
    }
    var writer = JSONWriter()
    var steps: [Step] = [.node(root)]
    while let step = steps.popLast() {
        switch step {
        case .key(let key):
            require(key.equals(key.string ?? ""), "a key differs from itself")
            writer.key(key.string ?? "")
        case .endObject: writer.endObject()
        case .endArray: writer.endArray()
        case .node(let node):
            switch node.kind {
            case .object:
                writer.beginObject()
                steps.append(.endObject)
                for (key, value) in Array(node.members).reversed() {
                    steps += [.node(value), .key(key)]
                }
            case .array:
                writer.beginArray()
                steps.append(.endArray)
                for element in Array(node.elements).reversed() { steps.append(.node(element)) }
            case .string: writer.string(node)
            case .number:
                _ = node.integer
                writer.raw(node.numberText ?? "null")
            case .boolean: writer.boolean(node.boolean ?? false)
            case .null: writer.null()
            }
            places?.check(node.position)
        }
    }
    return writer.takeBytes()
}
