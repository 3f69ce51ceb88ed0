internal import CKernel
internal import Glibc
package import VolumeModel

/// Lists folders of a POSIX root for a scan: names, what `stat` tells, links resolved.
///
/// One reader a thread: it keeps a buffer.
package final class FolderReader {
    private let root: OpenDescriptor
    private let links: LinkResolver
    /// The origin root's path, for messages.
    private let name: String
    private let access: ReadAccess
    private let onName: () -> Void
    private let buffer: UnsafeMutableRawBufferPointer

    /// A folder that is to be listed.
    package struct Folder: Sendable {
        /// Where it stands in the volume, for reports; empty for the volume's root.
        package let path: [UInt8]
        /// Where it really is below the origin root.
        package let realPath: [UInt8]
        /// The real paths of the folders in which links were followed on the way here.
        package let crossings: [[UInt8]]

        /// Puts a folder together.
        package init(path: [UInt8], realPath: [UInt8], crossings: [[UInt8]] = []) {
            self.path = path
            self.realPath = realPath
            self.crossings = crossings
        }
    }

    /// - Parameter onName: called with each name that the origin has told of: a sign of life, as one
    ///   folder can have millions.
    /// - Throws: `.originUnavailable` where the root's real path cannot be found.
    package convenience init(
        root: POSIXRoot, onName: @escaping () -> Void = {}
    ) throws(PerigeeError) {
        try self.init(root: root, access: ReadAccess(), onName: onName)
    }

    init(
        root: POSIXRoot, access: ReadAccess, onName: @escaping () -> Void = {}
    ) throws(PerigeeError) {
        self.root = try root.folderDescriptor()
        links = try LinkResolver(root: self.root, path: root.path)
        name = root.path
        self.access = access
        self.onName = onName
        buffer = .allocate(byteCount: 256 * 1_024, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// Lists `folder`.
    ///
    /// - Returns: nil where it is not a folder any more, or was removed.
    /// - Throws: `.originDenied` where it may not be listed, `.originUnavailable`.
    package func read(_ folder: Folder) throws(PerigeeError) -> FolderListing? {
        let opened = withCPath(folder.realPath) {
            perigee_open_folder_beneath(root.value, $0)
        }
        guard opened >= 0 else {
            switch -opened {
            case ENOENT, ENOTDIR, ELOOP: return nil
            default: throw failure(folder, opened)
            }
        }
        let descriptor = OpenDescriptor(opened)
        var listing = FolderListing()
        var own = perigee_stat()
        let code = perigee_stat_descriptor(descriptor.value, &own)
        guard code == 0 else { throw failure(folder, code) }
        listing.modified = Timestamp(nanoseconds: own.mtime_ns)
        while true {
            let count = perigee_getdents(descriptor.value, buffer.baseAddress, buffer.count)
            guard count >= 0 else {
                if -count == Int(ENOENT) { return nil }
                throw failure(folder, Int32(truncatingIfNeeded: count))
            }
            if count == 0 { break }
            var offset = 0
            while offset < count {
                // struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name.
                let record = buffer.baseAddress! + offset
                let length = Int(record.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
                let type = record.loadUnaligned(fromByteOffset: 18, as: UInt8.self)
                let name = (record + 19).assumingMemoryBound(to: CChar.self)
                take(name, type: type, in: descriptor.value, of: folder, into: &listing)
                onName()
                offset += length
            }
        }
        listing.sort()
        return listing
    }

    /// Whether `folder` is there, and reached through no link.
    ///
    /// - Throws: as `read`.
    package func holds(_ folder: Folder) throws(PerigeeError) -> Bool {
        let opened = withCPath(folder.realPath) { perigee_open_folder_beneath(root.value, $0) }
        guard opened >= 0 else {
            if [ENOENT, ENOTDIR, ELOOP, EXDEV].contains(-opened) { return false }
            throw failure(folder, opened)
        }
        _ = OpenDescriptor(opened)
        return true
    }

    /// What stands at one path now, as a listing of a single item; empty where nothing does.
    ///
    /// - Parameter folder: the folder that holds it.
    package func read(_ name: [UInt8], of folder: Folder) throws(PerigeeError) -> FolderListing {
        var listing = FolderListing()
        let opened = withCPath(folder.realPath) {
            perigee_open_folder_beneath(root.value, $0)
        }
        guard opened >= 0 else {
            if [ENOENT, ENOTDIR, ELOOP].contains(-opened) { return listing }
            throw failure(folder, opened)
        }
        let descriptor = OpenDescriptor(opened)
        var own = perigee_stat()
        if perigee_stat_descriptor(descriptor.value, &own) == 0 {
            listing.modified = Timestamp(nanoseconds: own.mtime_ns)
        }
        withCPath(name) {
            take($0, type: UInt8(DT_UNKNOWN), in: descriptor.value, of: folder, into: &listing)
        }
        return listing
    }

    private func take(
        _ name: UnsafePointer<CChar>, type: UInt8, in descriptor: Int32, of folder: Folder,
        into listing: inout FolderListing
    ) {
        let count = strlen(name)
        let bytes = UnsafeRawBufferPointer(start: name, count: count)
        if bytes[0] == UInt8(ascii: "."),
            count == 1 || (count == 2 && bytes[1] == UInt8(ascii: "."))
        {
            return
        }
        let pathCount = folder.path.isEmpty ? count : folder.path.count + 1 + count
        guard pathCount <= EntryPath.longest, count <= EntryPath.longestSegment else {
            return report(.pathTooLong, bytes, folder, &listing, "\(pathCount) bytes")
        }
        guard isUTF8(bytes) else { return report(.nameNotUTF8, bytes, folder, &listing) }

        if Int32(type) == Int32(DT_DIR) {
            return append(bytes, .folder, perigee_stat(), nil, &listing)
        }
        var found = perigee_stat()
        let code = perigee_stat_at(descriptor, name, &found)
        guard code == 0 else {
            // Gone since it was listed: as if it had never been there.
            if code != -ENOENT { unread(bytes, folder, &listing, SystemError(code).description) }
            return
        }
        switch found.mode & UInt32(S_IFMT) {
        case UInt32(S_IFREG):
            if access.isDenied(found, in: descriptor, name) {
                return unread(bytes, folder, &listing)
            }
            append(bytes, .file, found, nil, &listing)
        case UInt32(S_IFDIR):
            append(bytes, .folder, found, nil, &listing)
        case UInt32(S_IFLNK):
            follow(bytes, name, descriptor, folder, &listing)
        default:
            report(.specialFile, bytes, folder, &listing)
        }
    }

    private func follow(
        _ bytes: UnsafeRawBufferPointer, _ name: UnsafePointer<CChar>, _ descriptor: Int32,
        _ folder: Folder, _ listing: inout FolderListing
    ) {
        switch links.resolve(name, in: descriptor, of: folder) {
        case .file(let path, let found):
            if access.isDenied(found, in: descriptor, name) {
                return unread(bytes, folder, &listing)
            }
            append(bytes, .file, found, path, &listing)
        case .folder(let path, let found):
            append(bytes, .folder, found, path, &listing)
        case .problem(.unreadableFile, let detail):
            unread(bytes, folder, &listing, detail)
        case .problem(let kind, let detail):
            report(kind, bytes, folder, &listing, detail)
        }
    }

    private func append(
        _ name: UnsafeRawBufferPointer, _ kind: EntryKind, _ found: perigee_stat,
        _ target: [UInt8]?, _ listing: inout FolderListing
    ) {
        let offset = listing.names.count
        listing.names.append(contentsOf: name)
        var index: Int32 = -1
        if let target {
            index = Int32(listing.targets.count)
            listing.targets.append(target)
        }
        listing.items.append(
            FolderListing.Item(
                nameOffset: UInt32(offset), nameCount: UInt16(name.count), kind: kind,
                target: index, size: kind == .file ? Int64(bitPattern: found.size) : 0,
                modified: kind == .file ? found.mtime_ns : 0, changed: found.ctime_ns,
                inode: found.inode, hasOtherNames: kind == .file && found.link_count > 1))
    }

    private func unread(
        _ name: UnsafeRawBufferPointer, _ folder: Folder, _ listing: inout FolderListing,
        _ detail: String = ""
    ) {
        listing.unread.insert(Array(name))
        report(.unreadableFile, name, folder, &listing, detail)
    }

    private func report(
        _ kind: ScanProblem.Kind, _ name: UnsafeRawBufferPointer, _ folder: Folder,
        _ listing: inout FolderListing, _ detail: String = ""
    ) {
        let path = folder.path.isEmpty ? [] : folder.path + [UInt8(ascii: "/")]
        listing.problems.append(ScanProblem(kind, path + Array(name), detail))
    }

    private func failure(_ folder: Folder, _ code: Int32) -> PerigeeError {
        let cause = SystemError(code)
        let isDenied = cause.errno == EACCES || cause.errno == EPERM
        return PerigeeError(
            isDenied ? .originDenied : .originUnavailable,
            folder.path.isEmpty
                ? "the origin's folder \(Printable.quoted(name)) cannot be listed"
                : "the folder \(Printable.quoted(folder.path)) of the origin cannot be listed",
            remedy: isDenied
                ? "let the user that runs perigee read and search it"
                : "check the file system that it lies on",
            cause: cause)
    }

    private func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
    }
}
