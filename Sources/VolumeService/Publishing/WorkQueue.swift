internal import Dispatch
internal import Synchronization
internal import VolumeModel

/// Threads that do jobs for one consumer: the last job first, which keeps the number of waiting
/// ones small, and only so many results ahead of the consumer.
final class WorkQueue<Job: Sendable, Result: Sendable>: Sendable {
    private let state = Mutex(State())
    private let jobs = DispatchSemaphore(value: 0)
    private let ready = DispatchSemaphore(value: 0)
    /// Room for results that the consumer has not taken.
    private let room: DispatchSemaphore
    private let threads: Int

    private struct State {
        var jobs: [Job] = []
        var results: [Result] = []
        /// Jobs whose results the consumer has not taken.
        var outstanding = 0
        var isClosed = false
    }

    /// - Parameter makeWorker: called on each thread once, for what that thread keeps.
    init(
        name: String, threads: Int, ahead: Int,
        makeWorker: @escaping @Sendable () -> (Job) -> Result
    ) {
        self.threads = threads
        // From 0: one that ends below the value it was made with stops the process, and results
        // that nobody takes any more keep their room.
        room = DispatchSemaphore(value: 0)
        for _ in 0..<ahead { room.signal() }
        for _ in 0..<threads {
            Thread.start(name: name) { [self] in
                let work = makeWorker()
                while let job = take() { deliver(work(job)) }
            }
        }
    }

    /// Jobs that are not done, or whose results are not taken.
    var outstanding: Int { state.withLock(\.outstanding) }

    /// Adds jobs.
    func add(_ added: [Job]) {
        guard !added.isEmpty else { return }
        state.withLock { state in
            state.jobs.append(contentsOf: added)
            state.outstanding += added.count
        }
        for _ in added { jobs.signal() }
    }

    /// A result, or nil where none has come in that time.
    func next(within milliseconds: Int) -> Result? {
        guard ready.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else {
            return nil
        }
        let result = state.withLock { state in
            state.outstanding -= 1
            return state.results.popLast()
        }
        room.signal()
        return result
    }

    /// Ends the threads once each has finished the job it is at.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.jobs = []
        }
        for _ in 0..<threads {
            room.signal()
            jobs.signal()
        }
    }

    private func take() -> Job? {
        room.wait()
        jobs.wait()
        return state.withLock { $0.isClosed ? nil : $0.jobs.popLast() }
    }

    private func deliver(_ result: Result) {
        state.withLock { $0.results.append(result) }
        ready.signal()
    }
}
