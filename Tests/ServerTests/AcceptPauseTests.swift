import Testing

@testable import Server

@Suite struct AcceptPauseTests {
    @Test func itEndsAtItsEnd() {
        var pause = AcceptPause()
        #expect(pause.end == nil)
        #expect(!pause.endIfOver(.max))
        #expect(pause.begin(1))
        #expect(pause.end == 1 + AcceptPause.length)
        #expect(!pause.endIfOver(AcceptPause.length))
        #expect(pause.endIfOver(1 + AcceptPause.length))
        #expect(pause.end == nil)
    }

    @Test func oneLineStandsForMany() {
        var pause = AcceptPause()
        #expect(pause.begin(1))
        #expect(!pause.begin(AcceptPause.silence))
        #expect(pause.begin(1 + AcceptPause.silence))
        pause.cancel()
        #expect(pause.end == nil)
    }
}
