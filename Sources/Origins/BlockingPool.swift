internal import Dispatch
internal import Glibc
internal import Synchronization
package import VolumeModel

/// Threads for system calls on one network file system, which may never come back.
///
/// A call that is not done by its deadline is given up: its caller goes on, its thread stays behind
/// with it. When all threads are stuck, calls wait in the queue until their deadline, and the
/// breaker soon refuses them at once. Nobody else's calls run here, so a dead server harms only
/// its own root.
package final class BlockingPool: Sendable {
    private let name: String
    private let limit: Int
    private let queueLimit: Int
    private let state: Mutex<State>
    private let work = DispatchSemaphore(value: 0)

    private struct State {
        /// Calls that no thread has taken yet, oldest first.
        var queue: [Call] = []
        /// Calls whose callers wait, by their number.
        var waiting: [UInt64: Call] = [:]
        var nextNumber: UInt64 = 0
        var threads = 0
        var idle = 0
        /// Whether a thread looks after deadlines; it does while anybody waits.
        var isWatched = false
        var breaker: Breaker
    }

    /// One call: `run` does it and returns what answers its caller, `expire` answers it at the
    /// deadline; whichever comes first counts.
    private final class Call: Sendable {
        let number: UInt64
        let deadline: UInt64
        let run: @Sendable () -> (@Sendable () -> Void)?
        let expire: @Sendable () -> Void

        init(
            number: UInt64, deadline: UInt64,
            run: @escaping @Sendable () -> (@Sendable () -> Void)?,
            expire: @escaping @Sendable () -> Void
        ) {
            self.number = number
            self.deadline = deadline
            self.run = run
            self.expire = expire
        }
    }

    /// - Parameters:
    ///   - threads: how many calls can be under way at once.
    ///   - queueLimit: how many more may wait for one.
    ///   - breaker: when calls are refused.
    package init(
        name: String, threads: Int, queueLimit: Int = 1_024, breaker: Breaker = Breaker()
    ) {
        state = Mutex(State(breaker: breaker))
        self.name = name
        limit = max(1, threads)
        self.queueLimit = queueLimit
    }

    /// Runs `body` on one of the threads.
    ///
    /// - Throws: `.timedOut` at the deadline, `.originUnavailable` while the breaker is open or the
    ///   queue is full, `.cancelled` with the task, and what `body` throws.
    package func run<Result: Sendable>(
        deadline: Duration, _ body: @escaping @Sendable () throws(PerigeeError) -> Result
    ) async throws(PerigeeError) -> Result {
        let once = Once<Swift.Result<Result, PerigeeError>>()
        let accepted = enqueue(
            deadline: deadline,
            run: {
                guard !once.isDone else { return nil }
                let result = Swift.Result<Result, PerigeeError>(catching: body)
                return { once.resume(result) }
            },
            expire: {
                once.resume(
                    .failure(
                        PerigeeError(
                            .timedOut,
                            "the origin \(Printable.quoted(self.name)) did not answer within "
                                + "\(deadline)",
                            remedy: "check the server behind that file system")))
            })
        if !accepted {
            once.resume(
                .failure(
                    PerigeeError(
                        .originUnavailable,
                        "the origin \(Printable.quoted(name)) does not answer",
                        remedy: "check the server behind that file system; it is asked again "
                            + "every few seconds")))
        }
        let result = await withTaskCancellationHandler {
            await once.value()
        } onCancel: {
            once.resume(
                .failure(
                    PerigeeError(.cancelled, "a call to \(Printable.quoted(name)) was withdrawn")))
        }
        return try result.get()
    }

    /// Adds a call that nobody waits for; it is done whenever a thread comes free.
    package func add(_ run: @escaping @Sendable () -> Void) {
        _ = enqueue(
            deadline: nil,
            run: {
                run()
                return {}
            }, expire: {})
    }

    /// - Parameter deadline: nil for a call that nobody waits for, and that is never refused.
    private func enqueue(
        deadline: Duration?, run: @escaping @Sendable () -> (@Sendable () -> Void)?,
        expire: @escaping @Sendable () -> Void
    ) -> Bool {
        let now = monotonicNanoseconds()
        var startThread = false
        var startWatch = false
        let accepted = state.withLock { state in
            if deadline != nil {
                guard state.queue.count < queueLimit, state.breaker.admits(at: now) else {
                    return false
                }
            }
            let call = Call(
                number: state.nextNumber, deadline: now + (deadline?.wholeNanoseconds ?? 0),
                run: run,
                expire: expire)
            state.nextNumber += 1
            state.queue.append(call)
            startThread = state.idle < state.queue.count && state.threads < limit
            if startThread { state.threads += 1 }
            if deadline != nil {
                state.waiting[call.number] = call
                startWatch = !state.isWatched
                state.isWatched = true
            }
            return true
        }
        if startThread { Thread.start(name: "origin") { self.serve() } }
        if startWatch { Thread.start(name: "origin-watch") { self.watch() } }
        if accepted { work.signal() }
        return accepted
    }

    /// A thread's life: until nothing has come for 30 s.
    private func serve() {
        while true {
            state.withLock { $0.idle += 1 }
            let outcome = work.wait(timeout: .now() + 30)
            let (call, isOver) = state.withLock { state -> (Call?, Bool) in
                state.idle -= 1
                if outcome == .success {
                    return (state.queue.isEmpty ? nil : state.queue.removeFirst(), false)
                }
                // A call that came in this very instant counted on this thread.
                guard state.queue.isEmpty else { return (nil, false) }
                state.threads -= 1
                return (nil, true)
            }
            if isOver { return }
            guard let call else { continue }
            let answer = call.run()
            state.withLock { state in
                guard state.waiting.removeValue(forKey: call.number) != nil else { return }
                // One that was withdrawn before its turn has not asked the origin anything.
                if answer == nil { state.breaker.withdrawn() } else { state.breaker.answered() }
            }
            // After the breaker knows, so that the caller's next call is not refused.
            answer?()
        }
    }

    /// Answers the callers whose deadlines pass, while anybody waits.
    private func watch() {
        while true {
            usleep(10_000)
            let now = monotonicNanoseconds()
            let (expired, isOver) = state.withLock { state -> ([Call], Bool) in
                guard !state.waiting.isEmpty else {
                    state.isWatched = false
                    return ([], true)
                }
                let expired = state.waiting.values.filter { $0.deadline <= now }
                for call in expired {
                    state.waiting[call.number] = nil
                    state.breaker.timedOut(at: now)
                }
                if !expired.isEmpty {
                    let numbers = Set(expired.map(\.number))
                    state.queue.removeAll { numbers.contains($0.number) }
                }
                return (expired, false)
            }
            for call in expired { call.expire() }
            if isOver { return }
        }
    }
}

/// A value that comes once, from whoever is first, and one caller that waits for it.
private final class Once<Value: Sendable>: Sendable {
    private let state = Mutex(State.empty)

    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, Never>)
        case there(Value)
        case taken
    }

    /// Whether a value has come: there is nobody left to work for.
    var isDone: Bool {
        state.withLock { state in
            switch state {
            case .empty, .waiting: false
            case .there, .taken: true
            }
        }
    }

    /// Waits for the value; to be called once.
    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let there: Value? = state.withLock { state in
                if case .there(let value) = state {
                    state = .taken
                    return value
                }
                state = .waiting(continuation)
                return nil
            }
            if let there { continuation.resume(returning: there) }
        }
    }

    /// Brings the value; all but the first are dropped.
    func resume(_ value: Value) {
        let waiting: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .empty:
                state = .there(value)
                return nil
            case .waiting(let continuation):
                state = .taken
                return continuation
            case .there, .taken: return nil
            }
        }
        waiting?.resume(returning: value)
    }
}
