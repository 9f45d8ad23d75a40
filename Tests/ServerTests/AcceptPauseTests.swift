import Testing

@testable import Server

@Suite struct AcceptPauseTests {
    @Test func itEndsAtItsEnd() {
        var pause = AcceptPause()
        let before = pause.endIfOver(.max)
        #expect(!before && pause.end == nil)
        let isToldOf = pause.begin(1)
        #expect(isToldOf && pause.end == 1 + AcceptPause.length)
        let early = pause.endIfOver(AcceptPause.length)
        let late = pause.endIfOver(1 + AcceptPause.length)
        #expect(!early && late && pause.end == nil)
    }

    @Test func oneLineStandsForMany() {
        var pause = AcceptPause()
        let told = [1, AcceptPause.silence, 1 + AcceptPause.silence].map { pause.begin($0) }
        #expect(told == [true, false, true])
        pause.cancel()
        #expect(pause.end == nil)
    }
}
