internal import HTTP

/// Media types and their negotiation (RFC 9110, sections 8.3.1 and 12.5.1).
enum MediaType {
    /// The type of a Content-Type field without its parameters, in lower case.
    static func essence(of field: String) -> String {
        // The API server sends a bare type in lower case, in every review.
        if field.utf8.allSatisfy(isLowerCaseToken) { return field }
        return trimmed(field.prefix { $0 != ";" }).lowercased()
    }

    private static func isLowerCaseToken(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "/")
    }

    /// Whether a body is as its type says, not compressed (RFC 9110, section 8.4).
    static func isUnencoded(_ fields: Fields) -> Bool {
        guard let encoding = fields["content-encoding"] else { return true }
        return trimmed(encoding[...]).lowercased() == "identity"
    }

    /// The offer that an Accept field likes best, the earlier of equals; nil where it takes none.
    ///
    /// - Parameters:
    ///   - accept: The field's value; nil and blank accept everything.
    ///   - offers: Types without parameters, in lower case, the preferred first.
    static func preferred(_ accept: String?, of offers: [String]) -> Int? {
        guard let accept, !trimmed(accept[...]).isEmpty else { return offers.isEmpty ? nil : 0 }
        let ranges = accept.split(separator: ",").compactMap(Range.init)
        var best: (index: Int, quality: Int)?
        for (index, offer) in offers.enumerated() {
            let matching = ranges.filter { $0.matches(offer) }
            guard let range = matching.max(by: { $0.precision < $1.precision }),
                range.quality > best?.quality ?? 0
            else { continue }
            best = (index, range.quality)
        }
        return best?.index
    }

    /// One element of an Accept field.
    private struct Range {
        let type: String
        /// The weight in thousandths.
        let quality: Int

        init?(_ element: Substring) {
            let parts = element.split(separator: ";")
            guard let first = parts.first else { return nil }
            type = trimmed(first).lowercased()
            var quality = 1000
            for part in parts.dropFirst() {
                let parameter = trimmed(part).lowercased()
                guard parameter.hasPrefix("q=") else { continue }
                quality = Self.thousandths(parameter.dropFirst(2))
            }
            self.quality = quality
        }

        /// How exactly the range names a type: `*/*` 0, `text/*` 1, `text/plain` 2.
        var precision: Int { type == "*/*" ? 0 : type.hasSuffix("/*") ? 1 : 2 }

        func matches(_ offer: String) -> Bool {
            switch precision {
            case 0: true
            case 1: offer.hasPrefix(type.dropLast())
            default: offer == type
            }
        }

        /// A weight such as `0.5` in thousandths; anything malformed counts as full weight.
        private static func thousandths(_ text: Substring) -> Int {
            guard let value = Double(text), value >= 0, value <= 1 else { return 1000 }
            return Int(value * 1000)
        }
    }
}

/// The text without spaces and tabs at its ends.
private func trimmed(_ text: Substring) -> String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var rest = text.drop(while: isBlank)
    while let last = rest.last, isBlank(last) { rest.removeLast() }
    return String(rest)
}
