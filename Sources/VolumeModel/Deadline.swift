internal import Dispatch
internal import Synchronization

/// Calls that may never come back, and callers that must.
package enum Deadline {
    /// Runs `body` on a thread of its own, and waits for it no longer than `limit`. A body that is
    /// late goes on alone; what it returns then is dropped.
    ///
    /// - Parameter isCancelled: asked ten times a second; true gives up at once.
    /// - Throws: `.timedOut` with `message`, `.cancelled`, and what `body` throws.
    package static func run<Result: Sendable>(
        within limit: Duration, _ message: @autoclosure () -> String,
        isCancelled: () -> Bool = { false },
        _ body: @escaping @Sendable () throws(PerigeeError) -> Result
    ) throws(PerigeeError) -> Result {
        let answer = Answer<Result>()
        Thread.start(name: "deadline") {
            do throws(PerigeeError) {
                answer.set(.success(try body()))
            } catch {
                answer.set(.failure(error))
            }
        }
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if let result = answer.wait(milliseconds: 100) { return try result.get() }
            if isCancelled() {
                throw PerigeeError(.cancelled, "stopped before there was an answer")
            }
        }
        throw PerigeeError(.timedOut, message(), remedy: "check the file system that it lies on")
    }

    private final class Answer<Value: Sendable>: Sendable {
        private let value = Mutex<Swift.Result<Value, PerigeeError>?>(nil)
        private let isThere = DispatchSemaphore(value: 0)

        func set(_ value: Swift.Result<Value, PerigeeError>) {
            self.value.withLock { $0 = value }
            isThere.signal()
        }

        func wait(milliseconds: Int) -> Swift.Result<Value, PerigeeError>? {
            guard isThere.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else {
                return nil
            }
            return value.withLock(\.self)
        }
    }
}
