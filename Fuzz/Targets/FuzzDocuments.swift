import Document

/// What is read once and written reads again, and is written alike.
func fuzzJSON(_ bytes: [UInt8]) {
    let small = ReadingLimits(depth: 8, nodes: 64)
    let document = Document()
    _ = try? JSONReader.read(bytes, limits: small, into: document)
    do throws(DocumentError) {
        try JSONReader.read(bytes, limits: .admission, into: document)
    } catch {
        require(error.position.line >= 1 && error.position.column >= 1, "no such place")
        return
    }
    guard let root = document.root else { fatalError("read, yet there is no root") }
    let written = rewritten(root)
    let again = Document()
    do throws(DocumentError) {
        try JSONReader.read(written, limits: .admission, into: again)
    } catch {
        fatalError("what was written cannot be read: \(error)")
    }
    require(again.root.map(rewritten) == written, "it reads otherwise when written")
    // Skipping validates as reading does: what is no value must not hide in what no rule reads.
    document.reset(json: bytes)
    var skipper = JSONReader(document, limits: .admission)
    do throws(DocumentError) {
        try skipper.skipValue()
        try skipper.end()
    } catch {
        fatalError("read, yet cannot be skipped: \(error)")
    }
}

/// Every document of the stream, and every node of each, within the limits.
func fuzzYAML(_ bytes: [UInt8]) {
    let limits = ReadingLimits(depth: 64, nodes: 4096)
    let reader = YAMLReader(bytes, limits: limits)
    let document = Document()
    var count = 0
    do throws(DocumentError) {
        while try reader.next(into: document) {
            count += 1
            // The shortest document is its separator.
            require(count <= bytes.count + 1, "more documents than bytes")
            if let root = document.root { _ = rewritten(root) }
        }
    } catch {
        require(error.position.line >= 1 && error.position.column >= 1, "no such place")
    }
}

/// A node and all below it as JSON, without recursion: depth is up to the input.
func rewritten(_ root: Node) -> [UInt8] {
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
            require(node.position.line >= 1, "no such place")
        }
    }
    return writer.takeBytes()
}
