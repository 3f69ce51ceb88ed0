internal import Dispatch
internal import Synchronization

/// Calls that may never come back, and callers that must.
package enum Deadline {
    /// Runs `body` on a thread of its own, and waits for it no longer than `limit`. A body that is
    /// late goes on alone; what it returns then is dropped.
    ///
    /// - Throws: `.timedOut` with `message`, and what `body` throws.
    package static func run<Result: Sendable>(
        within limit: Duration, _ message: @autoclosure () -> String,
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
        let nanoseconds =
            Int(limit.components.seconds) * 1_000_000_000
            + Int(limit.components.attoseconds / 1_000_000_000)
        guard let result = answer.wait(nanoseconds) else {
            throw PerigeeError(
                .timedOut, message(), remedy: "check the file system that it lies on")
        }
        return try result.get()
    }

    private final class Answer<Value: Sendable>: Sendable {
        private let value = Mutex<Swift.Result<Value, PerigeeError>?>(nil)
        private let isThere = DispatchSemaphore(value: 0)

        func set(_ value: Swift.Result<Value, PerigeeError>) {
            self.value.withLock { $0 = value }
            isThere.signal()
        }

        func wait(_ nanoseconds: Int) -> Swift.Result<Value, PerigeeError>? {
            guard isThere.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success else {
                return nil
            }
            return value.withLock(\.self)
        }
    }
}
