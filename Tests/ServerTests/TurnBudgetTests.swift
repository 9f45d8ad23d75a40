import Testing

@testable import Server

@Suite struct TurnBudgetTests {
    @Test(arguments: [
        (TurnLimits.requests, 0, false), (TurnLimits.requests, 8 * 1024 - 1, false),
        (1, TurnLimits.bodyBytes, false), (1, 32 << 20, false),
        (TurnLimits.requests - 1, 0, true), (TurnLimits.requests - 1, 8 * 1024, true),
        (1, TurnLimits.bodyBytes - 1, true),
    ])
    func requestsAndTheirBytesAreCounted(_ count: Int, _ bytes: Int, _ isLeft: Bool) {
        var budget = TurnBudget()
        for _ in 0..<count {
            #expect(!budget.isSpent)
            budget.spend(bytes)
        }
        #expect(budget.isSpent == !isLeft)
    }
}
