internal import CLinux
internal import Glibc

/// A TCP socket that accepts connections. Non-blocking.
package struct ListeningSocket: ~Copyable, Sendable {
    /// What the kernel is asked to hold for a connection in each direction, in bytes.
    package static let kernelBufferBytes = 32 << 10

    private let descriptor: Descriptor

    private init(adopting descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Listens on a numeric address (`SocketAddress.init(host:port:)`) and a port, 0 for any that
    /// is free. With `reusePort` several sockets share the port and the kernel spreads
    /// connections over them (socket(7), SO_REUSEPORT). `::` takes IPv4 as well.
    package static func bind(
        host: String, port: UInt16, reusePort: Bool, backlog: Int32
    ) throws(SystemError) -> ListeningSocket {
        let subject = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        guard let address = SocketAddress(host: host, port: port) else {
            throw SystemError(call: "bind", subject: subject, code: EADDRNOTAVAIL)
        }
        let number = linux_stream_socket(address.family, 1)
        guard number >= 0 else { throw SystemError(last: "socket", subject: subject) }
        let descriptor = Descriptor(adopting: number)
        try setOption(number, SOL_SOCKET, SO_REUSEADDR, 1)
        if reusePort { try setOption(number, SOL_SOCKET, SO_REUSEPORT, 1) }
        if address.family == AF_INET6 { try setOption(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        // Accepted sockets inherit it on Linux, which saves a call for each.
        try setOption(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        // As large as a usual request, which the kernel doubles, and of that size for good: left to
        // itself it lends a peer that takes no answer 4 MiB, outside all that we count.
        try setOption(number, SOL_SOCKET, SO_RCVBUF, Int32(kernelBufferBytes))
        try setOption(number, SOL_SOCKET, SO_SNDBUF, Int32(kernelBufferBytes))
        var storage = address.storage
        // Sound: the call reads the address only, whose length follows from its family.
        guard unsafe linux_bind(number, &storage) == 0 else {
            throw SystemError(last: "bind", subject: subject)
        }
        guard Glibc.listen(number, backlog) == 0 else {
            throw SystemError(last: "listen", subject: subject)
        }
        return ListeningSocket(adopting: descriptor)
    }

    /// The number to poll.
    package var rawValue: Int32 { descriptor.rawValue }

    /// The port it listens on, known even when 0 was asked for.
    package var localPort: UInt16 {
        var address = SocketAddress()
        // Sound: the call writes at most the size of the structure it is given.
        guard unsafe linux_local_address(descriptor.rawValue, &address.storage) == 0 else {
            return 0
        }
        return address.port
    }

    /// Takes the next connection, or returns nil when there is none now. Errors that concern only
    /// the connection that was to be accepted are passed over (accept(2)); what is thrown concerns
    /// the listener: see `SystemError.isExhaustion`.
    package func accept() throws(SystemError) -> Accepted? {
        while true {
            var peer = SocketAddress()
            // Sound: the call writes at most the size of the structure it is given.
            let number = unsafe linux_accept(descriptor.rawValue, &peer.storage)
            if number >= 0 {
                let socket = StreamSocket(adopting: Descriptor(adopting: number))
                return Accepted(socket: socket, peer: peer)
            }
            switch errno {
            case EAGAIN: return nil
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM:
                continue
            default: throw SystemError(last: "accept")
            }
        }
    }
}

/// A connection just accepted.
package struct Accepted: ~Copyable, Sendable {
    /// The connection; non-blocking, with TCP_NODELAY.
    package var socket: StreamSocket
    /// Who connected.
    package let peer: SocketAddress

    /// Gives the connection away.
    package consuming func takeSocket() -> StreamSocket { socket }
}

/// What a read brought.
package enum ReadResult: Equatable, Sendable {
    /// So many bytes, at least one.
    case bytes(Int)
    /// Nothing now: wait until the descriptor is readable.
    case wouldBlock
    /// The peer has sent its last byte.
    case end
}

/// What a write took.
package enum WriteResult: Equatable, Sendable {
    /// So many bytes from the beginning, perhaps not all.
    case bytes(Int)
    /// Nothing now: wait until the descriptor is writable.
    case wouldBlock
}

/// A TCP connection.
package struct StreamSocket: ~Copyable, Sendable {
    private let descriptor: Descriptor

    init(adopting descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Connects to a numeric address and waits for it; for probes and tests. The socket blocks: a
    /// read or a write that takes longer than the timeout is `.wouldBlock`, and so long may the
    /// connecting take too (`EINPROGRESS`).
    package static func connect(
        host: String, port: UInt16, timeoutMilliseconds: Int
    ) throws(SystemError) -> StreamSocket {
        guard let address = SocketAddress(host: host, port: port) else {
            throw SystemError(call: "connect", subject: host, code: EADDRNOTAVAIL)
        }
        let number = linux_stream_socket(address.family, 0)
        guard number >= 0 else { throw SystemError(last: "socket") }
        let descriptor = Descriptor(adopting: number)
        try setTimeout(number, SO_RCVTIMEO, milliseconds: timeoutMilliseconds)
        try setTimeout(number, SO_SNDTIMEO, milliseconds: timeoutMilliseconds)
        try setOption(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        var storage = address.storage
        // Sound: the call reads the address only, whose length follows from its family.
        _ = try retrying("connect", address.description) {
            unsafe linux_connect(number, &storage)
        }
        return StreamSocket(adopting: descriptor)
    }

    /// The number to poll.
    package var rawValue: Int32 { descriptor.rawValue }

    /// Reads what has arrived, as far as the buffer has room. The buffer must not be empty.
    package func read(into buffer: inout MutableSpan<UInt8>) throws(SystemError) -> ReadResult {
        precondition(!buffer.isEmpty, "a read needs room, or it looks like the end")
        while true {
            // Sound: recv writes at most `count` bytes, and the span is exclusive meanwhile.
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor.rawValue, $0.baseAddress, $0.count, 0)
            }
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            switch errno {
            case EAGAIN: return .wouldBlock
            case EINTR: continue
            default: throw SystemError(last: "read")
            }
        }
    }

    /// Writes as much as the kernel takes now. A peer that is gone is an error, never SIGPIPE.
    package func write(_ bytes: Span<UInt8>) throws(SystemError) -> WriteResult {
        while true {
            // Sound: send only reads the bytes, which the span keeps alive.
            let count = unsafe bytes.withUnsafeBytes {
                unsafe send(
                    descriptor.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EAGAIN: return .wouldBlock
            case EINTR: continue
            default: throw SystemError(last: "write")
            }
        }
    }

    /// Tells the peer that nothing more will come; reading goes on. A connection that is already
    /// gone is no error.
    package func shutdownWrite() {
        _ = Glibc.shutdown(descriptor.rawValue, Int32(SHUT_WR))
    }
}

private func setOption(
    _ socket: Int32, _ level: Int32, _ name: Int32, _ value: Int32
) throws(SystemError) {
    var value = value
    let size = socklen_t(MemoryLayout<Int32>.size)
    // Sound: the call reads `size` bytes of `value`.
    _ = try retrying("setsockopt") { unsafe setsockopt(socket, level, name, &value, size) }
}

private func setTimeout(
    _ socket: Int32, _ name: Int32, milliseconds: Int
) throws(SystemError) {
    var value = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
    let size = socklen_t(MemoryLayout<timeval>.size)
    // Sound: the call reads `size` bytes of `value`.
    _ = try retrying("setsockopt") { unsafe setsockopt(socket, SOL_SOCKET, name, &value, size) }
}
