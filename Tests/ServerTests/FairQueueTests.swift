import Testing

@testable import Server

@Suite struct FairQueueTests {
    /// Brings texts like `a1`, whose first character is the owner, and returns the order out.
    private func order(_ texts: [String]) -> [String] {
        var queue = FairQueue<Character, String>(capacity: 100, share: 100)
        for text in texts { _ = queue.append(text, of: text.first ?? "?") }
        return drain(&queue)
    }

    private func drain(_ queue: inout FairQueue<Character, String>) -> [String] {
        var out: [String] = []
        while let text = queue.popFirst() { out.append(text) }
        return out
    }

    @Test(arguments: [
        (["a1", "a2", "a3"], ["a1", "a2", "a3"]), (["a1", "b1"], ["a1", "b1"]),
        (["a1", "a2", "a3", "b1"], ["a1", "b1", "a2", "a3"]),
        (["a1", "a2", "b1", "b2", "c1"], ["a1", "b1", "c1", "a2", "b2"]), ([], []),
    ])
    func ownersTakeTurns(_ texts: [String], _ expected: [String]) {
        #expect(order(texts) == expected)
    }

    @Test func whoeverComesBackDoesNotPassOthers() {
        var queue = FairQueue<Character, String>(capacity: 100, share: 100)
        for text in ["b1", "b2", "b3", "b4"] { _ = queue.append(text, of: "b") }
        var out: [String] = []
        for number in 0..<8 {
            guard let text = queue.popFirst() else { break }
            out.append(text)
            // Each time that one of its own is gone, and at first, the other brings one.
            if number == 0 || text.hasPrefix("a") { _ = queue.append("a\(number)", of: "a") }
        }
        #expect(out.filter { $0.hasPrefix("b") } == ["b1", "b2", "b3", "b4"])
    }

    @Test func whoeverComesLaterWaitsForOneEntryOfTheOthersAtMost() {
        var queue = FairQueue<Character, String>(capacity: 100, share: 100)
        for number in 0..<10 { _ = queue.append("a\(number)", of: "a") }
        for number in 0..<5 { #expect(queue.popFirst() == "a\(number)") }
        _ = queue.append("b0", of: "b")
        _ = queue.append("b1", of: "b")
        #expect(drain(&queue) == ["b0", "a5", "b1", "a6", "a7", "a8", "a9"])
        // An owner that comes back has lost nothing and gained nothing.
        _ = queue.append("b2", of: "b")
        _ = queue.append("a10", of: "a")
        #expect(drain(&queue) == ["b2", "a10"])
    }

    @Test func atTheLimitsNothingMoreIsTaken() {
        var queue = FairQueue<Character, String>(capacity: 3, share: 2)
        #expect(queue.append("a1", of: "a") == .taken)
        #expect(queue.append("a2", of: "a") == .taken)
        #expect(queue.append("a3", of: "a") == .ownerHasItsShare)
        #expect(queue.append("b1", of: "b") == .taken)
        #expect(queue.append("b2", of: "b") == .isFull)
        #expect(queue.append("c1", of: "c") == .isFull)
        #expect(queue.count == 3)
        #expect(queue.popFirst() == "a1")
        #expect(queue.append("a3", of: "a") == .taken)
        queue.removeAll()
        #expect(queue.popFirst() == nil)
        #expect(queue.append("a4", of: "a") == .taken)
    }
}
