/// Where a listener listens, as in `https://0.0.0.0:8443` or `http://[::]:8080`.
package struct ListenerAddress: Sendable, Equatable, CustomStringConvertible {
    /// Whether the listener speaks TLS.
    package let isSecure: Bool
    /// An IPv4 or IPv6 address, the latter without brackets.
    package let host: String
    /// The port; 0 lets the system choose one.
    package let port: UInt16

    /// An address of its parts.
    package init(isSecure: Bool, host: String, port: UInt16) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    /// Reads `scheme://host:port`; nil where the text is anything else.
    package init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("https://") {
            isSecure = true
            rest = text.dropFirst("https://".count)
        } else if text.hasPrefix("http://") {
            isSecure = false
            rest = text.dropFirst("http://".count)
        } else {
            return nil
        }
        guard let colon = rest.lastIndex(of: ":"),
            let port = UInt16(rest[rest.index(after: colon)...])
        else { return nil }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// The address as it is written in a URL.
    package var description: String {
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return "\(isSecure ? "https" : "http")://\(bracketed):\(port)"
    }

    /// The same place with the port that the system chose.
    func withPort(_ port: UInt16) -> ListenerAddress {
        ListenerAddress(isSecure: isSecure, host: host, port: port)
    }
}
