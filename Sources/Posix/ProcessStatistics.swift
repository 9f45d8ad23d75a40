internal import CLinux
internal import Glibc

/// What Prometheus' `process_*` series say of this process (proc(5)). What the kernel does not
/// tell is 0.
package struct ProcessStatistics: Equatable, Sendable {
    /// Time on a processor, user and system, in seconds.
    package let processorSeconds: Double
    /// Memory in use, in bytes.
    package let residentBytes: UInt64
    /// Address space in use, in bytes.
    package let virtualBytes: UInt64
    /// Open file descriptors.
    package let openDescriptors: Int
    /// How many there may be (RLIMIT_NOFILE).
    package let maximumDescriptors: UInt64
    /// When the process started, in seconds since 1970-01-01 UTC.
    package let startUnixSeconds: Double

    /// Reads the present figures. A few file reads: for a scrape, not for a request.
    package static func current() -> ProcessStatistics {
        var usage = rusage()
        var limit = rlimit()
        // Sound: each call writes one structure of the type it is given.
        _ = unsafe linux_process_usage(&usage)
        _ = unsafe linux_descriptor_limit(&limit)
        let fields = processFields(text(of: "/proc/self/stat"))
        // Listing opens one descriptor itself.
        let open = ((try? File.list("/proc/self/fd").count) ?? 1) - 1
        return ProcessStatistics(
            processorSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            residentBytes: fields.residentPages * UInt64(sysconf(Int32(_SC_PAGESIZE))),
            virtualBytes: fields.virtualBytes,
            openDescriptors: open,
            maximumDescriptors: UInt64(limit.rlim_cur),
            startUnixSeconds: bootUnixSeconds(text(of: "/proc/stat"))
                + Double(fields.startTicks) / Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// The fields 22 to 24 of /proc/self/stat. The second is the command in parentheses, and may
    /// contain anything: the others are counted from its end.
    static func processFields(
        _ text: String
    ) -> (startTicks: UInt64, virtualBytes: UInt64, residentPages: UInt64) {
        guard let end = text.lastIndex(of: ")") else { return (0, 0, 0) }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 21 else { return (0, 0, 0) }
        return (UInt64(fields[19]) ?? 0, UInt64(fields[20]) ?? 0, UInt64(fields[21]) ?? 0)
    }

    /// The line `btime` of /proc/stat.
    static func bootUnixSeconds(_ text: String) -> Double {
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) } ?? 0
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }
}

/// What this process may use.
package enum Resources {
    /// The processors to plan threads for, at least 1: those the process may run on, or fewer if
    /// its control group has a smaller share of time (`cpu.max`, rounded up).
    package static func processorCount() -> Int {
        let group = controlGroup(text(of: "/proc/self/cgroup"))
        let quota = text(of: "/sys/fs/cgroup\(group)/cpu.max")
        return processorCount(usable: Int(linux_usable_processors()), quota: quota)
    }

    static func processorCount(usable: Int, quota: String) -> Int {
        let parts = quota.split { $0 == " " || $0 == "\n" }.map { Int($0) }
        guard parts.count == 2, let time = parts[0], let period = parts[1], time > 0, period > 0
        else { return max(1, usable) }
        return max(1, min(usable, (time - 1) / period + 1))
    }

    /// The path of the unified hierarchy in /proc/self/cgroup: `0::/path`; empty for the root.
    static func controlGroup(_ text: String) -> String {
        let line = text.split(separator: "\n").first { $0.hasPrefix("0::") }
        let path = line.map { String($0.dropFirst(3)) } ?? ""
        return path == "/" ? "" : path
    }

    /// Raises the limit of open descriptors to the most that is allowed without privilege; returns
    /// the limit now in force.
    package static func raiseDescriptorLimit() -> UInt64 {
        var limit = rlimit()
        // Sound: the calls read or write one rlimit.
        guard unsafe linux_descriptor_limit(&limit) == 0 else { return 0 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        return UInt64(unsafe linux_set_descriptor_limit(&limit) == 0 ? limit.rlim_cur : before)
    }
}

/// A small file of the kernel's as text; empty if it cannot be read.
private func text(of path: String) -> String {
    let bytes = try? File.read(path, byteLimit: 1 << 20)
    return String(decoding: bytes ?? [], as: UTF8.self)
}
