internal import CoreMetrics
internal import Synchronization

/// One row of values that a program keeps, as a family of the text shows it.
protocol Series: Sendable {
    /// Writes its samples.
    func write(_ name: String, _ labels: [PrometheusText.Label], to text: inout PrometheusText)
}

/// What only rises.
final class CounterSeries: Series, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        // More than there are numbers wraps round, which a reader takes for a restart.
        if amount > 0 { value.wrappingAdd(amount, ordering: .relaxed) }
    }

    func reset() { value.store(0, ordering: .relaxed) }

    func write(_ name: String, _ labels: [PrometheusText.Label], to text: inout PrometheusText) {
        text.sample(name, labels, Double(value.load(ordering: .relaxed)))
    }
}

/// What rises and falls.
final class GaugeSeries: Series, RecorderHandler, MeterHandler {
    private let value = Mutex(0.0)

    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func write(_ name: String, _ labels: [PrometheusText.Label], to text: inout PrometheusText) {
        text.sample(name, labels, value.withLock(\.self))
    }
}

/// How often values fell below fixed bounds, how many there were, and their sum.
final class HistogramSeries: Series, TimerHandler, RecorderHandler {
    /// The upper bounds, 0.5 ms to 60 s in seconds, of what is timed.
    static let seconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    private struct State {
        /// By bound; those above the last one are in none.
        var counts: [UInt64]
        var count: UInt64 = 0
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: rising; none for a summary of sum and count.
    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 }
        state.withLock { state in
            if let index { state.counts[index] += 1 }
            state.count += 1
            state.sum += value
        }
    }

    func write(_ name: String, _ labels: [PrometheusText.Label], to text: inout PrometheusText) {
        let state = state.withLock(\.self)
        if !bounds.isEmpty {
            var below: UInt64 = 0
            for (bound, count) in zip(bounds, state.counts) {
                below += count
                let le = PrometheusText.Label("le", PrometheusText.number(bound))
                text.sample("\(name)_bucket", labels + [le], Double(below))
            }
            let all = PrometheusText.Label("le", "+Inf")
            text.sample("\(name)_bucket", labels + [all], Double(state.count))
        }
        text.sample("\(name)_sum", labels, state.sum)
        text.sample("\(name)_count", labels, Double(state.count))
    }
}
