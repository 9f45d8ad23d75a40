internal import Posix
internal import TLS

/// The bytes of the TLS files.
struct TLSFileContents: Equatable, Sendable {
    let certificate: [UInt8]
    let privateKey: [UInt8]
    let clientCA: [UInt8]?
}

/// TLS files as they were loaded, and the context that they make.
struct LoadedTLS: LoadedFiles, Sendable {
    let files: TLSFileContents
    let context: TLSContext
    /// The keys of the context's session tickets.
    let ticketKeys: TicketKeys
}

/// Why TLS files cannot be used: the file at fault and the reason, for people.
struct TLSProblem: Error, Equatable, CustomStringConvertible {
    let file: String
    let reason: String

    var description: String { "\(file): \(reason)" }
}

/// Where the TLS material is read from, and how.
struct TLSSource: ReloadSource {
    let files: TLSFiles
    /// The most bytes that one file may have.
    let byteLimit: Int
    /// How long a key seals session tickets, in seconds.
    let ticketLifetimeSeconds: Int64

    var path: String { files.certificate }

    /// The folder of each file, and the one that holds it, in which it may be replaced. A mounted
    /// Secret is replaced by a link in its own folder.
    var watchedFolders: [String] {
        var folders: [String] = []
        for file in [files.certificate, files.privateKey, files.clientCA].compactMap(\.self) {
            let folder = SettledWatch.folder(holding: file)
            for folder in [folder, SettledWatch.folder(holding: folder)]
            where !folders.contains(folder) {
                folders.append(folder)
            }
        }
        return folders
    }

    /// Reads the files for the first time, when whoever starts the server may wait for a pipe.
    func read() throws(SystemError) -> TLSFileContents {
        try contents { file throws(SystemError) in try File.read(file, byteLimit: byteLimit) }
    }

    func readAgain() throws(SystemError) -> TLSFileContents {
        try contents { file throws(SystemError) in
            try File.readRegular(file, byteLimit: byteLimit)
        }
    }

    /// Checks the files and makes the first context.
    func load(_ contents: TLSFileContents) throws(TLSProblem) -> LoadedTLS {
        try load(contents, ticketKeys: nil)
    }

    /// Checks the files and makes the next context.
    ///
    /// A ticket outlives a change of the certificate, because its key does. It does not outlive a
    /// change of the client authorities: whom they no longer vouch for must not come back by it.
    func load(
        _ contents: TLSFileContents, replacing former: LoadedTLS
    ) throws(TLSProblem) -> LoadedTLS {
        let areAuthoritiesKept = former.files.clientCA == contents.clientCA
        return try load(contents, ticketKeys: areAuthoritiesKept ? former.ticketKeys : nil)
    }

    private func load(
        _ contents: TLSFileContents, ticketKeys: TicketKeys?
    ) throws(TLSProblem) -> LoadedTLS {
        do throws(TLSError) {
            let keys: TicketKeys
            if let ticketKeys {
                keys = ticketKeys
            } else {
                keys = try TicketKeys(
                    lifetimeSeconds: ticketLifetimeSeconds, now: Self.unixSeconds)
            }
            let context = try TLSContext(
                TLSConfiguration(
                    certificateChainPEM: contents.certificate, privateKeyPEM: contents.privateKey,
                    clientCAPEM: contents.clientCA, applicationProtocols: ["h2", "http/1.1"]),
                ticketKeys: keys, unixSeconds: Self.unixSeconds())
            return LoadedTLS(files: contents, context: context, ticketKeys: keys)
        } catch {
            throw TLSProblem(file: file(at: error.part), reason: error.description)
        }
    }

    func refusal(of file: String, _ reason: String) -> TLSProblem {
        TLSProblem(file: file, reason: reason)
    }

    private func contents(
        _ read: (String) throws(SystemError) -> [UInt8]
    ) throws(SystemError) -> TLSFileContents {
        var clientCA: [UInt8]?
        if let file = files.clientCA { clientCA = try read(file) }
        return TLSFileContents(
            certificate: try read(files.certificate), privateKey: try read(files.privateKey),
            clientCA: clientCA)
    }

    private func file(at part: TLSError.Part?) -> String {
        switch part {
        case .certificate, nil: files.certificate
        case .privateKey: files.privateKey
        case .clientAuthorities: files.clientCA ?? ""
        }
    }

    private static func unixSeconds() -> Int64 {
        Int64(Clock.wallNanoseconds() / 1_000_000_000)
    }
}
