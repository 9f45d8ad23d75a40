package import HTTP
package import Policy

/// What a server needs to be told, read and checked.
package struct Configuration: Sendable {
    /// The listener that the API server calls.
    package var admission: ListenerConfiguration
    /// The listener for people, pipelines and monitoring.
    package var service: ListenerConfiguration
    /// Certificate and key; needed when either listener speaks TLS.
    package var tls: TLSFiles?
    /// The cap that the policies were read with; shown in metrics.
    package var enforcement = Enforcement.declared
    /// Bytes that the trees of reviews may take at once, whatever the number of loops. At least
    /// `ReviewMemory.largest`, or the largest review would never be judged.
    package var reviewMemory = 12 << 20
    /// Threads that judge manifests for the check service.
    package var checkThreads = 1
    /// Checks that may wait for a thread; past it: 429.
    package var checkQueueLength = 32
    /// How many of those may be one peer's; past it: 429.
    package var checksPerPeer = 16
    /// How long requests are still taken after the end is announced, in nanoseconds.
    package var drainDelay: UInt64 = 5_000_000_000
    /// How long work in flight may take to finish after that, in nanoseconds.
    package var finishTime: UInt64 = 20_000_000_000
    /// How long an admission loop may be silent before `/livez` and `/healthz` fail, in
    /// nanoseconds.
    package var heartbeatLimit: UInt64 = 10_000_000_000

    /// When changed files are read again.
    package var reload = ReloadTimes()

    /// The most bytes that a PEM file may have.
    package var tlsFileBytes = 1 << 20
    /// How long a TLS session may be resumed, in seconds.
    package var ticketLifetimeSeconds: Int64 = 12 * 3600

    /// The configuration of a server with these listeners.
    package init(
        admission: ListenerConfiguration, service: ListenerConfiguration, tls: TLSFiles? = nil
    ) {
        self.admission = admission
        self.service = service
        self.tls = tls
    }
}

/// When files that changed are read again, in nanoseconds.
package struct ReloadTimes: Sendable {
    /// How long nothing more must change.
    package var quiet: UInt64 = 100_000_000
    /// How long that is waited for, where changes do not end.
    package var longest: UInt64 = 1_000_000_000
    /// How often files are read though no change was seen: not every file system tells.
    package var rescan: UInt64 = 30_000_000_000
    /// The same while the files cannot be read or their folder cannot be watched.
    package var blindRescan: UInt64 = 1_000_000_000
    /// How long the admission loops are given to take up what is new.
    package var adoption: UInt64 = 1_000_000_000

    /// The times of a server.
    package init() {}
}

/// How one listener and its loops behave.
package struct ListenerConfiguration: Sendable {
    /// Where to listen.
    package var address: ListenerAddress
    /// Loops, each a thread with a listening socket of its own.
    package var threads: Int
    /// Connections that all its loops may hold together; past it, those that keep us waiting make
    /// room, and while there are none, new ones wait to be accepted.
    package var connectionLimit: Int
    /// Connections that one peer (`PeerNetwork`) may hold; past it, a new one is closed as it
    /// comes. Nil where there is only one peer to be, the API server.
    package var connectionsPerPeer: Int?
    /// How long a connection must have kept us waiting before another may take its place, in
    /// nanoseconds, when there is no place left.
    package var patience: UInt64 = 1_000_000_000
    /// Bytes that large bodies, and answers not yet taken, may hold together; past it: 429. Each
    /// listener has its own, so that neither can be starved by way of the other.
    package var byteBudget: Int
    /// What one connection may hold and do.
    package var limits: Limits
    /// How long one connection may stay in each state.
    package var deadlines = DeadlineDurations()
    /// Connections that may wait to be accepted (listen(2)).
    package var backlog: Int32 = 1024

    /// A listener at an address.
    package init(
        address: ListenerAddress, threads: Int, connectionLimit: Int, byteBudget: Int,
        limits: Limits = Limits()
    ) {
        self.address = address
        self.threads = threads
        self.connectionLimit = connectionLimit
        self.byteBudget = byteBudget
        self.limits = limits
    }

    /// The limits of the admission listener: bodies of 32 MiB, because the API server writes `<`,
    /// `>` and `&` as six bytes each.
    package static func admission(
        _ address: ListenerAddress, threads: Int
    ) -> ListenerConfiguration {
        ListenerConfiguration(
            address: address, threads: threads, connectionLimit: 256, byteBudget: 40 << 20)
    }

    /// The limits of the service listener: bodies of 4 MiB. One peer may have half of what there
    /// is: it may be the proxy through which all come.
    package static func service(_ address: ListenerAddress) -> ListenerConfiguration {
        var limits = Limits()
        limits.bodyBytes = 4 << 20
        var configuration = ListenerConfiguration(
            address: address, threads: 1, connectionLimit: 64, byteBudget: 8 << 20,
            limits: limits)
        configuration.connectionsPerPeer = 32
        return configuration
    }
}

/// Where the TLS material lies, in PEM.
package struct TLSFiles: Sendable {
    /// The server's certificate, then those that lead from it to the authority.
    package let certificate: String
    /// The certificate's private key.
    package let privateKey: String
    /// The authorities of client certificates; with it, clients must show one.
    package let clientCA: String?

    /// Names the files.
    package init(certificate: String, privateKey: String, clientCA: String? = nil) {
        self.certificate = certificate
        self.privateKey = privateKey
        self.clientCA = clientCA
    }
}
