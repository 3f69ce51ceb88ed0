internal import Crypto
internal import VolumeModel

/// The two digests of a folder tree, format 1.
///
/// SHA-256 throughout; numbers are big-endian, names counted by four bytes. For a folder F:
///
///     own(F)   = H("perigee.state.files.1" 00, for each file in name order:
///                  count name, 01, size (8), mtime in ns (8), version token (8))
///     state(F) = H("perigee.state.folder.1" 00, own(F), for each folder in it in name order:
///                  count name, 02, mtime in ns (8), state(child))
///
/// and for the content digest, which is free of anything an origin made up:
///
///     ownContent(F) = H("perigee.content.files.1" 00, for each file: count name, 01, size (8),
///                       SHA-256 of its content (32))
///     content(F)    = H("perigee.content.folder.1" 00, ownContent(F), for each folder:
///                       count name, 02, content(child))
///
/// A volume's digest is that of its root. Splitting files from folders lets a change deep down cost
/// one hash over sub-folders a level, whatever number of files lie beside them.
struct Merkle: ~Copyable {
    /// The four domains.
    enum Domain {
        case stateFiles, stateFolder, contentFiles, contentFolder
    }

    private var hasher = SHA256()
    /// Bytes on their way to the hasher: many small updates cost more than the hashing.
    private var pending: [UInt8] = []

    init(_ domain: Domain) {
        pending.reserveCapacity(1 << 14)
        let name: StaticString =
            switch domain {
            case .stateFiles: "perigee.state.files.1"
            case .stateFolder: "perigee.state.folder.1"
            case .contentFiles: "perigee.content.files.1"
            case .contentFolder: "perigee.content.folder.1"
            }
        name.withUTF8Buffer { pending.append(contentsOf: $0) }
        pending.append(0)
    }

    /// Adds a file's part of the state digest.
    mutating func add(
        file name: some Collection<UInt8>, size: Int64, modified: Int64, version: UInt64
    ) {
        add(name: name, .file)
        add(UInt64(bitPattern: size))
        add(UInt64(bitPattern: modified))
        add(version)
    }

    /// Adds a file's part of the content digest.
    mutating func add(file name: some Collection<UInt8>, size: Int64, sha256: [UInt8]) {
        add(name: name, .file)
        add(UInt64(bitPattern: size))
        add(digest: sha256)
    }

    /// Adds a sub-folder's part; `modified` only for the state digest.
    mutating func add(folder name: some Collection<UInt8>, modified: Int64?, digest: [UInt8]) {
        add(name: name, .folder)
        if let modified { add(UInt64(bitPattern: modified)) }
        add(digest: digest)
    }

    /// Adds the 32 bytes of the files' part.
    mutating func add(digest: [UInt8]) {
        pending.append(contentsOf: digest)
        if pending.count >= 1 << 14 { flush() }
    }

    /// The 32 bytes.
    consuming func finalize() -> [UInt8] {
        flush()
        return Array(hasher.finalize())
    }

    private mutating func add(name: some Collection<UInt8>, _ kind: EntryKind) {
        withUnsafeBytes(of: UInt32(name.count).bigEndian) { pending.append(contentsOf: $0) }
        pending.append(contentsOf: name)
        pending.append(kind.rawValue)
    }

    private mutating func add(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { pending.append(contentsOf: $0) }
        if pending.count >= 1 << 14 { flush() }
    }

    private mutating func flush() {
        pending.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        pending.removeAll(keepingCapacity: true)
    }
}
