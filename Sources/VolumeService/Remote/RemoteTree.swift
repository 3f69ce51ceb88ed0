internal import AccessControl
internal import Origins
internal import VolumeModel

/// What an origin on another machine holds, sorted into folders while its listing comes in.
///
/// All of it is in memory until the listing has come to its end: some 100 bytes and the name for
/// each object.
struct RemoteTree {
    /// A folder, with what was found directly in it.
    final class Folder {
        var listing = FolderListing()
        var children: [[UInt8]: Folder] = [:]
        let isExcluded: Bool

        init(isExcluded: Bool) { self.isExcluded = isExcluded }
    }

    let root = Folder(isExcluded: false)
    private(set) var files = 0
    private(set) var bytes: Int64 = 0
    /// SHA-256 of files, where the origin tells.
    private(set) var digests: [(path: EntryPath, sha256: [UInt8])] = []
    private(set) var problems: [ScanProblem] = []

    /// Versions of files by their paths; empty where nobody is going to read them.
    private(set) var versions: [[UInt8]: ObjectVersion] = [:]

    private let keepsTags: Bool
    private let keepsVersions: Bool
    private let prefix: [UInt8]
    private let excludes: [PathPattern]
    /// The folder of the last object, since the next one is mostly beside it.
    private var last: (path: [UInt8], folder: Folder)?

    private static let slash = UInt8(ascii: "/")
    private static let reservedName = Array(".perigee".utf8)

    /// - Parameters:
    ///   - prefix: what keys begin with and paths do not.
    ///   - keepsTags: false where versions are told apart by other things, since the servers behind one
    ///     name give one file several tags.
    ///   - keepsVersions: whether files are going to be read.
    init(
        below prefix: [UInt8], excludes: [PathPattern], keepsTags: Bool, keepsVersions: Bool
    ) {
        self.keepsTags = keepsTags
        self.keepsVersions = keepsVersions
        self.prefix = prefix
        self.excludes = excludes
    }

    /// Adds an object, or tells why it cannot be a file of the volume.
    mutating func add(_ object: OriginObject) {
        guard object.key.starts(with: prefix) else { return }
        let key = Array(object.key.dropFirst(prefix.count))
        // What consoles leave to show an empty folder.
        if key.isEmpty || (key.last == Self.slash && object.version.size == 0) { return }
        let path: EntryPath
        do throws(PerigeeError) { path = try EntryPath(key) } catch {
            problems.append(ScanProblem(Self.kind(of: key, error), key))
            return
        }
        guard let (parent, name) = path.parentAndName, !isExcluded(path.bytes) else { return }
        guard path.segments.first.map(Array.init) != Self.reservedName else {
            let isNew = problems.last?.kind != .reservedName
            if isNew { problems.append(ScanProblem(.reservedName, Self.reservedName)) }
            return
        }
        let folder = self.folder(parent.bytes)
        guard !folder.isExcluded else { return }
        let version =
            keepsTags
            ? object.version
            : ObjectVersion(
                size: object.version.size, modified: object.version.modified,
                versionID: object.version.versionID)
        append(name, version, to: folder)
        if keepsVersions { versions[path.bytes] = version }
        files += 1
        bytes.add(bytes: object.version.size)
        if let sha256 = object.sha256 { digests.append((path, sha256)) }
    }

    /// Puts each folder's items in order, with its folders among them.
    mutating func finish() {
        var left: [(path: [UInt8], folder: Folder)] = [([], root)]
        while let (path, folder) = left.popLast() {
            let before = path.isEmpty ? [] : path + [Self.slash]
            let names = folder.listing
            folder.listing.items.removeAll { item in
                guard folder.children[Array(names.name(item))]?.isExcluded == false else {
                    return false
                }
                problems.append(ScanProblem(.hiddenByFolder, before + names.name(item)))
                return true
            }
            for (name, child) in folder.children where !child.isExcluded {
                Self.append(
                    FolderListing.Item(
                        nameOffset: 0, nameCount: 0, kind: .folder, target: -1, size: 0,
                        modified: 0, changed: 0, inode: 0), name, to: folder)
                left.append((before + name, child))
            }
            folder.listing.sort()
        }
    }

    private static func kind(of key: [UInt8], _ error: PerigeeError) -> ScanProblem.Kind {
        if error.code == .nameTooLong { return .pathTooLong }
        return (try? UTF8Span(validating: key.span)) == nil ? .nameNotUTF8 : .keyIsNoPath
    }

    private func isExcluded(_ path: [UInt8]) -> Bool {
        !excludes.isEmpty && excludes.contains { $0.matches(path) }
    }

    private mutating func folder(_ path: [UInt8]) -> Folder {
        if let last, last.path == path { return last.folder }
        var folder = root
        var there: [UInt8] = []
        for name in path.split(separator: Self.slash) {
            if !there.isEmpty { there.append(Self.slash) }
            there += name
            if let known = folder.children[Array(name)] {
                folder = known
            } else {
                let made = Folder(isExcluded: folder.isExcluded || isExcluded(there))
                folder.children[Array(name)] = made
                folder = made
            }
        }
        last = (path, folder)
        return folder
    }

    private func append(_ name: [UInt8], _ version: ObjectVersion, to folder: Folder) {
        var tag: Int32 = -1
        if let text = version.etag {
            tag = Int32(folder.listing.tags.count)
            folder.listing.tags.append(text)
        }
        Self.append(
            FolderListing.Item(
                nameOffset: 0, nameCount: 0, kind: .file, target: -1, size: version.size,
                modified: version.modified?.nanoseconds ?? 0, changed: 0, inode: 0, tag: tag),
            name, to: folder)
    }

    private static func append(_ item: FolderListing.Item, _ name: [UInt8], to folder: Folder) {
        var item = item
        item.nameOffset = UInt32(folder.listing.names.count)
        item.nameCount = UInt16(name.count)
        folder.listing.names += name
        folder.listing.items.append(item)
    }
}
