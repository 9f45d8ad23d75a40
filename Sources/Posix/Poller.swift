internal import CLinux
internal import Glibc

/// Waits for many descriptors at once (epoll(7)). One loop owns it and alone waits on it.
@safe
package struct Poller: ~Copyable {
    /// Names a registration: a slot of the caller's table and the slot's generation, because a
    /// descriptor's number is used again as soon as it is closed, while an event for its old
    /// owner may still be on its way. An event whose generation is not the slot's is stale.
    package struct Token: Equatable, Sendable {
        /// The index into the caller's table.
        package let slot: UInt32
        /// How often the slot has been given away.
        package let generation: UInt32

        /// Names the `generation`-th use of `slot`.
        package init(slot: UInt32, generation: UInt32) {
            self.slot = slot
            self.generation = generation
        }

        init(packed: UInt64) {
            self.init(
                slot: UInt32(truncatingIfNeeded: packed),
                generation: UInt32(truncatingIfNeeded: packed >> 32))
        }

        var packed: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
    }

    /// What to wait for. Errors and hang-ups are always reported, even for an empty interest.
    package struct Interest: OptionSet, Equatable, Sendable {
        /// The events of epoll_ctl(2).
        package let rawValue: UInt32

        /// Takes the events of epoll_ctl(2).
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Interest in either, in both or in neither.
        package init(reading: Bool, writing: Bool) {
            rawValue =
                (reading ? linux_epoll_readable : 0) | (writing ? linux_epoll_writable : 0)
        }

        /// Bytes, a connection to accept, or the end of what the peer sends.
        package static let read = Interest(rawValue: linux_epoll_readable)
        /// Room for bytes to send.
        package static let write = Interest(rawValue: linux_epoll_writable)
    }

    /// Something happened to a descriptor.
    package struct Event: Equatable, Sendable {
        /// The name it was registered under.
        package let token: Token
        private let events: UInt32

        init(token: Token, events: UInt32) {
            self.token = token
            self.events = events
        }

        /// A read would not block: it brings bytes, the end or the error.
        package var isReadable: Bool { events & (linux_epoll_readable | linux_epoll_broken) != 0 }
        /// A write would not block: it takes bytes or brings the error.
        package var isWritable: Bool { events & (linux_epoll_writable | linux_epoll_broken) != 0 }
        /// The connection is gone in both directions, or failed.
        package var isBroken: Bool { events & linux_epoll_broken != 0 }
    }

    private let descriptor: Descriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>

    private init(adopting descriptor: consuming Descriptor, eventsPerWait: Int) {
        self.descriptor = descriptor
        // Sound: allocated here, freed in deinit, and used by `wait` only, one call at a time.
        unsafe events = .allocate(capacity: eventsPerWait)
        unsafe events.initialize(repeating: epoll_event())
    }

    deinit {
        unsafe events.deallocate()
    }

    /// Makes a poller that reports at most `eventsPerWait` events at a time; the rest stay for
    /// the next wait.
    package static func make(eventsPerWait: Int) throws(SystemError) -> Poller {
        precondition(eventsPerWait > 0, "a wait needs room for an event")
        let number = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard number >= 0 else { throw SystemError(last: "epoll_create1") }
        return Poller(adopting: Descriptor(adopting: number), eventsPerWait: eventsPerWait)
    }

    /// Starts watching a descriptor. Fails with EEXIST if it is watched already.
    package func add(
        _ descriptor: Int32, token: Token, interest: Interest
    ) throws(SystemError) {
        try control(EPOLL_CTL_ADD, descriptor, token: token, interest: interest)
    }

    /// Changes what a watched descriptor is watched for. Fails with ENOENT if it is not watched.
    package func modify(
        _ descriptor: Int32, token: Token, interest: Interest
    ) throws(SystemError) {
        try control(EPOLL_CTL_MOD, descriptor, token: token, interest: interest)
    }

    /// Stops watching a descriptor; closing it does so too. Fails with ENOENT if it is not watched.
    package func remove(_ descriptor: Int32) throws(SystemError) {
        let none = Token(slot: 0, generation: 0)
        try control(EPOLL_CTL_DEL, descriptor, token: none, interest: [])
    }

    /// Waits for events and puts them in place of what `ready` holds. No events: the time was up,
    /// or a signal came. A negative timeout waits without end; 0 does not wait.
    package func wait(
        into ready: inout [Event], timeoutMilliseconds: Int32
    ) throws(SystemError) {
        ready.removeAll(keepingCapacity: true)
        // Sound: the kernel fills at most `count` elements of our buffer.
        let count = unsafe epoll_wait(
            descriptor.rawValue, events.baseAddress, Int32(events.count), timeoutMilliseconds)
        guard count >= 0 else {
            if errno == EINTR { return }
            throw SystemError(last: "epoll_wait")
        }
        for index in 0..<Int(count) {
            // Sound: index < count <= events.count; the accessors only read the element.
            let event = unsafe events.baseAddress.unsafelyUnwrapped + index
            unsafe ready.append(
                Event(
                    token: Token(packed: linux_epoll_token(event)),
                    events: linux_epoll_events(event)))
        }
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, token: Token, interest: Interest
    ) throws(SystemError) {
        let result = linux_epoll_control(
            self.descriptor.rawValue, operation, descriptor, interest.rawValue, token.packed)
        guard result == 0 else { throw SystemError(last: "epoll_ctl") }
    }
}

extension Poller {
    /// Waits until one of a few descriptors is readable, the time is up or a signal comes
    /// (poll(2)). It needs no descriptor of its own, so it works where there are no more. A
    /// negative timeout waits without end.
    package static func waitForAny(
        of descriptors: [Int32], timeoutMilliseconds: Int32
    ) throws(SystemError) {
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        // Sound: the kernel reads and writes `count` elements of our array.
        let count = unsafe poll(&entries, nfds_t(entries.count), timeoutMilliseconds)
        if count < 0, errno != EINTR { throw SystemError(last: "poll") }
    }
}

/// Wakes a loop that waits in its poller, from any thread (eventfd(2)).
package final class Wakeup: Sendable {
    private let descriptor: Descriptor

    /// Makes one; `rawValue` is to be watched for reading.
    package init() throws(SystemError) {
        let number = linux_eventfd()
        guard number >= 0 else { throw SystemError(last: "eventfd") }
        descriptor = Descriptor(adopting: number)
    }

    /// The number to poll.
    package var rawValue: Int32 { descriptor.rawValue }

    /// Makes the descriptor readable until `drain`. Many signals are one.
    package func signal() {
        // Fails only when the counter is full: then the loop is awake already.
        _ = eventfd_write(descriptor.rawValue, 1)
    }

    /// Makes the descriptor unreadable again; to be called before looking at what was posted.
    package func drain() {
        var count: eventfd_t = 0
        // Sound: the call writes one eventfd_t.
        _ = unsafe eventfd_read(descriptor.rawValue, &count)
    }
}
