import Origins
import Testing

@Suite("Breaker")
struct BreakerTests {
    @Test("It opens after so many timeouts in a row, and an answer in between counts")
    func opens() {
        let breaker = Subject(failures: 3, pause: 100)
        #expect(!breaker.timedOut(at: 1))
        #expect(!breaker.timedOut(at: 2))
        breaker.answered()
        #expect(!breaker.timedOut(at: 3))
        #expect(!breaker.timedOut(at: 4))
        #expect(breaker.admits(at: 4))
        #expect(breaker.timedOut(at: 5))
        #expect(!breaker.admits(at: 5))
        #expect(!breaker.admits(at: 104))
    }

    @Test("After its pause it lets one call through, whose end decides")
    func probes() {
        let breaker = Subject(failures: 1, pause: 100)
        #expect(breaker.timedOut(at: 0))
        #expect(breaker.admits(at: 100))
        #expect(!breaker.admits(at: 100))
        #expect(!breaker.admits(at: 10_000))
        // Open already, so this does not open it.
        #expect(!breaker.timedOut(at: 10_000))
        #expect(!breaker.admits(at: 10_099))
        #expect(breaker.admits(at: 10_100))
        breaker.answered()
        #expect(breaker.admits(at: 10_101))
        #expect(breaker.admits(at: 10_101))
    }

    @Test("An answer to an earlier call closes it at once")
    func lateAnswer() {
        let breaker = Subject(failures: 1, pause: 100)
        _ = breaker.timedOut(at: 0)
        breaker.answered()
        #expect(breaker.admits(at: 1))
    }

    @Test("A call that is withdrawn makes room for another to be let through")
    func withdrawn() {
        let breaker = Subject(failures: 1, pause: 100)
        _ = breaker.timedOut(at: 0)
        #expect(breaker.admits(at: 100))
        #expect(!breaker.admits(at: 101))
        breaker.withdrawn()
        #expect(breaker.admits(at: 102))
        #expect(!breaker.admits(at: 103))
    }

    @Test("It is asked again at most once a pause while nobody answers")
    func rate() {
        let breaker = Subject(failures: 4, pause: 5)
        var asked = 0
        for now in UInt64(0)..<100 where breaker.admits(at: now) {
            asked += 1
            _ = breaker.timedOut(at: now)
        }
        // Four that open it, then one each five.
        #expect(asked == 4 + 19)
    }
}

/// Holds a breaker, so that an expectation can call what changes it.
private final class Subject {
    private var breaker: Breaker

    init(failures: Int, pause: UInt64) { breaker = Breaker(failures: failures, pause: pause) }

    func admits(at now: UInt64) -> Bool { breaker.admits(at: now) }

    func timedOut(at now: UInt64) -> Bool { breaker.timedOut(at: now) }

    func answered() { breaker.answered() }

    func withdrawn() { breaker.withdrawn() }
}
