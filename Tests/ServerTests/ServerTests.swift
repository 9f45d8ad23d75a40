import Glibc
import HTTP
import Policy
import Posix
import Telemetry
import Testing

@testable import Server

/// A server on ports of its own, over plaintext: TLS has its tests in TLSTests and end to end.
private final class RunningServer {
    let server: Server
    private let log: LogWriter

    init(_ change: (inout Configuration) -> Void = { _ in }) throws {
        let address = ListenerAddress(isSecure: false, host: "127.0.0.1", port: 0)
        var configuration = Configuration(
            admission: .admission(address, threads: 2), service: .service(address))
        configuration.finishTime = 1_000_000_000
        change(&configuration)
        log = try LogWriter.start(to: File.standardError)
        server = try Server.start(
            configuration, policies: LoadedPolicies(set: .empty), version: "test", log: log)
    }

    deinit {
        server.end()
        server.join()
        log.stop()
    }

    func admission() throws -> Client { try Client(port: server.admissionAddress.port) }
    func service() throws -> Client { try Client(port: server.serviceAddress.port) }
}

/// A blocking client that sends bytes and reads answers.
private final class Client {
    private var socket: StreamSocket
    private var received = ""

    init(port: UInt16) throws {
        socket = try StreamSocket.connect(
            host: "127.0.0.1", port: port, timeoutMilliseconds: 5_000)
    }

    func send(_ text: String) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            guard case .bytes(let count) = try socket.write(Array(bytes).span) else { return }
            bytes.removeFirst(count)
        }
    }

    /// What comes until the peer closes or five seconds are over.
    func receiveAll() throws -> String {
        while try receiveSome() {}
        defer { received = "" }
        return received
    }

    /// What comes until `text` has come.
    func receive(through text: String) throws -> String {
        while true {
            if let range = received.firstRange(of: text) {
                let result = received[..<range.upperBound]
                received.removeSubrange(..<range.upperBound)
                return String(result)
            }
            guard try receiveSome() else {
                Issue.record("\(text.debugDescription) did not come; this did: \(received)")
                return received
            }
        }
    }

    private func receiveSome() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var span = buffer.mutableSpan
        guard case .bytes(let count) = try socket.read(into: &span) else { return false }
        received += String(decoding: buffer[..<count], as: UTF8.self)
        return true
    }
}

@Suite struct ServerTests {
    private let get = "Host: a\r\n\r\n"

    @Test(arguments: [
        ("GET /livez", "200 OK", "alive\n"), ("GET /readyz", "200 OK", "ready\n"),
        ("GET /v1/policies", "200 OK", #"{"policies":[],"exceptions":[]}"#),
        ("GET /openapi.yaml", "200 OK", ""),
        ("GET /", "200 OK", "<!DOCTYPE html>"), ("GET /metrics", "200 OK", "# HELP"),
        ("POST /livez", "405 Method Not Allowed", "/livez takes GET, HEAD"),
        ("GET /v1/check", "405 Method Not Allowed", "/v1/check takes POST"),
        ("GET /nowhere", "404 Not Found", "there is nothing at this path"),
        ("POST /v1/check", "415 ", "the Content-Type must be application/yaml or application/json"),
    ])
    func theServiceListenerAnswers(_ line: String, _ status: String, _ body: String) throws {
        let running = try RunningServer()
        let client = try running.service()
        try client.send("\(line) HTTP/1.1\r\nConnection: close\r\n\(get)")
        let answer = try client.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"))
        #expect(answer.contains("\r\n\r\n\(body)") || answer.contains(body))
    }

    @Test func theAdmissionListenerKeepsAConnection() throws {
        let running = try RunningServer()
        let client = try running.admission()
        for _ in 0..<3 {
            try client.send("GET /healthz HTTP/1.1\r\n\(get)")
            #expect(try client.receive(through: "\r\n\r\nok\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func aLoopThatIsSilentForTooLongIsNamedByTheOthers() throws {
        // An idle loop beats once a second: it is silent for long by this measure.
        let running = try RunningServer { $0.heartbeatLimit = 50_000_000 }
        usleep(200_000)
        let client = try running.admission()
        try client.send("GET /healthz HTTP/1.1\r\nConnection: close\r\n\(get)")
        let answer = try client.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(answer.contains(/\r\n\r\nadmission-[01] does not turn\n$/))
        let other = try running.service()
        try other.send("GET /livez HTTP/1.1\r\n\(get)")
        #expect(try other.receive(through: " not turn\n").hasPrefix("HTTP/1.1 503 "))
    }

    @Test(arguments: [Route.admission, Route.service])
    func aRefusedRequestCountsUnderItsRoute(routes: [Route]) throws {
        let running = try RunningServer()
        let isAdmission = routes == Route.admission
        let listener = isAdmission ? ListenerName.admission : ListenerName.service
        for path in routes.map(\.rawValue) + ["/nowhere"] {
            let client = try isAdmission ? running.admission() : running.service()
            try client.send("POST \(path) HTTP/1.1\r\nContent-Length: 99999999\r\n\(get)")
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 413 "))
        }
        let client = try running.service()
        try client.send("GET /metrics HTTP/1.1\r\nConnection: close\r\n\(get)")
        let scrape = try client.receiveAll()
        for route in routes + [.other] {
            let labels = "listener=\"\(listener)\",route=\"\(route.rawValue)\""
            let series = "cattleguard_http_requests_total{\(labels),status_class=\"4xx\"} 1\n"
            #expect(scrape.contains(series), "\(series)")
        }
    }

    @Test func pipelinedRequestsBeyondATurnsBudgetAreAllAnswered() throws {
        let running = try RunningServer()
        let client = try running.admission()
        let one = "GET /healthz HTTP/1.1\r\n\(get)"
        try client.send(String(repeating: one, count: 100))
        for _ in 0..<100 { _ = try client.receive(through: "\r\n\r\nok\n") }
    }

    @Test func aCheckIsAnsweredByAWorker() throws {
        let running = try RunningServer()
        let client = try running.service()
        let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
        try client.send(
            "POST /v1/check HTTP/1.1\r\nContent-Type: application/yaml\r\n"
                + "Connection: close\r\nContent-Length: \(manifest.utf8.count)\r\n\(get)\(manifest)"
        )
        let answer = try client.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
        #expect(answer.contains(#""outcome":"passed""#))
    }

    @Test func afterTheHeadTimeoutTheConnectionIsClosed() throws {
        let running = try RunningServer { $0.service.deadlines.head = 100_000_000 }
        let client = try running.service()
        try client.send("GET /livez HTTP/1.1\r\n")
        #expect(try client.receiveAll() == "")
    }

    @Test func whoKeepsUsWaitingMakesRoom() throws {
        let running = try RunningServer {
            $0.admission.threads = 1
            $0.admission.connectionLimit = 2
            $0.admission.patience = 50_000_000
        }
        let silent = [try running.admission(), try running.admission()]
        let quick = try running.admission()
        try quick.send("GET /healthz HTTP/1.1\r\n\(get)")
        #expect(try quick.receive(through: "\r\n\r\nok\n").hasPrefix("HTTP/1.1 200 OK"))
        // The first has gone, without an answer; the second has kept its place.
        #expect(try silent[0].receiveAll() == "")
        try silent[1].send("GET /healthz HTTP/1.1\r\n\(get)")
        #expect(try silent[1].receive(through: "\r\n\r\nok\n").hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test func aLoopThatHasNoneToCloseAsksTheOthers() throws {
        let running = try RunningServer {
            $0.admission.threads = 2
            $0.admission.connectionLimit = 1
            $0.admission.patience = 0
        }
        // The kernel gives each to a loop by chance: eight do not all come to the same one.
        var held: [Client] = []
        for _ in 0..<8 {
            let client = try running.admission()
            try client.send("GET /healthz HTTP/1.1\r\n\(get)")
            #expect(try client.receive(through: "\r\n\r\nok\n").hasPrefix("HTTP/1.1 200 OK"))
            try client.send("GET")
            held.append(client)
        }
        #expect(try held[0].receiveAll() == "")
    }

    @Test func aConnectionThatHoldsMoreThanThereIsIsClosed() throws {
        let running = try RunningServer {
            $0.admission.byteBudget = 10_000
            $0.admission.limits.unbudgetedBodyBytes = 1 << 20
        }
        let head = "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        let usual = try running.admission()
        try usual.send(
            "\(head)Content-Length: 20001\r\n\r\n" + String(repeating: "x", count: 20_000))
        let greedy = try running.admission()
        try greedy.send(
            "\(head)Content-Length: 200000\r\n\r\n" + String(repeating: "x", count: 150_000))
        // By RST where bytes are under way.
        #expect((try? greedy.receiveAll()) ?? "" == "")
        try usual.send("x")
        #expect(try usual.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
    }

    @Test func whoIsNotYetSlowKeepsItsPlace() throws {
        let running = try RunningServer {
            $0.admission.threads = 1
            $0.admission.connectionLimit = 1
            $0.admission.patience = 60_000_000_000
        }
        let first = try running.admission()
        let second = try running.admission()
        try second.send("GET /healthz HTTP/1.1\r\n\(get)")
        try first.send("GET /healthz HTTP/1.1\r\nConnection: close\r\n\(get)")
        #expect(try first.receiveAll().hasSuffix("\r\n\r\nok\n"))
        #expect(try second.receive(through: "\r\n\r\nok\n").hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test func aSlowBodyMakesRoomInTheBudget() throws {
        let running = try RunningServer {
            $0.admission.threads = 1
            $0.admission.byteBudget = 3_000_000
            $0.admission.patience = 2_000_000_000
        }
        let head = "POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        let body = String(repeating: "x", count: 2_000_000)
        let slow = try running.admission()
        try slow.send("\(head)Content-Length: 2000001\r\n\r\n\(body)")
        // There is room until it is in, then none, and room again when it has kept us waiting.
        var wasRefused = false
        var isServed = false
        for _ in 0..<40 where !isServed {
            Lock(()).wait(timeoutNanoseconds: 500_000_000) { _ in Never?.none }
            let next = try running.admission()
            try? next.send("\(head)Connection: close\r\nContent-Length: 2000000\r\n\r\n\(body)")
            // Under a sanitizer this one too may be too slow, and be closed.
            let answer = (try? next.receiveAll()) ?? ""
            isServed = wasRefused && answer.hasPrefix("HTTP/1.1 400 ")
            wasRefused = wasRefused || answer.contains("Retry-After: 1\r\n")
        }
        #expect(isServed)
    }

    @Test func aBodyAtTheLimitIsTakenAndOneByteMoreIsNot() throws {
        let running = try RunningServer { $0.admission.limits.bodyBytes = 10 }
        for (count, status) in [(10, "400"), (11, "413")] {
            let client = try running.admission()
            try client.send(
                "POST /validate HTTP/1.1\r\nContent-Type: application/json\r\n"
                    + "Connection: close\r\nContent-Length: \(count)\r\n\(get)"
                    + String(repeating: "x", count: count))
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 \(status)"))
        }
    }

    @Test func changedPoliciesComeIntoForceAndBadOnesDoNot() throws {
        let running = try RunningServer()
        let file = "/tmp/reload-\(getpid()).yaml"
        let text = """
            {apiVersion: cattleguard.dev/v1, kind: Policy, metadata: {name: a}, \
            spec: {rule: no-exec}}
            """
        try File.write(Array(text.utf8), to: file, permissions: 0o600)
        defer { unsafe unlink(file) }
        let source = PolicySource(path: file, enforcement: .declared, allowEmpty: false)
        let reloads = running.server.reloads(from: source)
        reloads.run(isAsked: false)
        let client = try running.service()
        func answer(_ path: String, through text: String) throws -> String {
            try client.send("GET \(path) HTTP/1.1\r\n\(get)")
            return try client.receive(through: text)
        }
        #expect(try answer("/v1/policies", through: "]}").contains(#""name":"a","rule":"no-exec""#))
        #expect(try answer("/readyz", through: "ready\n").contains("200 OK"))

        try File.write(Array("kind: none".utf8), to: file, permissions: 0o600)
        reloads.run(isAsked: true)
        let refused = try answer("/readyz", through: "kind is \"none\"")
        #expect(refused.hasPrefix("HTTP/1.1 200 OK"))
        #expect(refused.contains("\n\(file):1:1: apiVersion is missing"))
        #expect(try answer("/v1/policies", through: "]}").contains(#""name":"a""#))
        _ = try answer("/metrics", through: "policy_last_reload_successful 0\n")
    }

    @Test func aPeerBeyondItsShareOfConnectionsIsClosedAsItComes() throws {
        let running = try RunningServer { $0.service.connectionsPerPeer = 2 }
        let first = try running.service()
        let second = try running.service()
        for client in [first, second] {
            try client.send("GET /livez HTTP/1.1\r\n\(get)")
            _ = try client.receive(through: "alive\n")
        }
        let third = try running.service()
        #expect(throws: SystemError.self) {
            try third.send("GET /livez HTTP/1.1\r\n\(get)")
            guard try third.receiveAll().isEmpty else { return }
            throw SystemError(call: "closed", code: 0)
        }
        try first.send("GET /metrics HTTP/1.1\r\nConnection: close\r\n\(get)")
        let scrape = try first.receiveAll()
        #expect(scrape.contains("connections_refused_total{listener=\"service\"} 1\n"))
        #expect(scrape.contains("connections_refused_total{listener=\"admission\"} 0\n"))
    }

    @Test func aReviewWhoseTimeIsOverIsNotBegun() throws {
        let running = try RunningServer()
        let client = try running.admission()
        func review(_ query: String, after microseconds: UInt32) throws -> String {
            try client.send("POST /validate\(query) HTTP/1.1\r\nContent-Length: 2\r\n")
            usleep(microseconds)
            try client.send("Content-Type: application/json\r\n\(get){}")
            return try client.receive(through: "}")
        }
        let late = try review("?timeout=50ms", after: 60_000)
        #expect(late.hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
        #expect(late.contains("\r\nRetry-After: 1\r\n"))
        #expect(late.contains("\"detail\":\"the time that the timeout gives is over\""))
        for query in ["?timeout=30s", "", "?timeout=soon", "?timeout=0s"] {
            #expect(try review(query, after: 60_000).hasPrefix("HTTP/1.1 400 "), "\(query)")
        }
        let other = try running.service()
        try other.send("GET /metrics HTTP/1.1\r\nConnection: close\r\n\(get)")
        #expect(try other.receiveAll().contains("admission\",reason=\"deadline\"} 1\n"))
    }

    @Test func beyondTheConnectionLimitConnectionsWait() throws {
        let running = try RunningServer { $0.service.connectionLimit = 1 }
        let first = try running.service()
        try first.send("GET /livez HTTP/1.1\r\n\(get)")
        _ = try first.receive(through: "alive\n")
        let second = try running.service()
        try second.send("GET /livez HTTP/1.1\r\n\(get)")
        try first.send("GET /livez HTTP/1.1\r\nConnection: close\r\n\(get)")
        _ = try first.receiveAll()
        #expect(try second.receive(through: "alive\n").hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test func drainingAnnouncesTheEndAndFinishingClosesWhatIsIdle() throws {
        let running = try RunningServer()
        let idle = try running.service()
        try idle.send("GET /livez HTTP/1.1\r\n\(get)")
        _ = try idle.receive(through: "alive\n")
        running.server.beginDraining()
        let client = try running.service()
        try client.send("GET /readyz HTTP/1.1\r\n\(get)")
        let answer = try client.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 503"))
        #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
        running.server.finish()
        #expect(try idle.receiveAll() == "")
        running.server.join()
    }
}
