/// What a value looks like, where its name says that it is or may be a secret. Bytes in, no string
/// made, in time of their number.
enum SecretValue {
    /// Whether nothing is written out: white space, or only references to other values:
    /// `$(NAME)`, which Kubernetes expands, or `${NAME}` and `$NAME`, which a shell or a program
    /// does. `${NAME:-fallback}` writes the fallback out.
    static func isEmptyOrReference(_ value: Span<UInt8>) -> Bool {
        var isBlank = true
        var refers = false
        var index = 0
        while index < value.count {
            let byte = value[index]
            if let end = endOfReference(at: index, in: value) {
                refers = true
                index = end
                continue
            }
            guard byte <= 0x20 || "'\"$:/.,;-_@".utf8.contains(byte) else { return false }
            if byte > 0x20 { isBlank = false }
            index += 1
        }
        return isBlank || refers
    }

    /// Whether the value is made where it stands: parts of it are another's.
    static func isComputed(_ value: Span<UInt8>) -> Bool {
        for index in value.indices where "$`([{<)]}>".utf8.contains(value[index]) { return true }
        return value.count > 0 && value[0] == UInt8(ascii: "=")
    }

    /// Whether the value switches something on or off: `MYSQL_RANDOM_ROOT_PASSWORD=yes`.
    static func isSwitch(_ value: Span<UInt8>) -> Bool {
        ["true", "false", "yes", "no", "on", "off"].contains { equals(value, $0) }
    }

    /// Whether the value is a whole number.
    static func isNumber(_ value: Span<UInt8>) -> Bool {
        for index in value.indices where !isDigit(value[index]) { return false }
        return !value.isEmpty
    }

    /// Whether the value is a file's absolute path of two names or more.
    static func isPath(_ value: Span<UInt8>) -> Bool {
        var slashes = 0
        for index in value.indices {
            let byte = value[index]
            if byte == UInt8(ascii: "/") {
                slashes += 1
            } else if !isLetter(byte), !isDigit(byte), !"._-".utf8.contains(byte) {
                return false
            }
        }
        return slashes > 1 && value[0] == UInt8(ascii: "/")
    }

    /// Whether the value is for everybody to see: a certificate, a request for one, a public key.
    /// That no private key lies behind it, `SecretShapes` tells.
    static func isPublic(_ value: Span<UInt8>) -> Bool {
        var start = 0
        while start < value.count, value[start] <= 0x20 { start += 1 }
        if publicBeginnings.contains(where: { begins(value, $0, at: start) }) { return true }
        guard begins(value, "-----BEGIN ", at: start) else { return false }
        // The label ends where the first line does.
        var end = start
        while end < value.count, value[end] != 0x0A, end - start < 80 { end += 1 }
        return publicLabels.contains { label in
            (start..<end).contains { begins(value, label, at: $0) }
        }
    }

    /// The keys of OpenSSH (sshd(8), AUTHORIZED_KEYS), and certificates in base64.
    private static let publicBeginnings = [
        "ssh-rsa ", "ssh-ed25519 ", "ssh-dss ", "ecdsa-sha2-", "sk-ssh-ed25519@", "sk-ecdsa-sha2-",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR", "LS0tLS1CRUdJTiBQVUJMSUMgS0VZ",
    ]

    private static let publicLabels = [
        "CERTIFICATE", "PUBLIC KEY", "X509 CRL", "DH PARAMETERS", "EC PARAMETERS",
    ]
}

// MARK: Randomness

extension SecretValue {
    /// Whether the value looks drawn by lot: one word of 16 characters or more, of 3.5 bits of
    /// entropy each or more, that is no path, no address and no name made of words.
    static func looksRandom(_ value: Span<UInt8>) -> Bool {
        let bytes = trimmed(value)
        var characters = 0
        for index in bytes {
            if value[index] <= 0x20 { return false }
            if value[index] & 0xC0 != 0x80 { characters += 1 }
        }
        guard characters >= minimumLength, bitsPerByte(of: value, bytes) >= minimumEntropy else {
            return false
        }
        return !isPath(value) && !isAddress(value, bytes) && !isMadeOfWords(value, bytes)
    }

    static let minimumLength = 16
    static let minimumEntropy = 3.5

    /// The bytes that are left without white space around them, and without the scheme of an
    /// `Authorization` header before them.
    private static func trimmed(_ value: Span<UInt8>) -> Range<Int> {
        var start = 0
        var end = value.count
        while start < end, value[start] <= 0x20 { start += 1 }
        while end > start, value[end - 1] <= 0x20 { end -= 1 }
        for scheme in ["Bearer ", "Basic "] where begins(value, scheme, at: start) {
            start = min(start + scheme.utf8.count, end)
        }
        return start..<end
    }

    /// Shannon's entropy of the bytes.
    static func bitsPerByte(of value: Span<UInt8>, _ bytes: Range<Int>) -> Double {
        var counts = [Int](repeating: 0, count: 256)
        for index in bytes { counts[Int(value[index])] += 1 }
        var sum = 0.0
        for count in counts where count > 0 { sum += Double(count) * log2(count) }
        return log2(bytes.count) - sum / Double(bytes.count)
    }

    /// The logarithm, exact for powers of two: the integer part is the exponent, and each squaring
    /// of the rest gives one binary digit more.
    private static func log2(_ number: Int) -> Double {
        let value = Double(number)
        var result = Double(value.exponent)
        var rest = value.significand
        var digit = 0.5
        for _ in 0..<32 where rest > 1 {
            rest *= rest
            if rest >= 2 {
                rest /= 2
                result += digit
            }
            digit /= 2
        }
        return result
    }

    /// A URL that holds no user's name, or a name in a cloud's directory.
    private static func isAddress(_ value: Span<UInt8>, _ bytes: Range<Int>) -> Bool {
        if begins(value, "arn:", at: bytes.lowerBound) { return true }
        guard let colon = bytes.first(where: { begins(value, "://", at: $0) }) else { return false }
        return !bytes.contains { $0 > colon && value[$0] == UInt8(ascii: "@") }
    }

    /// Whether the value is a name such as `auth-service.shop.svc`, `com.example.AuthFilter` or
    /// `10.0.0.1:8080`: parts between separators, each a word with two digits at most in it, or a
    /// short number.
    private static func isMadeOfWords(_ value: Span<UInt8>, _ bytes: Range<Int>) -> Bool {
        var parts = 1
        var part = Part()
        for index in bytes {
            let byte = value[index]
            if ".-_/:,@".utf8.contains(byte) {
                guard part.isWordOrNumber else { return false }
                parts += 1
                part = Part()
            } else if isDigit(byte) {
                part.digits += 1
            } else if isLetter(byte) {
                part.letters += 1
                if byte < UInt8(ascii: "a") { part.capitals += 1 }
            } else {
                return false
            }
        }
        return parts > 1 && part.isWordOrNumber
    }

    /// What stands between two separators.
    private struct Part {
        var letters = 0
        var capitals = 0
        var digits = 0

        var isWordOrNumber: Bool {
            if letters == 0 { return digits <= 5 }
            return digits <= 2 && letters <= 32
                && (capitals == letters || capitals * 3 <= letters + 2)
        }
    }
}

// MARK: Bytes

extension SecretValue {
    /// Where the reference that begins at `start` ends, or nil where none begins.
    private static func endOfReference(at start: Int, in value: Span<UInt8>) -> Int? {
        guard value[start] == UInt8(ascii: "$"), start + 1 < value.count else { return nil }
        let closing: UInt8? =
            switch value[start + 1] {
            case UInt8(ascii: "("): UInt8(ascii: ")")
            case UInt8(ascii: "{"): UInt8(ascii: "}")
            default: nil
            }
        let name = start + (closing == nil ? 1 : 2)
        var end = name
        while end < value.count,
            isLetter(value[end]) || isDigit(value[end])
                || value[end] == UInt8(ascii: "_")
                || closing != nil && "-.".utf8.contains(value[end])
        {
            end += 1
        }
        guard end > name else { return nil }
        guard let closing else { return end }
        return end < value.count && value[end] == closing ? end + 1 : nil
    }

    private static func begins(_ value: Span<UInt8>, _ word: String, at start: Int) -> Bool {
        let word = word.utf8.span
        guard start + word.count <= value.count else { return false }
        for index in word.indices where value[start + index] != word[index] { return false }
        return true
    }

    private static func equals(_ value: Span<UInt8>, _ word: String) -> Bool {
        let word = word.utf8.span
        guard word.count == value.count else { return false }
        for index in word.indices where value[index] | 0x20 != word[index] { return false }
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
