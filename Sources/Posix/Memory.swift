internal import CLinux

/// What the C library's allocator does with memory that is given back (mallopt(3)).
package enum Memory {
    /// From this size on, in bytes, a block is a mapping of its own.
    package static let mappedFrom = 256 << 10

    /// Has large blocks returned to the kernel as soon as they are freed.
    ///
    /// By itself the allocator raises the size from which it maps blocks, up to 32 MiB, with each
    /// that is freed: what large bodies took would stay with the process, once for each thread that
    /// read one, and growing a block would copy it instead of moving its pages. To be called before
    /// any thread is started.
    ///
    /// - Returns: Whether the allocator has taken it.
    @discardableResult
    package static func returnLargeBlocks() -> Bool {
        linux_set_allocation(Int32(mappedFrom), Int32(mappedFrom)) == 1
    }

    /// Has all pages returned to the kernel that smaller blocks have left free. The allocator
    /// itself returns only those at the end of a heap, where one block in use keeps all before it.
    /// Takes some milliseconds where much is free.
    ///
    /// - Returns: Whether there were any.
    @discardableResult
    package static func returnFreed() -> Bool { linux_return_freed() == 1 }
}
