internal import Metrics
internal import Synchronization
internal import VolumeService

/// What is counted of requests, by operation: never by user or path.
final class GatewayMetrics: Sendable {
    private struct Operation: Sendable {
        let requests: Counter
        let bytes: Counter
        let seconds: Metrics.Timer
        let name: String

        init(_ name: String) {
            self.name = name
            requests = Counter(
                label: MetricNames.s3Requests, dimensions: [("operation", name)])
            bytes = Counter(
                label: MetricNames.s3SentBytes, dimensions: [("operation", name)])
            seconds = Metrics.Timer(
                label: MetricNames.s3Seconds, dimensions: [("operation", name)])
        }

        func errors(_ kind: String) -> Counter {
            Counter(
                label: MetricNames.s3Errors, dimensions: [("operation", name), ("kind", kind)])
        }
    }

    private let operations = Mutex<[String: Operation]>([:])

    /// Notes a request that is over.
    ///
    /// - Parameter isWhole: whether the client got all of the answer.
    func record(_ name: String, status: Int, bytes: Int, duration: Duration, isWhole: Bool) {
        let operation = operations.withLock { operations in
            if let known = operations[name] { return known }
            let made = Operation(name)
            operations[name] = made
            return made
        }
        operation.requests.increment()
        operation.bytes.increment(by: bytes)
        operation.seconds.recordNanoseconds(Int64(duration / .nanoseconds(1)))
        if status >= 500 {
            operation.errors("server").increment()
        } else if status >= 400 {
            operation.errors("client").increment()
        } else if !isWhole {
            operation.errors("cut_off").increment()
        }
    }
}
