internal import Glibc
internal import VolumeModel

/// Adds to a catalogue's side file, for the one writer that holds the catalogue's lock.
///
/// What lies behind the end that the catalogue knows was left by a writer that did not commit, and
/// is overwritten.
final class LeafWriter {
    /// The generation that is written.
    let generation: Int64
    /// Where the next record goes.
    private(set) var end: Int64
    private let path: String
    private let descriptor: Int32

    /// Opens the file in use.
    ///
    /// - Parameter end: where by the catalogue it ends.
    /// - Throws: `.notFound` where it is gone, `.corrupt` where it is shorter or another one,
    ///   `.newerFormat`, `.storageFailed`.
    init(
        catalogue: String, ordinal: Int64, generation: Int64, end: Int64
    ) throws(PerigeeError) {
        path = LeafFile.path(catalogue: catalogue, generation: generation)
        self.generation = generation
        self.end = end
        descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw PerigeeError(
                errno == ENOENT ? .notFound : .storageFailed,
                "the side file \(Printable.quoted(path)) cannot be opened",
                cause: SystemError(errno))
        }
        do throws(PerigeeError) {
            try LeafFile.check(descriptor, path: path, ordinal: ordinal, generation: generation)
            guard end >= LeafFile.headerSize, lseek(descriptor, 0, SEEK_END) >= end else {
                throw LeafFile.damaged(path, "is shorter than the catalogue says")
            }
            guard ftruncate(descriptor, off_t(end)) == 0 else { throw failed(errno) }
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Makes a new file, in the place of one of that generation that nobody refers to.
    ///
    /// - Throws: `.storageFailed`.
    init(
        making generation: Int64, catalogue: String, ordinal: Int64
    ) throws(PerigeeError) {
        path = LeafFile.path(catalogue: catalogue, generation: generation)
        self.generation = generation
        end = 0
        unlink(path)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw PerigeeError(
                .storageFailed, "the side file \(Printable.quoted(path)) cannot be made",
                remedy: "free space on the state folder's disk, and see that it can be written",
                cause: SystemError(errno))
        }
        do throws(PerigeeError) {
            try append(LeafFile.header(ordinal: ordinal, generation: generation))
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Adds the hashes of a file's leaves.
    ///
    /// - Returns: where their record begins.
    /// - Throws: `.storageFailed`.
    func append(leaves: [UInt8], of file: Int64) throws(PerigeeError) -> Int64 {
        let offset = end
        try append(LeafFile.recordHead(file: file, leaves: leaves) + leaves)
        return offset
    }

    /// The record of a file as it stands there, for a newer file; nil where it is damaged.
    func leaves(of file: Int64, at offset: Int64, count: Int) -> [UInt8]? {
        let size = LeafFile.recordHeadSize + count * TreeDigest.hashSize
        guard let record = LeafFile.read(descriptor, size, at: offset) else { return nil }
        let leaves = Array(record[LeafFile.recordHeadSize...])
        return record.starts(with: LeafFile.recordHead(file: file, leaves: leaves)) ? leaves : nil
    }

    /// Makes the file and its name durable.
    ///
    /// - Throws: `.storageFailed`.
    func sync() throws(PerigeeError) {
        guard fsync(descriptor) == 0 else { throw failed(errno) }
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
        let parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw failed(errno) }
        defer { close(parent) }
        guard fsync(parent) == 0 else { throw failed(errno) }
    }

    private func append(_ bytes: [UInt8]) throws(PerigeeError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress! + done, bytes.count - done, off_t(end) + off_t(done)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failed(errno) }
            done += count
        }
        end += Int64(bytes.count)
    }

    private func failed(_ code: Int32) -> PerigeeError {
        PerigeeError(
            .storageFailed, "the side file \(Printable.quoted(path)) cannot be written",
            remedy: "free space on the state folder's disk and run the command again; nothing was "
                + "changed", cause: SystemError(code))
    }
}
