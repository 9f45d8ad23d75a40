internal import CLinux
internal import Glibc

/// An IPv4 or IPv6 address and a port.
package struct SocketAddress: Sendable, CustomStringConvertible {
    /// A `sockaddr_in6`, or the `sockaddr_in` that begins it: the family says which.
    var storage = sockaddr_in6()

    init() {}

    /// Reads a numeric address (`0.0.0.0`, `::1`) or `localhost`, which is 127.0.0.1; nil for
    /// anything else: no name is ever looked up.
    package init?(host: String, port: UInt16) {
        let numeric = host == "localhost" ? "127.0.0.1" : host
        storage.sin6_port = port.bigEndian
        storage.sin6_family = sa_family_t(AF_INET6)
        // Sound: inet_pton writes 16 bytes, and in6_addr has 16.
        if unsafe inet_pton(AF_INET6, numeric, &storage.sin6_addr) == 1 { return }
        var address = in_addr()
        // Sound: inet_pton writes 4 bytes, and in_addr has 4.
        guard unsafe inet_pton(AF_INET, numeric, &address) == 1 else { return nil }
        storage.sin6_family = sa_family_t(AF_INET)
        // Both structures have family and port in the same place; an IPv4 address lies where
        // IPv6 has its flow label.
        storage.sin6_flowinfo = address.s_addr
    }

    var family: Int32 { Int32(storage.sin6_family) }

    /// The port, in the host's byte order.
    package var port: UInt16 { UInt16(bigEndian: storage.sin6_port) }

    /// The address without the port: `10.0.0.1`, `::1`. An IPv4 peer of a `::` listener reads
    /// as IPv4.
    package var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let capacity = socklen_t(text.count)
        // Sound: inet_ntop writes at most `capacity` bytes, ending with a NUL.
        if family == AF_INET {
            var address = in_addr(s_addr: storage.sin6_flowinfo)
            _ = unsafe inet_ntop(AF_INET, &address, &text, capacity)
        } else {
            var address = storage.sin6_addr
            _ = unsafe inet_ntop(AF_INET6, &address, &text, capacity)
        }
        let host = String(
            decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return host.hasPrefix("::ffff:") && host.contains(".") ? String(host.dropFirst(7)) : host
    }

    /// `10.0.0.1:8443`, `[::1]:8443`.
    package var description: String {
        let host = host
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// The part of an address that stands for one user of the network: all of an IPv4 address, the
/// first 64 bits of an IPv6 one, for whoever has one address of such a network may take any other
/// (RFC 4291 section 2.5.4).
package struct PeerNetwork: Hashable, Sendable {
    private let isIPv6: Bool
    private let prefix: UInt64

    /// The network of an address; an IPv4 peer of a `::` listener counts as IPv4.
    package init(_ address: SocketAddress) {
        guard address.family != AF_INET else {
            self.init(isIPv6: false, prefix: UInt64(address.storage.sin6_flowinfo))
            return
        }
        // Sound: every pattern of bits is an integer, and the address has 16 bytes.
        let (high, low) = unsafe withUnsafeBytes(of: address.storage.sin6_addr) { bytes in
            unsafe (
                bytes.loadUnaligned(as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        let isMapped = high == 0 && UInt64(bigEndian: low) >> 32 == 0xFFFF
        self.init(isIPv6: !isMapped, prefix: isMapped ? UInt64(UInt32(low >> 32)) : high)
    }

    private init(isIPv6: Bool, prefix: UInt64) {
        self.isIPv6 = isIPv6
        self.prefix = prefix
    }
}
