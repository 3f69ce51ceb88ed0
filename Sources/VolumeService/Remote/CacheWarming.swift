package import VolumeModel

/// A file that is to be in the cache before somebody reads it.
package struct FileToWarm: Sendable {
    /// What it was asked for by, for messages.
    package let name: String
    /// The state of the volume.
    package let snapshot: VolumeSnapshot
    /// The file.
    package let entry: Entry

    /// Puts one together.
    package init(name: String, snapshot: VolumeSnapshot, entry: Entry) {
        self.name = name
        self.snapshot = snapshot
        self.entry = entry
    }
}

/// Fetching of whole files into the cache of this node.
package struct CacheWarming: Sendable {
    private let service: any VolumeService
    /// Files at once; the requests of large ones share what the cache allows.
    private static let parallel = 16
    /// Bytes of one step, which has the read's deadline for itself.
    private static let step: Int64 = 32 << 20

    /// Files are opened, and rights decided, as for any reader.
    package init(_ service: any VolumeService) { self.service = service }

    /// Fetches files, some at a time.
    ///
    /// - Parameters:
    ///   - next: gives a file, and nil after the last one or when the caller wants no more.
    ///   - done: told of each file that is there, or why it is not.
    /// - Throws: what `next` throws; files that fail are told to `done` and hold up no other.
    package func run(
        _ next: () throws(PerigeeError) -> FileToWarm?,
        done: (FileToWarm, PerigeeError?) -> Void
    ) async throws(PerigeeError) {
        do {
            try await withThrowingTaskGroup(of: (FileToWarm, PerigeeError?).self) { group in
                var running = 0
                while true {
                    if running < Self.parallel, let file = try next() {
                        running += 1
                        group.addTask { (file, await failure(of: file)) }
                        continue
                    }
                    guard let (file, error) = try await group.next() else { return }
                    running -= 1
                    done(file, error)
                }
            }
        } catch let error as PerigeeError {
            throw error
        } catch {
            throw PerigeeError(.cancelled, "fetching was stopped", cause: error)
        }
    }

    private func failure(of file: FileToWarm) async -> PerigeeError? {
        do throws(PerigeeError) {
            let handle = try await service.open(file.entry, of: file.snapshot)
            defer { handle.close() }
            var start: Int64 = 0
            while start < file.entry.size {
                let end = min(start + Self.step, file.entry.size)
                try await handle.warm(start..<end)
                start = end
            }
            return nil
        } catch {
            return error
        }
    }
}
