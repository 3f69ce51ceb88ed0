import CoreMetrics
import PrometheusMetrics
import Testing

/// The text that Prometheus scrapes.
@Suite struct PrometheusTextTests {
    private let registry = PrometheusRegistry(help: ["requests_total": "Requests, \\ and\nmore."])

    @Test func `a counter has help, type and a line for each set of labels, sorted`() {
        let put = registry.makeCounter(label: "requests_total", dimensions: [("op", "Put")])
        let get = registry.makeCounter(label: "requests_total", dimensions: [("op", "Get")])
        get.increment(by: 2)
        put.increment(by: 1)
        get.increment(by: 3)
        #expect(
            registry.text == """
                # HELP requests_total Requests, \\\\ and\\nmore.
                # TYPE requests_total counter
                requests_total{op="Get"} 5
                requests_total{op="Put"} 1

                """)
    }

    @Test func `the same name and labels are the same counter`() {
        registry.makeCounter(label: "a", dimensions: []).increment(by: 1)
        registry.makeCounter(label: "a", dimensions: []).increment(by: 1)
        #expect(registry.text == "# TYPE a counter\na 2\n")
    }

    @Test func `values of labels are escaped, and names are made valid`() {
        registry.makeCounter(label: "a.b-c:d", dimensions: [("1x:y", "\"\\\n\t\u{e9}")])
            .increment(by: 1)
        #expect(
            registry.text
                == "# TYPE a_b_c:d counter\na_b_c:d{_x_y=\"\\\"\\\\\\n\t\u{e9}\"} 1\n")
    }

    @Test func `a gauge shows the last value`() {
        let gauge = registry.makeRecorder(label: "open", dimensions: [], aggregate: false)
        gauge.record(Int64(7))
        gauge.record(2.5)
        #expect(registry.text == "# TYPE open gauge\nopen 2.5\n")
        let meter = registry.makeMeter(label: "open", dimensions: [])
        meter.increment(by: 0.5)
        #expect(registry.text == "# TYPE open gauge\nopen 3\n")
    }

    @Test func `a timer is a histogram in seconds whose buckets add up`() {
        let timer = registry.makeTimer(label: "t", dimensions: [("op", "Get")])
        for nanoseconds in [500_000, 500_001, 60_000_000_000, 61_000_000_000] as [Int64] {
            timer.recordNanoseconds(nanoseconds)
        }
        let lines = registry.text.split(separator: "\n").map { String($0) }
        #expect(lines.first == "# TYPE t histogram")
        #expect(lines.contains(#"t_bucket{op="Get",le="0.0005"} 1"#))
        #expect(lines.contains(#"t_bucket{op="Get",le="0.001"} 2"#))
        #expect(lines.contains(#"t_bucket{op="Get",le="30"} 2"#))
        #expect(lines.contains(#"t_bucket{op="Get",le="60"} 3"#))
        #expect(lines.contains(#"t_bucket{op="Get",le="+Inf"} 4"#))
        #expect(lines.contains(#"t_count{op="Get"} 4"#))
        #expect(lines.count { $0.hasPrefix("t_sum") } == 1)
        #expect(lines.count { $0.hasPrefix("t_bucket") } == 17)
    }

    @Test func `a recorder that aggregates is a summary`() {
        let sizes = registry.makeRecorder(label: "size", dimensions: [], aggregate: true)
        sizes.record(Int64(3))
        sizes.record(Int64(4))
        #expect(registry.text == "# TYPE size summary\nsize_sum 7\nsize_count 2\n")
    }

    @Test func `a name that is used as another kind does not spoil the first one`() {
        registry.makeCounter(label: "a", dimensions: []).increment(by: 1)
        registry.makeTimer(label: "a", dimensions: []).recordNanoseconds(1)
        #expect(registry.text == "# TYPE a counter\na 1\n")
    }

    @Test func `what is destroyed is gone`() {
        let counter = registry.makeCounter(label: "a", dimensions: [])
        registry.destroyCounter(counter)
        #expect(registry.text.isEmpty)
    }

    @Test func `a process tells of itself`() {
        registry.collect { ProcessMetrics.write(to: &$0) }
        let text = registry.text
        for name in [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
            "process_max_fds", "process_start_time_seconds", "process_virtual_memory_bytes",
        ] {
            #expect(text.contains("\n# TYPE \(name) "), "\(name)")
            let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
            let value = line.flatMap { Double($0.dropFirst(name.count + 1)) }
            #expect(value.map { $0 > 0 } == true, "\(name)")
        }
    }
}
