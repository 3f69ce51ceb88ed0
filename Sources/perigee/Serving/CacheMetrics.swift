internal import BlockCache
internal import PrometheusMetrics
internal import VolumeService

/// What the cache of a node tells of itself, whenever it is asked for.
struct CacheMetrics {
    let cache: NodeCache

    /// Writes the families.
    func write(to text: inout PrometheusText) {
        let counters = cache.counters
        let name = MetricNames.cacheReadBytes
        text.family(name, .counter, help: MetricNames.help[name])
        for (kind, bytes) in [
            ("hit", counters.hitBytes), ("prefetched", counters.prefetchedBytes),
            ("miss", counters.missBytes), ("bypass", counters.bypassBytes),
        ] {
            text.sample(name, [PrometheusText.Label("kind", kind)], Double(bytes))
        }
        for (name, count) in [
            (MetricNames.cacheUpstreamBytes, counters.upstreamBytes),
            (MetricNames.cacheUpstreamRequests, counters.upstreamRequests),
            (MetricNames.cacheBadBlocks, counters.badBlocks),
            (MetricNames.cacheEvictedBytes, counters.evictedBytes),
            (MetricNames.cacheDiskErrors, counters.diskErrors),
            (MetricNames.cacheScrubbedBytes, counters.scrubbedBytes),
            (MetricNames.cacheCutRequests, counters.cutRequests),
        ] {
            add(name, .counter, Double(count), &text)
        }
        add(MetricNames.cacheAmplification, .gauge, counters.amplification, &text)
        let usage = cache.usage
        add(MetricNames.cacheDiskBytes, .gauge, Double(usage?.disk ?? 0), &text)
        add(MetricNames.cacheCapacity, .gauge, Double(cache.capacity), &text)
        add(MetricNames.cacheObjects, .gauge, Double(usage?.objects ?? 0), &text)
        add(MetricNames.cacheMemory, .gauge, Double(usage?.memory ?? 0), &text)
        state(&text)
    }

    private func state(_ text: inout PrometheusText) {
        let now = cache.diskState ?? .normal
        let name = MetricNames.cacheDiskState
        text.family(name, .gauge, help: MetricNames.help[name])
        for (word, state) in [
            ("normal", DiskHealth.State.normal), ("unstable", .unstable), ("down", .down),
        ] {
            text.sample(name, [PrometheusText.Label("state", word)], state == now ? 1 : 0)
        }
    }

    private func add(
        _ name: String, _ kind: PrometheusText.Kind, _ value: Double, _ text: inout PrometheusText
    ) {
        text.family(name, kind, help: MetricNames.help[name])
        text.sample(name, [], value)
    }
}
