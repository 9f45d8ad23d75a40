/// Copies bytes to the end of an array at once. A review's answer is put together from a hundred
/// short pieces, and what `append(contentsOf:)` does about each takes longer than to copy it.
///
/// Sound: room for all that is copied is made before, source and target lie in different memory,
/// and the count says how much of the room was filled.
extension [UInt8] {
    /// Appends bytes.
    @inline(__always)
    package mutating func append(copying bytes: Span<UInt8>) {
        append(addingCapacity: bytes.count) { output in output.append(copying: bytes) }
    }

    /// Appends a string's UTF-8.
    @inline(__always)
    package mutating func append(utf8 text: String) { append(copying: text.utf8.span) }

    /// Appends the UTF-8 of words of the program, which are there for as long as it runs.
    @inline(__always)
    package mutating func append(utf8 text: StaticString) {
        text.withUTF8Buffer { append(copying: unsafe $0.span) }
    }
}

extension OutputSpan<UInt8> {
    /// Appends bytes, for which there must be room.
    @inline(__always)
    mutating func append(copying bytes: Span<UInt8>) {
        precondition(bytes.count <= freeCapacity, "room for what is copied")
        unsafe withUnsafeMutableBufferPointer { target, count in
            unsafe bytes.withUnsafeBufferPointer { source in
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: target[count...])
                _ = unsafe rest.initialize(fromContentsOf: source)
            }
            count += bytes.count
        }
    }
}
