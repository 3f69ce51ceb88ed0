internal import FuseKernel
internal import VolumeFileSystem

/// Cache times as the kernel takes them, worked out once.
struct KernelTimes: Sendable {
    let volume: FuseTimeout
    let entry: FuseTimeout
    let absence: FuseTimeout
    let attributes: FuseTimeout

    init(_ times: CacheTimes) {
        volume = FuseTimeout(times.volume)
        entry = FuseTimeout(times.entry)
        absence = FuseTimeout(times.absence)
        attributes = FuseTimeout(times.attributes)
    }

    func time(of lifetime: CacheLifetime) -> FuseTimeout {
        switch lifetime {
        case .volume: volume
        case .entry: entry
        case .absence: absence
        }
    }
}
