internal import CKernel
internal import Glibc
internal import Logging
internal import Synchronization
package import VolumeModel

/// A folder of an archive, from which files are served.
package final class POSIXRoot: Sendable {
    /// The folder's absolute path.
    package let path: String
    /// What the archive promises of the files.
    package let files: FilesContract
    /// Whether calls can wait on another machine.
    package let isNetwork: Bool
    /// How long a call on a network root may take.
    let deadline: Duration
    /// Only for network roots.
    let pool: BlockingPool?
    /// An O_PATH descriptor of the folder; nil until first used and after the folder went away.
    private let folder = Mutex<OpenDescriptor?>(nil)

    /// What the catalogue knows of a file, to be compared at open.
    package struct Expected: Hashable, Sendable {
        /// Bytes.
        package let size: Int64
        /// Nanoseconds since 1970.
        package let modified: Timestamp
        /// Where the fingerprint includes it.
        package let inode: UInt64?

        /// Puts the three together.
        package init(size: Int64, modified: Timestamp, inode: UInt64? = nil) {
            self.size = size
            self.modified = modified
            self.inode = inode
        }
    }

    /// - Throws: `.originUnavailable` where `path` is missing, `.notADirectory` where it is no
    ///   folder.
    package init(
        path: String, files: FilesContract = .replaced, locality: Locality = .auto,
        deadline: Duration = .seconds(30), threads: Int = 8
    ) throws(PerigeeError) {
        self.path = path
        self.files = files
        self.deadline = deadline
        switch locality {
        case .local: isNetwork = false
        case .network: isNetwork = true
        case .auto:
            isNetwork = try Self.isOnNetwork(path)
        }
        pool = isNetwork ? BlockingPool(name: path, threads: threads) : nil
    }

    /// Asks the file system's type; one that does not say within two seconds is on no disk of ours.
    private static func isOnNetwork(_ path: String) throws(PerigeeError) -> Bool {
        do throws(PerigeeError) {
            return try Deadline.run(within: .seconds(2), "no answer") {
                () throws(PerigeeError) in
                let type = perigee_file_system_type(path)
                guard type >= 0 else {
                    throw Self.unavailable(path, Int32(truncatingIfNeeded: type))
                }
                return FileSystemKind(type: type).isNetwork
            }
        } catch  where error.code == .timedOut {
            return true
        }
    }

    /// Opens `file` (relative to the root) now, on this thread.
    ///
    /// - Throws: `.stale` where it is missing, no regular file, or not as expected;
    ///   `.originDenied`, `.originUnavailable`.
    package func open(_ file: [UInt8], expecting expected: Expected) throws(PerigeeError)
        -> OriginFile
    {
        var descriptor = try openBeneath(file)
        if descriptor == -ENOENT || descriptor == -ENOTDIR || descriptor == -ESTALE {
            // The folder may have been mounted anew under our descriptor.
            folder.withLock { $0 = nil }
            descriptor = try openBeneath(file)
        }
        guard descriptor >= 0 else { throw Self.refused(file, descriptor) }
        var first = perigee_stat()
        let code = perigee_stat_descriptor(descriptor, &first)
        guard code == 0, first.mode & UInt32(S_IFMT) == UInt32(S_IFREG),
            Int64(bitPattern: first.size) == expected.size,
            first.mtime_ns == expected.modified.nanoseconds,
            expected.inode == nil || expected.inode == first.inode
        else {
            close(descriptor)
            throw PerigeeError(
                .stale, "\(Printable.quoted(file)) at its origin is not what was published",
                remedy: "scan and publish the volume again")
        }
        return OriginFile(root: self, path: file, descriptor: descriptor, first: first)
    }

    /// The same where that may wait on another machine.
    ///
    /// - Throws: as `open`, and `.timedOut`.
    package func openWaiting(_ file: [UInt8], expecting expected: Expected)
        async throws(PerigeeError) -> OriginFile
    {
        guard isNetwork else { return try open(file, expecting: expected) }
        return try await waiting { () throws(PerigeeError) in
            try self.open(file, expecting: expected)
        }
    }

    /// Runs `body` on the root's own threads, under its deadline and breaker.
    ///
    /// - Throws: `.timedOut`, `.originUnavailable` while the breaker is open, and what `body`
    ///   throws.
    func waiting<Result: Sendable>(
        _ body: @escaping @Sendable () throws(PerigeeError) -> Result
    ) async throws(PerigeeError) -> Result {
        guard let pool else { return try body() }
        return try await pool.run(deadline: deadline, body)
    }

    /// lstat of `file`: 0 or a negated errno.
    func stat(_ file: [UInt8], _ out: inout perigee_stat) -> Int32 {
        let folder: OpenDescriptor
        do throws(PerigeeError) {
            folder = try folderDescriptor()
        } catch {
            return -((error.cause as? SystemError)?.errno ?? EIO)
        }
        return withCPath(file) { perigee_stat_at(folder.value, $0, &out) }
    }

    /// What a regular file that can be read looks like now, on this thread.
    ///
    /// - Throws: as `open`.
    package func look(at file: [UInt8]) throws(PerigeeError) -> Expected {
        let descriptor = try openBeneath(file)
        guard descriptor >= 0 else { throw Self.refused(file, descriptor) }
        defer { close(descriptor) }
        var now = perigee_stat()
        let code = perigee_stat_descriptor(descriptor, &now)
        guard code == 0, now.mode & UInt32(S_IFMT) == UInt32(S_IFREG) else {
            throw PerigeeError(
                .stale, "\(Printable.quoted(file)) at its origin is no file",
                cause: code == 0 ? nil : SystemError(code))
        }
        return Expected(
            size: Int64(bitPattern: now.size),
            modified: Timestamp(nanoseconds: now.mtime_ns), inode: now.inode)
    }

    private func openBeneath(_ file: [UInt8]) throws(PerigeeError) -> Int32 {
        let folder = try folderDescriptor()
        return withCPath(file) { perigee_open_beneath(folder.value, $0) }
    }

    /// The folder's descriptor, opened where it is not.
    ///
    /// - Throws: `.originUnavailable`, `.notADirectory`.
    package func folderDescriptor() throws(PerigeeError) -> OpenDescriptor {
        if let known = folder.withLock({ $0 }) { return known }
        let value = perigee_open_root(path)
        guard value >= 0 else { throw Self.unavailable(path, value) }
        let opened = OpenDescriptor(value)
        folder.withLock { $0 = opened }
        return opened
    }

    private static func unavailable(_ path: String, _ code: Int32) -> PerigeeError {
        let cause = SystemError(code)
        return switch cause.errno {
        case ENOTDIR:
            PerigeeError(
                .notADirectory, "the origin \(Printable.quoted(path)) is not a folder",
                remedy: "name the folder that holds the files")
        case EACCES, EPERM:
            PerigeeError(
                .originDenied, "the origin \(Printable.quoted(path)) cannot be opened",
                remedy: "let the user that runs perigee read and search it", cause: cause)
        case EMFILE, ENFILE:
            PerigeeError(
                .tooManyOpen,
                "the origin \(Printable.quoted(path)) cannot be opened: too many files are open",
                remedy: "raise the hard limit of open files (ulimit -Hn) of this process")
        default:
            PerigeeError(
                .originUnavailable, "the origin \(Printable.quoted(path)) cannot be reached",
                remedy: "check that the path exists and its file system is mounted", cause: cause)
        }
    }

    private static func refused(_ file: [UInt8], _ code: Int32) -> PerigeeError {
        let cause = SystemError(code)
        return switch cause.errno {
        case ENOENT, ENOTDIR, ELOOP, EXDEV, ENXIO, ESTALE:
            PerigeeError(
                .stale, "\(Printable.quoted(file)) is no longer at its origin",
                remedy: "scan and publish the volume again", cause: cause)
        case EACCES, EPERM:
            PerigeeError(
                .originDenied, "\(Printable.quoted(file)) cannot be read at its origin",
                remedy: "let the user that runs perigee read it", cause: cause)
        case EMFILE, ENFILE:
            PerigeeError(
                .tooManyOpen, "\(Printable.quoted(file)) cannot be opened: too many files are open",
                remedy: "raise the hard limit of open files (ulimit -Hn) of this process")
        default:
            PerigeeError(
                .originUnavailable, "\(Printable.quoted(file)) cannot be opened at its origin",
                cause: cause)
        }
    }
}

/// A descriptor, closed when nobody holds it any more.
package final class OpenDescriptor: Sendable {
    /// The number, valid as long as this object is held.
    package let value: Int32
    /// Where closing it may wait, since the file lies on another machine.
    private let pool: BlockingPool?

    /// Takes the descriptor over.
    package init(_ value: Int32, closingOn pool: BlockingPool? = nil) {
        self.value = value
        self.pool = pool
    }

    deinit {
        guard let pool else {
            close(value)
            return
        }
        let value = value
        pool.add { close(value) }
    }
}

/// Calls `body` with `path` as a C string; the root itself is `.`.
package func withCPath<Result>(
    _ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result
) -> Result {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: max(path.count, 1) + 1) { buffer in
        let base = buffer.baseAddress!
        if path.isEmpty {
            base[0] = CChar(bitPattern: UInt8(ascii: "."))
            base[1] = 0
        } else {
            for (index, byte) in path.enumerated() { base[index] = CChar(bitPattern: byte) }
            base[path.count] = 0
        }
        return body(base)
    }
}
