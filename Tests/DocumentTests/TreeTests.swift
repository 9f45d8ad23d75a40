import Testing

@testable import Document

/// A tree's nodes keep their order and their values however often room is made.
@Suite struct NodeListTests {
    private func node(_ index: Int) -> RawNode {
        RawNode(offset: UInt32(index), length: 1, next: 2, kind: .string, hasEscapes: false)
    }

    @Test(arguments: [0, 1, 63, 64, 65, 1000])
    func itGrows(count: Int) {
        var list = NodeList()
        for index in 0..<count { list.append(node(index)) }
        let (length, capacity) = (list.count, list.capacity)
        #expect(length == count && capacity >= count)
        for index in 0..<count {
            let offset = list[index].offset
            #expect(offset == UInt32(index))
        }
        list.removeAll()
        let (after, kept) = (list.count, list.capacity)
        #expect(after == 0 && kept == capacity)
    }

    @Test func whatIsTakenIsGone() {
        var list = NodeList()
        list.append(node(7))
        let taken = list.take()
        let (count, offset) = (taken.count, taken[0].offset)
        #expect(count == 1 && offset == 7)
        let (rest, room) = (list.count, list.capacity)
        #expect(rest == 0 && room == 0)
    }
}
