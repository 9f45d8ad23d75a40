internal import CLibYAML

/// Reads a stream of YAML documents, one at a time, as kubectl reads manifests: YAML 1.1 typing,
/// anchors, aliases and merge keys expanded, keys made strings.
///
/// libyaml finds the structure; everything it leaves to its caller (limits, duplicate keys,
/// aliases, types) is decided while its events are pulled, so that a bomb stops where it passes a
/// limit. This file is the fence around libyaml: it owns the parser and hands out Swift values
/// only, which is why the class may call itself safe.
@safe package final class YAMLReader {
    /// The largest text that is read, in bytes: offsets in the tree have 32 bits, and decoding may
    /// make a text half as long again.
    package static let maximumBytes = 1 << 30
    /// How many `%TAG` directives a text may hold: libyaml compares each with all before it.
    package static let maximumTagDirectives = 64

    private let text: [UInt8]
    private let limits: ReadingLimits
    /// libyaml's parser: allocated by `init`, freed by `deinit`, used by nobody else.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// The index of the first byte of `text` that libyaml has not yet asked for.
    private var supplied = 0
    private var isAtEnd = false
    private var failure: DocumentError?

    /// Begins to read a text. What is wrong with it, the first `next` says.
    package init(_ text: [UInt8], limits: ReadingLimits) {
        self.text = text
        self.limits = limits
        unsafe parser = .allocate(capacity: 1)
        // Sound: the memory holds one parser. `yaml_parser_initialize` clears it first, so that
        // deleting it is right even where it fails.
        if unsafe yaml_parser_initialize(parser) == 0 {
            failure = DocumentError(.limit, "out of memory", at: .start)
            return
        }
        failure = Self.unfitness(of: text)
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { supplied = 3 }
        // Sound: the parser calls back only from `yaml_parser_parse`, which only this object calls,
        // so `self` lives as long as the unretained pointer is used.
        unsafe yaml_parser_set_input(parser, supplyText, Unmanaged.passUnretained(self).toOpaque())
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        // Sound: both were set up by `init`, and nothing else frees them.
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// Reads the next document that is not empty; `document` loses what it held. Returns false at
    /// the end of the stream. After an error the stream is over: the same error is thrown again.
    package func next(into document: Document) throws(DocumentError) -> Bool {
        if let failure { throw failure }
        document.resetForYAML()
        var composer = YAMLComposer(reusing: document, limits: limits)
        defer { composer.giveBack(to: document) }
        do throws(DocumentError) {
            while !isAtEnd {
                try pull(into: &composer)
                if composer.isComplete {
                    try composer.finish()
                    if !composer.isNull { return true }
                    composer.clear()
                }
            }
        } catch {
            composer.clear()
            failure = error
            throw error
        }
        return false
    }

    /// What can be told before parsing: a text that is too large, not UTF-8, or made to be slow.
    private static func unfitness(of text: [UInt8]) -> DocumentError? {
        if text.count > maximumBytes {
            return DocumentError(.limit, "more than \(maximumBytes) bytes", at: .start)
        }
        if text.starts(with: [0xFF, 0xFE]) || text.starts(with: [0xFE, 0xFF]) {
            return DocumentError(.encoding, "expected UTF-8, found UTF-16", at: .start)
        }
        var directives = 0
        var line = 1
        let directive = Array("%TAG".utf8)
        for index in text.indices {
            if text[index] == 0x0A { line += 1 }
            guard text[index] == directive[0], index == 0 || text[index - 1] < 0x20 else {
                continue
            }
            if text[index...].starts(with: directive) { directives += 1 }
            if directives > maximumTagDirectives {
                return DocumentError(
                    .limit, "more than \(maximumTagDirectives) %TAG directives",
                    at: SourcePosition(line: line, column: 1))
            }
        }
        return nil
    }

    /// Copies the next bytes of the text to libyaml's buffer and returns how many.
    fileprivate func supply(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, text.count - supplied)
        // Sound: `count` is at most the size of either side.
        unsafe text.withUnsafeBytes { bytes in
            unsafe buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[supplied..<supplied + count]))
        }
        supplied += count
        return count
    }
}

/// libyaml's read handler.
private func supplyText(
    reader: UnsafeMutableRawPointer?, buffer: UnsafeMutablePointer<UInt8>?, size: Int,
    count: UnsafeMutablePointer<Int>?
) -> Int32 {
    guard let reader = unsafe reader, let count = unsafe count else { return 0 }
    // Sound: `reader` is what `init` passed, and it lives (see there); libyaml's buffer has `size`
    // bytes.
    let source = unsafe Unmanaged<YAMLReader>.fromOpaque(reader).takeUnretainedValue()
    unsafe count.pointee = source.supply(
        UnsafeMutableRawBufferPointer(start: buffer, count: size))
    return 1
}

extension YAMLReader {
    /// Pulls one event and hands it to the composer.
    private func pull(into composer: inout YAMLComposer) throws(DocumentError) {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) != 0 else { throw parserError() }
        // Sound: `yaml_parser_parse` has filled the event; it is deleted once, after its last use,
        // and each branch reads the union member that its type names.
        defer { unsafe yaml_event_delete(&event) }
        let position = unsafe Self.position(event.start_mark)
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT:
            isAtEnd = true
        case YAML_ALIAS_EVENT:
            let name = unsafe Self.string(event.data.alias.anchor) ?? ""
            try composer.alias(name, at: position)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let start = composer.text.count
            unsafe composer.text.append(
                contentsOf: UnsafeBufferPointer(start: scalar.value, count: scalar.length))
            try composer.scalar(
                YAMLComposer.Scalar(
                    range: start..<composer.text.count,
                    tag: unsafe Self.string(scalar.tag),
                    isPlain: unsafe scalar.plain_implicit != 0,
                    anchor: unsafe Self.string(scalar.anchor)),
                at: position)
        case YAML_SEQUENCE_START_EVENT:
            let sequence = unsafe event.data.sequence_start
            try composer.beginCollection(
                .sequence, tag: unsafe Self.string(sequence.tag),
                anchor: unsafe Self.string(sequence.anchor), at: position)
        case YAML_MAPPING_START_EVENT:
            let mapping = unsafe event.data.mapping_start
            try composer.beginCollection(
                .mapping, tag: unsafe Self.string(mapping.tag),
                anchor: unsafe Self.string(mapping.anchor), at: position)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            try composer.endCollection()
        case YAML_DOCUMENT_END_EVENT:
            composer.endDocument()
        default:
            break
        }
    }

    /// A copy of a C string of libyaml's, or nil for none.
    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        // Sound: libyaml ends its tags and anchors with a zero byte.
        return unsafe String(cString: pointer)
    }

    private static func string(_ pointer: UnsafePointer<CChar>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        // Sound: libyaml's problems are string literals of C.
        return unsafe String(cString: pointer)
    }

    private static func position(_ mark: yaml_mark_t) -> SourcePosition {
        SourcePosition(line: mark.line + 1, column: mark.column + 1)
    }

    /// Why the parser stopped.
    private func parserError() -> DocumentError {
        // Sound: a parser that has failed keeps its problem until it is deleted.
        let problem = unsafe Self.string(parser.pointee.problem) ?? "unreadable YAML"
        switch unsafe parser.pointee.error {
        case YAML_MEMORY_ERROR:
            return DocumentError(.limit, "out of memory", at: .start)
        case YAML_READER_ERROR:
            let offset = unsafe parser.pointee.problem_offset
            let text = text
            return DocumentError(
                .encoding, "expected printable UTF-8, found: \(problem)",
                at: SourcePosition(ofByteAt: offset, in: text.span))
        default:
            let context = unsafe Self.string(parser.pointee.context).map { " \($0)" } ?? ""
            let position = unsafe Self.position(parser.pointee.problem_mark)
            return DocumentError(.syntax, "\(problem)\(context)", at: position)
        }
    }
}

extension Document {
    /// Forgets the tree and awaits decoded scalars.
    func resetForYAML() {
        forgetNodes()
        tree.text = []
        tree.isJSON = false
    }
}
