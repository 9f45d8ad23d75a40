/// Finds the known name that somebody probably meant.
package enum Nearest {
    /// The nearest of `names` by edit distance, or nil where none is near.
    package static func name(to text: String, among names: [String]) -> String? {
        let limit = max(1, text.utf8.count / 3)
        guard text.utf8.count <= maximumLength else { return nil }
        let lowered = Array(text.lowercased().utf8)
        var best: (name: String, distance: Int)?
        for name in names {
            let distance = distance(lowered, Array(name.lowercased().utf8))
            if distance <= limit, distance < best?.distance ?? Int.max { best = (name, distance) }
        }
        return best?.name
    }

    /// ` (did you mean "image-digest"?)`, or nothing.
    package static func hint(for text: String, among names: [String]) -> String {
        name(to: text, among: names).map { " (did you mean \"\($0)\"?)" } ?? ""
    }

    /// What is longer is no slip of the pen for a name.
    private static let maximumLength = 64

    /// The Levenshtein distance, in time of the lengths' product.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, leftByte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for (rightIndex, rightByte) in right.enumerated() {
                let substituted = diagonal + (leftByte == rightByte ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(substituted, diagonal + 1, row[rightIndex] + 1)
            }
        }
        return row[right.count]
    }
}
