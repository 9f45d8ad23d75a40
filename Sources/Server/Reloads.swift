internal import Document
internal import Policy
internal import Posix
internal import Telemetry

/// Reads policies and TLS files again while the server serves, and puts them into force or says
/// why not.
///
/// It belongs to the thread that leads the loops.
final class Reloads {
    private let state: ServerState
    private let loops: [RunningLoop]
    private let log: LogWriter
    /// How long the loops are given to take up what is new, in nanoseconds.
    private let adoption: UInt64
    private let policies: Reloader<PolicySource>
    private let tls: Reloader<TLSSource>?

    /// Watches the sources of what is in force. The admission loops are the first of `loops`.
    init(
        _ source: PolicySource, _ tlsSource: TLSSource?, state: ServerState,
        loops: [RunningLoop], log: LogWriter, times: ReloadTimes
    ) {
        self.state = state
        self.loops = loops
        self.log = log
        adoption = times.adoption
        let now = Clock.monotonicNanoseconds()
        policies = Reloader(source, loaded: state.policyStatus.loaded, times: times, now: now)
        if let tlsSource, let status = state.tlsStatus {
            tls = Reloader(tlsSource, loaded: status.loaded, times: times, now: now)
        } else {
            tls = nil
        }
    }

    /// The numbers to poll.
    var rawValues: [Int32] { [policies.rawValue, tls?.rawValue].compactMap(\.self) }

    /// When to look again, on the monotonic clock, if nothing happens before.
    var deadline: UInt64 { min(policies.deadline, tls?.deadline ?? .max) }

    /// Has files read where that is due, or all of them where somebody asks for it.
    func run(isAsked: Bool) {
        switch read(policies, "policies", isAsked: isAsked) {
        case .loaded(let policies): adopt(policies)
        case .refused(let problems): refuse(problems.all)
        case nil: break
        }
        guard let tls else { return }
        switch read(tls, "TLS files", isAsked: isAsked) {
        case .loaded(let loaded): adopt(loaded)
        case .refused(let problem): refuse(problem)
        case nil: break
        }
    }

    private func read<Source>(
        _ reloader: Reloader<Source>, _ name: String, isAsked: Bool
    ) -> Reloader<Source>.Outcome? {
        let now = Clock.monotonicNanoseconds()
        let blindness = reloader.blindness
        let outcome = isAsked ? reloader.reload(now) : reloader.reloadIfDue(now)
        if let error = reloader.blindness, error != blindness {
            log.write(.warning, "\(name) are not watched but read every second") { writer in
                writer.member("reason", error.description)
            }
        }
        return outcome
    }

    /// Posts a message to the first `count` loops and returns when all have taken it up. A loop
    /// that hangs is told of by the probes: it must not hold up a signal, too.
    private func rollOut(
        to count: Int, _ message: (_ index: Int, Confirmations) -> LoopMessage
    ) {
        let confirmations = Confirmations()
        for (index, loop) in loops.prefix(count).enumerated() {
            loop.mailbox.post(message(index, confirmations))
        }
        _ = confirmations.wait(for: count, timeoutNanoseconds: adoption)
    }
}

// MARK: - Policies

extension Reloads {
    /// Gives good policies to every admission loop, and only then says that they are in force.
    private func adopt(_ policies: LoadedPolicies) {
        state.policyReloads.attempts.add()
        var status = state.policyStatus
        let moment = Int64(Clock.wallNanoseconds())
        let isNew = policies.files != status.loaded.files
        if isNew {
            let counters = status.counters.map { PolicyCounters(policies.set, carryingOver: $0) }
            rollOut(to: counters.count) { index, confirmations in
                .adopt(
                    Rollout(
                        policies: policies.set, counters: counters[index],
                        confirmations: confirmations))
            }
            status = PolicyStatus(policies, counters: counters, now: moment)
        }
        status.lastSuccess = moment
        status.refusal = nil
        state.setPolicyStatus(status)
        log.write(.info, isNew ? "policies reloaded" : "policies unchanged") { writer in
            status.writeInForce(to: &writer)
        }
    }

    private func refuse(_ problems: [PolicyProblem]) {
        state.policyReloads.attempts.add()
        state.policyReloads.failures.add()
        var status = state.policyStatus
        let refusal = PolicyStatus.Refusal(problems, moment: Int64(Clock.wallNanoseconds()))
        status.refusal = refusal
        state.setPolicyStatus(status)
        log.write(.warning, "policies refused, the old ones stay in force") { writer in
            refusal.write(to: &writer)
            status.writeInForce(to: &writer)
        }
    }
}

// MARK: - TLS

extension Reloads {
    /// Gives a good context to every loop, and only then says that its certificate is in use.
    private func adopt(_ loaded: LoadedTLS) {
        guard var status = state.tlsStatus else { return }
        state.tlsReloads.attempts.add()
        let moment = Int64(Clock.wallNanoseconds())
        let isNew = loaded.files != status.loaded.files
        let changesClientAuthorities = loaded.files.clientCA != status.loaded.files.clientCA
        if isNew {
            rollOut(to: loops.count) { _, confirmations in
                .adoptTLS(
                    TLSRollout(
                        context: loaded.context,
                        changesClientAuthorities: changesClientAuthorities,
                        confirmations: confirmations))
            }
            status = TLSStatus(loaded, now: moment)
        }
        status.lastSuccess = moment
        status.refusal = nil
        state.setTLSStatus(status)
        log.write(.info, isNew ? "TLS files reloaded" : "TLS files unchanged") { writer in
            status.writeInUse(to: &writer)
            if changesClientAuthorities { writer.member("clientAuthorities", "changed") }
        }
    }

    private func refuse(_ problem: TLSProblem) {
        guard var status = state.tlsStatus else { return }
        state.tlsReloads.attempts.add()
        state.tlsReloads.failures.add()
        let refusal = TLSStatus.Refusal(problem, moment: Int64(Clock.wallNanoseconds()))
        status.refusal = refusal
        state.setTLSStatus(status)
        log.write(.warning, "TLS files refused, the old certificate stays in use") { writer in
            refusal.write(to: &writer)
            status.writeInUse(to: &writer)
        }
    }
}
