internal import Dispatch
internal import Synchronization
internal import VolumeModel

/// Waiting on a thread of one's own for what is done by tasks: for scans, which are threads.
enum Waiting {
    private final class Box<Value: Sendable>: Sendable {
        let result = Mutex<Result<Value, PerigeeError>?>(nil)
        let isDone = DispatchSemaphore(value: 0)
    }

    /// Threads of its own for the tasks that are waited for: on those that all tasks share, a few who
    /// wait could keep out what they wait for.
    private final class Threads: TaskExecutor {
        private let queue = DispatchQueue(label: "perigee.waiting", attributes: .concurrent)

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    private static let threads = Threads()

    /// Runs `body` in a task, and waits for it.
    ///
    /// - Parameter isCancelled: asked ten times a second; cancels the task.
    static func run<Value: Sendable>(
        isCancelled: @Sendable () -> Bool = { false },
        _ body: @escaping @Sendable () async throws(PerigeeError) -> Value
    ) throws(PerigeeError) -> Value {
        let box = Box<Value>()
        let task = Task(executorPreference: threads) {
            let result: Result<Value, PerigeeError>
            do throws(PerigeeError) { result = .success(try await body()) } catch {
                result = .failure(error)
            }
            box.result.withLock { $0 = result }
            box.isDone.signal()
        }
        while box.isDone.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            if isCancelled() { task.cancel() }
        }
        guard let result = box.result.withLock(\.self) else {
            throw PerigeeError(.cancelled, "a task ended without a result")
        }
        return try result.get()
    }
}
