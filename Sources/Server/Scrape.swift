internal import Policy
internal import Posix
internal import Telemetry

/// The answer to a scrape: every series of the process, the loops' summed.
struct Scrape {
    private var out: Exposition
    private let state: ServerState
    private let policies: PolicyStatus

    /// Writes all series as they are now.
    static func text(_ state: ServerState, format: Exposition.Format) -> [UInt8] {
        var scrape = Scrape(
            out: Exposition(format: format), state: state, policies: state.policyStatus)
        scrape.writeAdmission()
        scrape.writePolicies()
        scrape.writeHTTP()
        scrape.writeServer()
        scrape.writeProcess()
        return scrape.out.finish()
    }

    private mutating func writeAdmission() {
        let loops = state.admission
        out.begin(
            "cattleguard_admission_reviews_total", .counter,
            help: "Admission reviews by operation and decision.")
        out.table(loops.map(\.reviews))
        if var sum = loops.first?.duration.distribution {
            for loop in loops.dropFirst() { sum.add(loop.duration.distribution) }
            out.begin(
                "cattleguard_admission_review_duration_seconds", .histogram,
                help: "Time from a review's arrival, all of it, to its decision.")
            out.histogram(sum)
        }
        out.begin(
            "cattleguard_admission_mirror_pods_total", .counter,
            help: "Mirrors of static Pods, let through unseen: denying one only hides it.")
        out.sample(loops.reduce(0) { $0 &+ $1.mirrorPods.value })
        out.begin(
            "cattleguard_admission_uncovered_workloads_total", .counter,
            help: "Reviews of objects whose Pod template no rule saw: no WorkloadKind describes it."
        )
        out.sample(loops.reduce(0) { $0 &+ $1.uncoveredWorkloads.value })
    }

    private mutating func writePolicies() {
        let loops = policies.counters
        out.begin(
            "cattleguard_policy_violations_total", .counter,
            help: "Violations found in reviews, once for each action of the policy.")
        for (index, series) in (loops.first?.violations.all ?? []).enumerated() {
            let sum = loops.reduce(0) { $0 &+ $1.violations.all[index].counter.value }
            let labels = series.labels
            out.sample(
                sum,
                [
                    (name: "policy", value: labels.policy), (name: "rule", value: labels.rule),
                    (name: "action", value: labels.action.rawValue),
                ])
        }
        out.begin(
            "cattleguard_policy_break_glass_total", .counter,
            help: "Acts that a policy let through by an explicit grant: somebody broke the glass.")
        for (index, series) in (loops.first?.grants.all ?? []).enumerated() {
            out.sample(
                loops.reduce(0) { $0 &+ $1.grants.all[index].counter.value },
                [(name: "policy", value: series.labels.policy)])
        }
        ExceptionMetrics(
            policies.loaded.set, loops.map(\.exceptions), now: .now()
        ).write(to: &out)
        out.begin("cattleguard_policies", .gauge, help: "Policies in force.")
        out.sample(UInt64(policies.loaded.set.policies.count))
        out.begin(
            "cattleguard_policy_set_info", .gauge,
            help: "The policies in force: the cap on their actions, a digest of their files.")
        out.sample(
            UInt64(1),
            [
                (name: "enforcement", value: state.enforcement.rawValue),
                (name: "digest", value: policies.loaded.digest),
            ])
        writePolicyReloads()
    }

    private mutating func writePolicyReloads() {
        out.begin(
            "cattleguard_policy_reloads_total", .counter,
            help: "Times that policies were read while serving, put into force or not.")
        out.sample(state.policyReloads.attempts.value)
        out.begin(
            "cattleguard_policy_reload_failures_total", .counter,
            help: "Times that the policies read were refused; the old ones stayed in force.")
        out.sample(state.policyReloads.failures.value)
        out.begin(
            "cattleguard_policy_last_reload_successful", .gauge,
            help: "Whether the policies that are there are the ones in force: 1, or 0.")
        out.sample(UInt64(policies.refusal == nil ? 1 : 0))
        out.begin(
            "cattleguard_policy_last_reload_success_timestamp_seconds", .gauge,
            help: "When the policies were last read and found good.")
        out.sample(Double(policies.lastSuccess) / 1e9)
    }

    private mutating func writeHTTP() {
        out.begin(
            "cattleguard_http_requests_total", .counter,
            help: "Requests answered, by listener, route and class of status.")
        forEachListener { out, listener, loops in
            out.table(loops.map(\.requests), more: [listener])
        }
        out.begin("cattleguard_http_connections", .gauge, help: "Connections now open.")
        forEachListener { out, listener, loops in
            let sum = loops.reduce(0) { $0 + $1.connections.value }
            out.sample(UInt64(max(0, sum)), [listener])
        }
        out.begin(
            "cattleguard_http_connections_accepted_total", .counter,
            help: "Connections accepted so far.")
        writeCounters { $0.accepted }
        out.begin(
            "cattleguard_http_connections_evicted_total", .counter,
            help: "Connections that kept the server waiting, closed to make room for others.")
        writeCounters { $0.evicted }
        out.begin(
            "cattleguard_http_connections_refused_total", .counter,
            help: "Connections closed as they came: their address has its share of them.")
        writeCounters { $0.refused }
        out.begin(
            "cattleguard_http_accept_pauses_total", .counter,
            help: "Times that accepting was put off for want of descriptors or room.")
        writeCounters { $0.acceptPauses }
        out.begin(
            "cattleguard_tls_handshake_failures_total", .counter, help: "Handshakes that failed.")
        writeCounters { $0.handshakeFailures }
        out.begin(
            "cattleguard_http_timeouts_total", .counter,
            help: "Connections closed because a deadline passed.")
        forEachListener { out, listener, loops in
            out.table(loops.map(\.timeouts), more: [listener])
        }
        out.begin(
            "cattleguard_requests_shed_total", .counter,
            help: "Requests refused with 429 for want of room or time.")
        forEachListener { out, listener, loops in
            out.table(loops.map(\.shed), more: [listener])
        }
    }

    private mutating func writeServer() {
        out.begin(
            "cattleguard_log_lines_dropped_total", .counter, help: "Log lines that found no room.")
        out.sample(state.loops.reduce(0) { $0 &+ UInt64(max(0, $1.droppedLogLines.value)) })
        if let status = state.tlsStatus { writeTLS(status) }
        out.begin("cattleguard_build_info", .gauge, help: "The program's version.")
        out.sample(UInt64(1), [(name: "version", value: state.version)])
    }

    private mutating func writeTLS(_ status: TLSStatus) {
        out.begin(
            "cattleguard_tls_certificate_expiry_timestamp_seconds", .gauge,
            help: "When the TLS certificate in use expires.")
        out.sample(Double(status.notAfter))
        out.begin(
            "cattleguard_tls_reloads_total", .counter,
            help: "Times that TLS files were read while serving, put to use or not.")
        out.sample(state.tlsReloads.attempts.value)
        out.begin(
            "cattleguard_tls_reload_failures_total", .counter,
            help: "Times that the TLS files read were refused; the old ones stayed in use.")
        out.sample(state.tlsReloads.failures.value)
        out.begin(
            "cattleguard_tls_last_reload_successful", .gauge,
            help: "Whether the TLS files that are there are the ones in use: 1, or 0.")
        out.sample(UInt64(status.refusal == nil ? 1 : 0))
        out.begin(
            "cattleguard_tls_last_reload_success_timestamp_seconds", .gauge,
            help: "When the TLS files were last read and found good.")
        out.sample(Double(status.lastSuccess) / 1e9)
    }

    private mutating func writeProcess() {
        let process = ProcessStatistics.current()
        out.begin("process_cpu_seconds_total", .counter, help: "Time on a processor.")
        out.sample(process.processorSeconds)
        out.begin("process_resident_memory_bytes", .gauge, help: "Memory in use.")
        out.sample(process.residentBytes)
        out.begin("process_virtual_memory_bytes", .gauge, help: "Address space in use.")
        out.sample(process.virtualBytes)
        out.begin("process_open_fds", .gauge, help: "Open file descriptors.")
        out.sample(UInt64(max(0, process.openDescriptors)))
        out.begin("process_max_fds", .gauge, help: "File descriptors that may be open.")
        out.sample(process.maximumDescriptors)
        out.begin("process_start_time_seconds", .gauge, help: "When the process started.")
        out.sample(process.startUnixSeconds)
    }

    private mutating func writeCounters(_ counter: (LoopMetrics) -> Counter) {
        forEachListener { out, listener, loops in
            out.sample(loops.reduce(0) { $0 &+ counter($1).value }, [listener])
        }
    }

    private mutating func forEachListener(
        _ body: (inout Exposition, Exposition.Label, [LoopMetrics]) -> Void
    ) {
        for name in [ListenerName.admission, ListenerName.service] {
            body(&out, (name: "listener", value: name), state.loops.filter { $0.listener == name })
        }
    }
}
