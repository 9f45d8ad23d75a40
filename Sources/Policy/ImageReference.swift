internal import Document

/// Where the parts of a container image reference lie in its bytes, by the grammar that container
/// runtimes use (https://github.com/distribution/reference): `[domain/]path[:tag][@digest]`.
package struct ImageReference: Equatable, Sendable {
    /// The registry with its port; nil where the reference leaves it out.
    package private(set) var domain: Range<Int>?
    /// The path below the domain: `library/nginx`.
    package private(set) var path: Range<Int>
    /// The tag; nil where there is none.
    package private(set) var tag: Range<Int>?
    /// The digest with its algorithm; nil where there is none.
    package private(set) var digest: Range<Int>?

    /// Why a text is no reference.
    package struct Problem: Error, Equatable, Sendable {
        /// What was found and what was expected, as the end of a sentence about the image.
        package let message: String
    }

    /// The longest repository name that runtimes accept, domain included, in bytes.
    static let maximumNameLength = 255

    /// Reads a reference without allocating, unless it is wrong.
    package init(_ bytes: Span<UInt8>) throws(Problem) {
        guard !Self.isBlank(bytes) else { throw Problem(message: "it is blank") }
        var end = bytes.count
        if let at = Self.first(UInt8(ascii: "@"), in: bytes, 0..<end) {
            let range = at + 1..<end
            try Self.checkDigest(bytes, range)
            digest = range
            end = at
        }
        // A colon after the last slash begins a tag; one before it belongs to the domain's port.
        var lastComponent = 0
        while let slash = Self.first(UInt8(ascii: "/"), in: bytes, lastComponent..<end) {
            lastComponent = slash + 1
        }
        if let colon = Self.first(UInt8(ascii: ":"), in: bytes, lastComponent..<end) {
            let range = colon + 1..<end
            try Self.checkTag(bytes, range)
            tag = range
            end = colon
        }
        guard end <= Self.maximumNameLength else {
            throw Problem(
                message: "its name has \(end) characters; "
                    + "at most \(Self.maximumNameLength) are allowed")
        }
        var start = 0
        if let slash = Self.first(UInt8(ascii: "/"), in: bytes, 0..<end),
            Self.isDomain(bytes, 0..<slash)
        {
            domain = 0..<slash
            start = slash + 1
        }
        path = start..<end
        while true {
            let slash = Self.first(UInt8(ascii: "/"), in: bytes, start..<end)
            try Self.checkPathComponent(bytes, start..<(slash ?? end))
            guard let slash else { return }
            start = slash + 1
        }
    }

    /// Reads a reference from a string.
    package init(_ text: String) throws(Problem) { try self.init(text.utf8.span) }

    /// The name as Docker's clients complete it, without tag and digest:
    /// `docker.io/library/nginx`. What `exemptImages` is compared with.
    package static func normalizedName(of text: String) -> String? {
        guard let reference = try? ImageReference(text) else { return nil }
        let bytes = Array(text.utf8)
        var path = String(decoding: bytes[reference.path], as: UTF8.self)
        if let domain = reference.domain.map({ String(decoding: bytes[$0], as: UTF8.self) }) {
            if !isRegistry(domain) {
                path = "\(domain)/\(path)"
            } else if domain != "docker.io", domain != "index.docker.io" {
                return "\(domain)/\(path)"
            }
        }
        return path.contains("/") ? "docker.io/\(path)" : "docker.io/library/\(path)"
    }

    /// Whether the text is the id of an image that a runtime keeps (`sha256:` and hex), which by
    /// the grammar is a repository of that name with a long tag.
    static func isBareID(_ text: String) -> Bool {
        let bytes = text.utf8.span
        return (try? checkDigest(bytes, 0..<bytes.count)) != nil
    }

    /// The first component is a registry only where it cannot be a user's name.
    private static func isRegistry(_ domain: String) -> Bool {
        domain == "localhost"
            || domain.utf8.contains { byte in
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            }
    }
}

// MARK: The grammar

extension ImageReference {
    private static func first(_ byte: UInt8, in bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        WordScan.firstIndex(of: byte, in: bytes, range)
    }

    private static func isBlank(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where bytes[index] > 0x20 { return false }
        return true
    }

    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        var text: [UInt8] = []
        for index in range.prefix(80) { text.append(bytes[index]) }
        return String(decoding: text, as: UTF8.self) + (range.count > 80 ? "…" : "")
    }

    private static func isDomain(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return false }
        if bytes[range.lowerBound] == UInt8(ascii: "[") {
            guard let end = first(UInt8(ascii: "]"), in: bytes, range),
                end > range.lowerBound + 1
            else { return false }
            for index in range.lowerBound + 1..<end {
                guard isHex(bytes[index]) || bytes[index] == UInt8(ascii: ":") else { return false }
            }
            return end + 1 == range.upperBound || isPort(bytes, end + 1..<range.upperBound)
        }
        let colon = first(UInt8(ascii: ":"), in: bytes, range)
        if let colon, !isPort(bytes, colon..<range.upperBound) { return false }
        return isHostName(bytes, range.lowerBound..<(colon ?? range.upperBound))
    }

    /// Labels of letters, digits and inner hyphens, joined by dots.
    private static func isHostName(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var previous = UInt8(ascii: ".")
        for index in range {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "."):
                guard isAlphanumeric(previous) else { return false }
            case UInt8(ascii: "-"):
                guard previous != UInt8(ascii: ".") else { return false }
            default:
                guard isAlphanumeric(byte) else { return false }
            }
            previous = byte
        }
        return isAlphanumeric(previous)
    }

    /// `:` and digits.
    private static func isPort(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count > 1, bytes[range.lowerBound] == UInt8(ascii: ":") else { return false }
        for index in range.dropFirst() where !isDigit(bytes[index]) { return false }
        return true
    }

    /// `[a-z0-9]+` joined by one `.`, one or two `_`, or any number of `-`.
    private static func checkPathComponent(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(Problem) {
        guard !range.isEmpty else { throw Problem(message: "it has an empty path component") }
        var separatorStart: Int?
        var isSound = true
        for index in range {
            let byte = bytes[index]
            if isLower(byte) || isDigit(byte) {
                if let start = separatorStart {
                    isSound =
                        isSound && start > range.lowerBound
                        && isSeparator(bytes, start..<index)
                }
                separatorStart = nil
            } else if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
            {
                separatorStart = separatorStart ?? index
            } else {
                let component = text(bytes, range)
                throw Problem(
                    message: isAlphanumeric(byte)
                        ? "its path component \"\(component)\" is not lower case"
                        : "its path component \"\(component)\" has a character other than "
                            + "a-z, 0-9, '.', '_' and '-'")
            }
        }
        if !isSound || separatorStart != nil {
            throw Problem(
                message: "its path component \"\(text(bytes, range))\" has misplaced separators")
        }
    }

    private static func isSeparator(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let first = bytes[range.lowerBound]
        for index in range where bytes[index] != first { return false }
        switch first {
        case UInt8(ascii: "-"): return true
        case UInt8(ascii: "_"): return range.count <= 2
        default: return range.count == 1
        }
    }

    /// `[\w][\w.-]{0,127}`.
    private static func checkTag(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Problem) {
        guard !range.isEmpty else { throw Problem(message: "its tag is empty") }
        guard range.count <= 128 else {
            throw Problem(message: "its tag has \(range.count) characters; at most 128 are allowed")
        }
        for index in range {
            let byte = bytes[index]
            let isInner = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            guard
                isAlphanumeric(byte) || byte == UInt8(ascii: "_")
                    || (isInner && index > range.lowerBound)
            else {
                throw Problem(
                    message: "its tag \"\(text(bytes, range))\" is not made of letters, digits, "
                        + "'_', '.' and '-'")
            }
        }
    }

    /// sha256, sha384 or sha512 with lower-case hex of the exact length.
    private static func checkDigest(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Problem) {
        guard let colon = first(UInt8(ascii: ":"), in: bytes, range) else {
            throw Problem(
                message: "its digest \"\(text(bytes, range))\" names no algorithm, as sha256: does")
        }
        let algorithm = range.lowerBound..<colon
        let hex = colon + 1..<range.upperBound
        let length: Int
        if equals(bytes, algorithm, "sha256") {
            length = 64
        } else if equals(bytes, algorithm, "sha384") {
            length = 96
        } else if equals(bytes, algorithm, "sha512") {
            length = 128
        } else {
            throw Problem(
                message: "its digest algorithm \"\(text(bytes, algorithm))\" is not sha256, "
                    + "sha384 or sha512")
        }
        for index in hex {
            let byte = bytes[index]
            guard isDigit(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")) else {
                throw Problem(message: "its digest is not lower-case hexadecimal")
            }
        }
        guard hex.count == length else {
            throw Problem(
                message: "its \(text(bytes, algorithm)) digest has \(hex.count) digits, "
                    + "not \(length)")
        }
    }

    private static func equals(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ word: String
    ) -> Bool {
        let word = word.utf8.span
        guard range.count == word.count else { return false }
        for index in word.indices where bytes[range.lowerBound + index] != word[index] {
            return false
        }
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isLower(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLower(byte | 0x20)
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
    }
}

extension [Glob] {
    /// Whether the image is on the list; an image that is no reference never is.
    func matches(image: Node?) -> Bool {
        guard !isEmpty, let text = image?.string,
            let name = ImageReference.normalizedName(of: text)
        else { return false }
        return anyMatches(name)
    }
}
