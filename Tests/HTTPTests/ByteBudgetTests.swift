import Testing

@testable import HTTP

@Suite struct ByteBudgetTests {
    @Test func grantsUpToItsCapacity() {
        let budget = ByteBudget(capacity: 10)
        #expect(budget.reserve(10))
        #expect(!budget.reserve(1))
        #expect(budget.reserved == 10)
        budget.release(4)
        #expect(!budget.reserve(5))
        #expect(budget.reserve(4))
    }

    @Test func refusesWhatWouldOverflow() {
        let budget = ByteBudget(capacity: 10)
        #expect(budget.reserve(1))
        #expect(!budget.reserve(.max))
        #expect(budget.reserved == 1)
    }

    @Test func getsAShareBackWhenItIsDropped() {
        let budget = ByteBudget(capacity: 10)
        var share: ByteReservation? = ByteReservation(budget: budget)
        #expect(share?.grow(to: 6) == true)
        #expect(share?.grow(to: 3) == true)
        #expect(share?.grow(to: 11) == false)
        #expect(budget.reserved == 6)
        share = nil
        #expect(budget.reserved == 0)
    }
}
