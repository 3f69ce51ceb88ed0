internal import BlockCache
internal import Logging
internal import Synchronization
internal import VolumeModel

/// The health of the roots that this process reads from, as their reads tell it.
final class SourceWatch: Sendable {
    private let health = Mutex(SourceHealth())
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// Puts those that are in trouble behind the others; else the order stays.
    func order(
        _ places: [(index: Int, root: RootName)], asks: (Int) -> Bool = { _ in true }
    ) -> [Int] {
        health.withLock { $0.order(places, at: monotonicNanoseconds(), asks: asks) }
    }

    /// A root has given bytes.
    func answered(_ root: RootName) {
        guard health.withLock({ $0.answered(root) }) else { return }
        logger.notice("a source answers again", metadata: ["root": "\(root)"])
    }

    /// A read from a root has failed.
    func failed(_ root: RootName, _ error: PerigeeError) {
        guard Self.isAboutRoot(error) else { return }
        guard health.withLock({ $0.failed(root, at: monotonicNanoseconds()) }) else { return }
        logger.warning(
            "a source fails; where a volume has another, that one is asked first",
            metadata: ["root": "\(root)", "error": "\(error.message)"])
    }

    /// What is wrong with one file says nothing of the others.
    private static func isAboutRoot(_ error: PerigeeError) -> Bool {
        switch error.code {
        case .originUnavailable, .timedOut, .originDenied, .notADirectory: true
        default: false
        }
    }
}

/// Bytes of an origin, of whose health each fetch tells.
struct WatchedBlocks: BlockSource {
    let blocks: any BlockSource
    let root: RootName
    let watch: SourceWatch

    var unit: Int { blocks.unit }
    var sendsWholeOnly: Bool { blocks.sendsWholeOnly }

    func fetch(
        _ range: Range<Int64>,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        try await watched { () async throws(PerigeeError) in
            try await blocks.fetch(range, deliver: deliver)
        }
    }

    func fetch(
        _ range: Range<Int64>, pace: ReadPace,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        try await watched { () async throws(PerigeeError) in
            try await blocks.fetch(range, pace: pace, deliver: deliver)
        }
    }

    private func watched(
        _ body: () async throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        do throws(PerigeeError) { try await body() } catch {
            watch.failed(root, error)
            throw error
        }
        watch.answered(root)
    }
}
