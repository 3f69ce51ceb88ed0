internal import Synchronization
package import VolumeModel

/// The readers of one catalogue: a few dedicated connections, each lent to one thread at a time.
///
/// The lock is held only to take one out or put one back, never during a look-up.
package final class CataloguePool: Sendable {
    /// The catalogue's file.
    package let path: String
    private let idle = Mutex(Idle())

    private struct Idle {
        var readers: [Lent] = []
        var generation = 0
    }

    /// A reader on its way between threads.
    // @unchecked Sendable: the pool gives it to one thread at a time, and SQLite's connections may
    // move between threads as long as two never use one at once (sqlite.org/threadsafe.html).
    private struct Lent: @unchecked Sendable {
        let reader: CatalogueReader
        let generation: Int
    }

    /// How many connections are kept when nobody uses them.
    private let kept = 4

    /// - Throws: `.notFound`, `.newerFormat`, `.corrupt`, `.storageFailed`.
    package init(path: String) throws(PerigeeError) {
        self.path = path
        let first = Lent(reader: try CatalogueReader(path: path), generation: 0)
        idle.withLock { $0.readers.append(first) }
    }

    /// Runs `body` with a reader.
    package func read<Result>(
        _ body: (CatalogueReader) throws(PerigeeError) -> Result
    ) throws(PerigeeError) -> Result {
        let (found, generation) = idle.withLock { ($0.readers.popLast(), $0.generation) }
        let lent: Lent
        if let found {
            lent = Lent(reader: found.reader, generation: generation)
            if found.generation != generation { found.reader.settle() }
        } else {
            lent = Lent(reader: try CatalogueReader(path: path), generation: generation)
        }
        defer {
            idle.withLock { state in
                if state.readers.count < kept { state.readers.append(lent) }
            }
        }
        return try body(lent.reader)
    }

    /// Makes every reader see what has been committed until now, and lets writers reuse the log.
    package func settle() {
        let readers = idle.withLock { state in
            state.generation += 1
            defer { state.readers = [] }
            return state.readers
        }
        for lent in readers { lent.reader.settle() }
        idle.withLock { state in
            let generation = state.generation
            state.readers.append(
                contentsOf: readers.map { Lent(reader: $0.reader, generation: generation) })
        }
    }
}
