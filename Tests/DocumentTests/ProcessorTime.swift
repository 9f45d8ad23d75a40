import Glibc

/// The processor time that `work` takes on this thread. Unlike the time on a clock it does not grow
/// where other programs keep the machine busy. Other modules' tests have links to this file.
func processorTime(of work: () throws -> Void) rethrows -> Duration {
    let start = processorTime()
    try work()
    return processorTime() - start
}

/// The processor time that this thread has taken so far.
private func processorTime() -> Duration {
    var time = timespec()
    // Sound: the call writes one `timespec` and keeps no pointer.
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
