import Dispatch
import Origins
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@Suite("Blocking pool", .timeLimit(.minutes(5)))
struct BlockingPoolTests {
    /// Calls that do not come back until the gate is opened.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let count = Atomic(0)

        func wait() {
            arrive()
            semaphore.wait()
            semaphore.signal()
        }

        func arrive() { count.add(1, ordering: .relaxed) }

        func open() { semaphore.signal() }

        var arrivals: Int { count.load(ordering: .relaxed) }
    }

    @Test("Calls are answered with what their bodies return or throw")
    func answers() async throws {
        let pool = BlockingPool(name: "test", threads: 2)
        #expect(try await pool.run(deadline: .seconds(10)) { 7 } == 7)
        let error = await asyncFailure {
            try await pool.run(deadline: .seconds(10)) { () throws(PerigeeError) in
                throw PerigeeError(.stale, "as it is")
            }
        }
        #expect(error?.code == .stale)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask { try await pool.run(deadline: .seconds(10)) { number } }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 199 * 100)
    }

    @Test("A call is withdrawn with its task, and a withdrawn call says nothing of the origin")
    func withdrawal() async throws {
        let gate = Gate()
        defer { gate.open() }
        let pool = BlockingPool(name: "test", threads: 1)
        let stuck = Task { try await pool.run(deadline: .seconds(300)) { gate.wait() } }
        while gate.arrivals == 0 { try await Task.sleep(for: .milliseconds(1)) }
        let queued = Task { try await pool.run(deadline: .seconds(300)) {} }
        queued.cancel()
        stuck.cancel()
        let start = monotonicNanoseconds()
        for task in [queued, stuck] {
            let error = await task.result.failure as? PerigeeError
            #expect(error?.code == .cancelled)
        }
        // Far from the deadline of five minutes.
        #expect(monotonicNanoseconds() - start < 60_000_000_000)
    }

    @Test("A call that does not come back is given up at its deadline and harms only its thread")
    func deadline() async throws {
        let gate = Gate()
        defer { gate.open() }
        let pool = BlockingPool(name: "test", threads: 2)
        let start = monotonicNanoseconds()
        let error = await asyncFailure {
            try await pool.run(deadline: .milliseconds(50)) { gate.wait() }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isTransient == true)
        #expect(monotonicNanoseconds() - start >= 50_000_000)
        // The other thread still serves.
        for number in 0..<20 {
            #expect(try await pool.run(deadline: .seconds(10)) { number } == number)
        }
    }

    @Test("When every thread is stuck, calls wait until their deadline and are never begun after")
    func stuck() async throws {
        let gate = Gate()
        let pool = BlockingPool(name: "test", threads: 1)
        let first = Task {
            await asyncFailure { try await pool.run(deadline: .milliseconds(100)) { gate.wait() } }
        }
        while gate.arrivals == 0 { await Task.yield() }
        let flag = Flag()
        let second = await asyncFailure {
            try await pool.run(deadline: .milliseconds(20)) { flag.raise() }
        }
        #expect(second?.code == .timedOut)
        #expect(await first.value?.code == .timedOut)
        gate.open()
        // The thread is free again, and does what comes next.
        #expect(try await pool.run(deadline: .seconds(10)) { 1 } == 1)
        #expect(!flag.isRaised)
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        func raise() { value.store(true, ordering: .relaxed) }
        var isRaised: Bool { value.load(ordering: .relaxed) }
    }

    @Test("After four timeouts calls are refused at once, until one is answered again")
    func breaker() async throws {
        let gate = Gate()
        let pool = BlockingPool(name: "test", threads: 8)
        for _ in 0..<4 {
            let code = await asyncFailure {
                try await pool.run(deadline: .milliseconds(20)) { gate.wait() }
            }?.code
            #expect(code == .timedOut)
        }
        let start = monotonicNanoseconds()
        let error = await asyncFailure { _ = try await pool.run(deadline: .seconds(30)) { 1 } }
        #expect(error?.code == .originUnavailable)
        #expect(error?.isTransient == true)
        #expect(monotonicNanoseconds() - start < 1_000_000_000)
        gate.open()
        // It asks again after its pause of five seconds.
        let deadline = monotonicNanoseconds() + 15_000_000_000
        var answer: Int?
        while answer == nil, monotonicNanoseconds() < deadline {
            answer = try? await pool.run(deadline: .seconds(5)) { 2 }
            if answer == nil { try await Task.sleep(for: .milliseconds(50)) }
        }
        #expect(answer == 2)
        #expect(try await pool.run(deadline: .seconds(5)) { 3 } == 3)
    }

    @Test("An origin is asked again where the call that was to try it is withdrawn")
    func withdrawnProbe() async throws {
        let gate = Gate()
        let pool = BlockingPool(
            name: "test", threads: 1, breaker: Breaker(failures: 1, pause: 0))
        let stuck = await asyncFailure {
            try await pool.run(deadline: .milliseconds(20)) { gate.wait() }
        }
        #expect(stuck?.code == .timedOut)
        let flag = Flag()
        // Behind the stuck call, so it is withdrawn before its turn.
        let probe = Task {
            while true {
                do throws(PerigeeError) {
                    return try await pool.run(deadline: .seconds(300)) { flag.raise() }
                } catch  where error.code == .originUnavailable {
                    // The other calls below were let through before it.
                    await Task.yield()
                }
            }
        }
        let refused = { await asyncFailure { _ = try await pool.run(deadline: .zero) { 1 } }?.code }
        while await refused() != .originUnavailable { await Task.yield() }
        probe.cancel()
        #expect((await probe.result.failure as? PerigeeError)?.code == .cancelled)
        gate.open()
        let deadline = monotonicNanoseconds() + 20_000_000_000
        var answer: Int?
        while answer == nil, monotonicNanoseconds() < deadline {
            answer = try? await pool.run(deadline: .seconds(60)) { 2 }
        }
        #expect(answer == 2)
        #expect(!flag.isRaised)
    }

    @Test("A full queue refuses at once, and what it holds is still done")
    func full() async throws {
        let gate = Gate()
        let pool = BlockingPool(name: "test", threads: 1, queueLimit: 2)
        let first = Task {
            await asyncFailure { try await pool.run(deadline: .seconds(30)) { gate.wait() } }
        }
        while gate.arrivals == 0 { await Task.yield() }
        let refusals = Gate()
        let others = (0..<10).map { _ in
            Task {
                let code = await asyncFailure { try await pool.run(deadline: .seconds(30)) {} }?
                    .code
                refusals.arrive()
                return code
            }
        }
        let deadline = monotonicNanoseconds() + 20_000_000_000
        while refusals.arrivals < 8, monotonicNanoseconds() < deadline { await Task.yield() }
        #expect(refusals.arrivals == 8)
        gate.open()
        var codes: [PerigeeError.Code?] = []
        for task in others { codes.append(await task.value) }
        #expect(codes.count { $0 == nil } == 2)
        #expect(codes.count { $0 == .originUnavailable } == 8)
        #expect(await first.value == nil)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
