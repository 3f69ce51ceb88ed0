package import CoreMetrics
internal import Synchronization

/// All metrics of a process: a backend of swift-metrics that Prometheus scrapes.
///
/// Timers are histograms in seconds; recorders that aggregate are summaries of sum and count. A
/// family is of the kind with which its name was first used: what uses it otherwise is not shown.
package final class PrometheusRegistry: MetricsFactory {
    private struct Family {
        let kind: PrometheusText.Kind
        var series: [[PrometheusText.Label]: any Series] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var collectors: [@Sendable (inout PrometheusText) -> Void] = []
    }

    private let help: [String: String]
    private let state = Mutex(State())

    /// - Parameter help: a line for each name, what it counts and in which unit.
    package init(help: [String: String]) { self.help = help }

    /// Has `collector` write families of its own whenever the text is made.
    package func collect(_ collector: @escaping @Sendable (inout PrometheusText) -> Void) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// What there is to say now, families by name and series by labels.
    package var text: String {
        let (families, collectors) = state.withLock { ($0.families, $0.collectors) }
        var text = PrometheusText()
        for name in families.keys.sorted(by: Self.precedes) {
            guard let family = families[name] else { continue }
            text.family(name, family.kind, help: help[name])
            let rows = family.series.sorted {
                Self.precedes(Self.key($0.key), Self.key($1.key))
            }
            for (labels, series) in rows { series.write(name, labels, to: &text) }
        }
        for collector in collectors { collector(&text) }
        return text.string
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func key(_ labels: [PrometheusText.Label]) -> String {
        labels.map { "\($0.name)\u{0}\($0.value)" }.joined(separator: "\u{0}")
    }

    private func series<Made: Series>(
        _ name: String, _ kind: PrometheusText.Kind, _ dimensions: [(String, String)],
        _ make: () -> Made
    ) -> Made {
        let labels = dimensions.map { PrometheusText.Label($0.0, $0.1) }
        return state.withLock { state in
            var family = state.families[name] ?? Family(kind: kind)
            if let known = family.series[labels] as? Made, family.kind == kind { return known }
            let made = make()
            guard family.kind == kind else { return made }
            family.series[labels] = made
            state.families[name] = family
            return made
        }
    }

    private func forget(_ gone: some Series & AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                var left = family
                left.series = family.series.filter { ($0.value as AnyObject) !== gone }
                guard left.series.count != family.series.count else { continue }
                state.families[name] = left.series.isEmpty ? nil : left
            }
        }
    }
}

extension PrometheusRegistry {
    package func makeCounter(
        label: String, dimensions: [(String, String)]
    ) -> any CounterHandler {
        series(label, .counter, dimensions) { CounterSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, .gauge, dimensions) { GaugeSeries() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return series(label, .gauge, dimensions) { GaugeSeries() } }
        return series(label, .summary, dimensions) { HistogramSeries([]) }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, .histogram, dimensions) { HistogramSeries(HistogramSeries.seconds) }
    }

    package func destroyCounter(_ handler: any CounterHandler) {
        if let handler = handler as? CounterSeries { forget(handler) }
    }

    package func destroyMeter(_ handler: any MeterHandler) {
        if let handler = handler as? GaugeSeries { forget(handler) }
    }

    package func destroyRecorder(_ handler: any RecorderHandler) {
        if let handler = handler as? GaugeSeries { forget(handler) }
        if let handler = handler as? HistogramSeries { forget(handler) }
    }

    package func destroyTimer(_ handler: any TimerHandler) {
        if let handler = handler as? HistogramSeries { forget(handler) }
    }
}
