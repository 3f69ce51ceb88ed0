internal import Synchronization
internal import VolumeModel

/// Reading past the cache: for objects that are too large for it, and where the disk does not
/// answer.
extension SharedObject {
    /// Fills the start of `buffer` with the bytes of `range` from the source itself.
    ///
    /// - Throws: as `read`.
    func readPast(
        _ range: Range<Int64>, into buffer: UnsafeMutableRawBufferPointer,
        from source: any BlockSource, until deadline: ContinuousClock.Instant
    ) async throws(PerigeeError) {
        let portion: Int64 = 1 << 20
        var at = range.lowerBound
        while at < range.upperBound {
            let part = at..<min(range.upperBound, at + portion)
            let bytes = try await fetchPast(part, from: source, until: deadline)
            let done = Int(at - range.lowerBound)
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[done...]).copyMemory(from: $0)
            }
            core.tally.add(part.count, to: \.bypassBytes)
            at = part.upperBound
        }
    }

    private func fetchPast(
        _ part: Range<Int64>, from source: any BlockSource, until deadline: ContinuousClock.Instant
    ) async throws(PerigeeError) -> [UInt8] {
        let wait = Wait<Result<[UInt8], PerigeeError>>()
        core.tally.add(to: \.upstreamRequests)
        let task = Task {
            let pieces = Pieces()
            do throws(PerigeeError) {
                try await source.fetch(part) { bytes throws(PerigeeError) in
                    self.core.tally.add(bytes.count, to: \.upstreamBytes)
                    guard pieces.add(bytes, limit: part.count) else {
                        throw self.wrongLength("more")
                    }
                }
                let bytes = pieces.bytes
                guard bytes.count == part.count else { throw self.wrongLength("fewer") }
                wait.resume(.success(bytes))
            } catch {
                wait.resume(.failure(error))
            }
        }
        guard let result = await wait.value(until: deadline, by: core.alarms) else {
            task.cancel()
            throw late(part)
        }
        return try result.get()
    }

    private final class Pieces: Sendable {
        private let all = Mutex<[UInt8]>([])
        var bytes: [UInt8] { all.withLock(\.self) }

        func add(_ bytes: UnsafeRawBufferPointer, limit: Int) -> Bool {
            all.withLock { all in
                all.append(contentsOf: bytes)
                return all.count <= limit
            }
        }
    }

    /// What is said of a source that does not keep its contract.
    func wrongLength(_ word: String) -> PerigeeError {
        PerigeeError(
            .originUnavailable,
            "the origin of \(Printable.quoted(id.key)) sent \(word) bytes than were asked for",
            remedy: "check the server, and proxies before it")
    }
}
