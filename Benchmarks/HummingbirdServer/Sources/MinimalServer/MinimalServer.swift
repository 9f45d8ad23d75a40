import Hummingbird
import HummingbirdTLS
import NIOCore
import NIOPosix
import NIOSSL

/// The least server in Hummingbird that has the route of the webhook: it reads the body of a POST
/// to `/validate` and answers as many bytes as it was told, over TLS, on one thread.
///
/// Usage: `MinimalServer CERTIFICATE KEY PORT BYTES`.
@main
struct MinimalServer {
    /// The longest body that is read, in bytes: the webhook's own.
    static let maximumBodyLength = 8 << 20

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let port = Int(arguments[3]), let bytes = Int(arguments[4])
        else { fatalError("usage: MinimalServer CERTIFICATE KEY PORT BYTES") }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(arguments[1])
                .map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: arguments[2], format: .pem)))
        tls.minimumTLSVersion = .tlsv12

        let answer = ByteBuffer(repeating: UInt8(ascii: "a"), count: bytes)
        let router = Router()
        router.post("validate") { request, _ in
            _ = try await request.body.collect(upTo: maximumBodyLength)
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: answer))
        }
        let application = Application(
            router: router, server: try .tls(tlsConfiguration: tls),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: port)),
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)))
        try await application.runService()
    }
}
