internal import CLinux
internal import Glibc
internal import Synchronization

/// A thread of the operating system.
package final class Thread: Sendable {
    private let handle: pthread_t
    private let isJoined = Atomic(false)

    private init(handle: pthread_t) {
        self.handle = handle
    }

    deinit {
        if !isJoined.load(ordering: .relaxed) { pthread_detach(handle) }
    }

    /// Starts a thread that runs `body` once. The name is cut to the 15 bytes that Linux shows.
    /// The stack size is in bytes, at least 16 KiB. A thread nobody joins ends by itself.
    package static func spawn(
        name: String, stackSize: Int, body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> Thread {
        var attributes = pthread_attr_t()
        // Sound: initialised here, used by this call only, destroyed at its end.
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        let sized = unsafe pthread_attr_setstacksize(&attributes, stackSize)
        guard sized == 0 else { throw SystemError(call: "pthread_attr_setstacksize", code: sized) }

        let shown = String(decoding: name.utf8.prefix(15), as: UTF8.self)
        let work = unsafe Unmanaged.passRetained(Work(name: shown, body))
        var handle = pthread_t()
        // Sound: the one retain of `work` is given to the new thread, which takes it over.
        let status = unsafe pthread_create(&handle, &attributes, runWork, work.toOpaque())
        guard status == 0 else {
            unsafe work.release()
            throw SystemError(call: "pthread_create", code: status)
        }
        return Thread(handle: handle)
    }

    /// Waits until the thread has ended. To be called once; a later call returns at once.
    package func join() {
        if isJoined.exchange(true, ordering: .relaxed) { return }
        pthread_join(handle, nil)
    }
}

private final class Work: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    // Sound: `context` is the retained Work that `spawn` passed, taken over exactly once.
    let work = unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
    // Here and not by the spawner, so that the body never runs under another's name.
    _ = unsafe linux_name_thread(pthread_self(), work.name)
    work.body()
    return nil
}
