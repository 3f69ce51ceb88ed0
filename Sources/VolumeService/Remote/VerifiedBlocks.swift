internal import BlockCache
internal import Synchronization
internal import VolumeModel

/// The bytes of one version of a file, from a root that is not trusted: whole leaves are fetched,
/// and none of their bytes goes on before its leaf is known to be what was published.
struct VerifiedBlocks: BlockSource {
    /// Where the bytes come from.
    let source: any BlockSource
    /// What its bytes have to be.
    let verification: LeafVerification
    /// Bytes of the version.
    let size: Int64

    private var digest: TreeDigest { verification.digest }

    var unit: Int { digest.leafSize }
    var sendsWholeOnly: Bool { source.sendsWholeOnly }

    func fetch(
        _ range: Range<Int64>,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        try await fetch(
            range,
            by: { (whole, check) async throws(PerigeeError) in
                try await source.fetch(whole, deliver: check)
            }, deliver: deliver)
    }

    func fetch(
        _ range: Range<Int64>, pace: ReadPace,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        try await fetch(
            range,
            by: { (whole, check) async throws(PerigeeError) in
                try await source.fetch(whole, pace: pace, deliver: check)
            }, deliver: deliver)
    }

    private typealias Delivery =
        @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void

    private func fetch(
        _ range: Range<Int64>,
        by fetch: (Range<Int64>, @escaping Delivery) async throws(PerigeeError) -> Void,
        deliver: @escaping Delivery
    ) async throws(PerigeeError) {
        let range = range.clamped(to: 0..<size)
        guard !range.isEmpty else { return }
        let leaf = Int64(digest.leafSize)
        let first = Int(range.lowerBound / leaf)
        let whole = Int64(first) * leaf..<min((range.upperBound + leaf - 1) / leaf * leaf, size)
        let count = TreeDigest.leafCount(of: size, leafSize: digest.leafSize)
        let known = count > 1 ? try await verification.leaves() : []
        let check = Mutex(LeafCheck(next: first, digest: digest, size: size, known: known))
        let shared = Shared(check)
        try await fetch(whole) { bytes throws(PerigeeError) in
            try shared.check.withLock { check throws(PerigeeError) in
                try check.take(bytes, reject: reject) { leaf, start throws(PerigeeError) in
                    let wanted = range.clamped(to: start..<start + Int64(leaf.count))
                    guard !wanted.isEmpty else { return }
                    let from = Int(wanted.lowerBound - start)
                    try deliver(UnsafeRawBufferPointer(rebasing: leaf[from..<from + wanted.count]))
                }
            }
        }
        // What is no whole leaf has not been delivered, so that fewer bytes are found out.
    }

    private func reject(_ leaf: Int) -> PerigeeError {
        verification.rejected(leaf)
        return PerigeeError(
            .unverified,
            "the origin of \(Printable.quoted(verification.name)) sent bytes in leaf \(leaf) that are not what "
                + "was published",
            remedy: "find out who changes them: the origin, or somebody on the way; another source "
                + "of the volume can serve the file")
    }

    private final class Shared: Sendable {
        let check: Mutex<LeafCheck>
        init(_ check: consuming Mutex<LeafCheck>) { self.check = check }
    }
}
