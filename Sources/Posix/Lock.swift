internal import Glibc

/// A value that one thread at a time may touch, and a condition to wait for on it: a pthread
/// mutex and condition variable. (`Synchronization.Mutex` makes ThreadSanitizer report races that
/// are none on Linux.)
@safe
package final class Lock<Value: Sendable>: @unchecked Sendable {
    // Sound as Sendable: `value` is touched only between lock and unlock of `mutex`. The mutex and
    // the condition live at fixed addresses of their own, from init to deinit.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    /// Guards a value.
    package init(_ value: Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe condition = .allocate(capacity: 1)
        unsafe condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe condition.deallocate()
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` with the value, alone. Not reentrant.
    package func withLock<Result, Failure>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Runs `body` with the value if no other thread has it just now; else returns nil at once.
    package func withLockIfAvailable<Result, Failure>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard unsafe pthread_mutex_trylock(mutex) == 0 else { return nil }
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Waits until `body` returns something, and returns that. `body` is tried at once and again,
    /// with the lock held, after each notification; nil when the time is up first. Without a
    /// timeout it waits without end.
    @discardableResult
    package func wait<Result>(
        timeoutNanoseconds: UInt64? = nil, until body: (inout Value) -> Result?
    ) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let start = Clock.monotonicNanoseconds()
        let deadline = timeoutNanoseconds.map { start.addingReportingOverflow($0) }
            .map { $0.overflow ? UInt64.max : $0.partialValue }
        while true {
            if let result = body(&value) { return result }
            guard let deadline else {
                unsafe pthread_cond_wait(condition, mutex)
                continue
            }
            if Clock.monotonicNanoseconds() >= deadline { return nil }
            var time = timespec(
                tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
            _ = unsafe pthread_cond_timedwait(condition, mutex, &time)
        }
    }

    /// Lets one waiting thread look again; to be called after the change.
    package func notifyOne() {
        unsafe pthread_cond_signal(condition)
    }

    /// Lets all waiting threads look again; to be called after the change.
    package func notifyAll() {
        unsafe pthread_cond_broadcast(condition)
    }
}
