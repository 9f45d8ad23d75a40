import HTTP
import Testing

@testable import Server

@Suite struct ReviewMemoryTests {
    @Test func aSmallReviewAsksForNothing() {
        let memory = ReviewMemory(budget: ByteBudget(capacity: 0))
        #expect(memory.withMemory(forBody: ReviewMemory.freeBodyBytes) { 1 } == 1)
        #expect(memory.withMemory(forBody: ReviewMemory.freeBodyBytes + 1) { 1 } == nil)
    }

    @Test func theLargestNeedsNoMoreThanTheLargestTree() {
        let budget = ByteBudget(capacity: ReviewMemory.largest)
        let memory = ReviewMemory(budget: budget)
        let reserved = memory.withMemory(forBody: 32 << 20) { budget.reserved }
        #expect(reserved == ReviewMemory.largest)
        #expect(budget.reserved == 0)
        #expect(budget.reserve(1))
        #expect(memory.withMemory(forBody: 32 << 20) { 1 } == nil)
    }

    @Test func theLargestReviewIsJudgedByDefault() throws {
        let address = try #require(ListenerAddress("http://127.0.0.1:0"))
        let configuration = Configuration(
            admission: .admission(address, threads: 2), service: .service(address))
        #expect(configuration.reviewMemory >= ReviewMemory.largest)
        #expect(configuration.admission.byteBudget >= configuration.admission.limits.bodyBytes)
        #expect(configuration.service.byteBudget >= configuration.service.limits.bodyBytes)
    }
}
