internal import CKernel
internal import Glibc
package import VolumeModel

/// Where the hashes of a file's leaves stand.
package struct LeafPlace: Hashable, Sendable {
    /// The file version that they are of.
    package let file: EntryID
    /// Which of the side files that the catalogue has had one after the other.
    package let generation: Int64
    /// Where their record begins in it.
    package let offset: Int64
    /// How many there are.
    package let count: Int
    /// Bytes of the file that they are of.
    package let size: Int64
}

/// The side file of a catalogue: hashes of the leaves of every file that has more than one.
///
/// Only added to; what is in it counts where the catalogue says that it is there. Nothing in it is
/// believed: hashes are used once they give the root that the catalogue holds.
package enum LeafFile {
    /// The format that this version writes and reads.
    static let version: UInt32 = 1
    /// "PRGLEAF" and a zero byte.
    static let magic: [UInt8] = Array("PRGLEAF".utf8) + [0]
    /// Bytes before the first record.
    static let headerSize = 32
    /// Bytes of a record before its hashes.
    static let recordHeadSize = 16

    /// The side file of the catalogue at `catalogue`.
    package static func path(catalogue: String, generation: Int64) -> String {
        "\(stem(of: catalogue)).\(generation).leaves"
    }

    /// All side files beside a catalogue: at most one is in use.
    package static func all(catalogue: String) -> [String] {
        let stem = stem(of: catalogue)
        let slash = stem.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { String(stem[..<$0]) } ?? "."
        let prefix = (slash.map { String(stem[stem.index(after: $0)...]) } ?? stem) + "."
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let number = name.dropFirst(prefix.utf8.count).dropLast(".leaves".utf8.count)
            guard name.hasPrefix(prefix), name.hasSuffix(".leaves"), Int64(number) != nil else {
                continue
            }
            found.append("\(folder)/\(name)")
        }
        return found
    }

    private static func stem(of catalogue: String) -> String {
        catalogue.hasSuffix(".sqlite") ? String(catalogue.dropLast(7)) : catalogue
    }

    /// The bytes of the header.
    static func header(ordinal: Int64, generation: Int64) -> [UInt8] {
        var bytes = magic + little(version) + little(UInt32(0))
        bytes += little(UInt64(bitPattern: ordinal)) + little(UInt64(bitPattern: generation))
        let crc = bytes.withUnsafeBytes { perigee_crc32c(0, $0.baseAddress, $0.count) }
        bytes.replaceSubrange(12..<16, with: little(crc))
        return bytes
    }

    /// Checks an open file's header.
    ///
    /// - Throws: `.corrupt`, `.newerFormat`.
    static func check(
        _ descriptor: Int32, path: String, ordinal: Int64, generation: Int64
    ) throws(PerigeeError) {
        let found = try checkedHeader(descriptor, path: path)
        guard found == header(ordinal: ordinal, generation: generation) else {
            throw damaged(path, "has the header of another one, or a damaged one")
        }
    }

    /// A header of a format that this version reads.
    private static func checkedHeader(
        _ descriptor: Int32, path: String
    ) throws(PerigeeError) -> [UInt8] {
        guard let found = read(descriptor, headerSize, at: 0), found.starts(with: magic) else {
            throw damaged(path, "has no header")
        }
        let format = found.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        }
        guard format > 0 else { throw damaged(path, "says no format") }
        guard format <= version else {
            throw PerigeeError(
                .newerFormat,
                "the side file \(Printable.quoted(path)) has format \(format); this version of "
                    + "perigee reads up to \(version)",
                remedy: "use the newer perigee that wrote it")
        }
        return found
    }

    /// The head of a record, with the CRC32C over the rest of it and the hashes.
    static func recordHead(file: Int64, leaves: [UInt8]) -> [UInt8] {
        let head =
            little(UInt64(bitPattern: file))
            + little(UInt32(leaves.count / TreeDigest.hashSize))
        let crc = head.withUnsafeBytes { perigee_crc32c(0, $0.baseAddress, $0.count) }
        return head
            + little(leaves.withUnsafeBytes { perigee_crc32c(crc, $0.baseAddress, $0.count) })
    }

    /// Reads the hashes of a file's leaves, and compares them with what the catalogue says.
    ///
    /// - Parameters:
    ///   - catalogue: the catalogue's path.
    ///   - digest: the file's digest out of the catalogue.
    /// - Throws: `.notFound` where the side file is gone, maybe for a newer one; `.corrupt`,
    ///   `.newerFormat`, `.storageFailed`.
    package static func leaves(
        at place: LeafPlace, catalogue: String, of digest: TreeDigest
    ) throws(PerigeeError) -> [UInt8] {
        let path = path(catalogue: catalogue, generation: place.generation)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            let code = errno
            throw PerigeeError(
                code == ENOENT ? .notFound : .storageFailed,
                "the side file \(Printable.quoted(path)) cannot be opened", remedy: remedy,
                cause: SystemError(code))
        }
        defer { close(descriptor) }
        _ = try checkedHeader(descriptor, path: path)
        let count = place.count * TreeDigest.hashSize
        guard
            place.size >= 0,
            place.count == TreeDigest.leafCount(of: place.size, leafSize: digest.leafSize)
        else {
            throw damaged(path, "has \(place.count) leaves of a file of \(place.size) bytes")
        }
        guard let record = read(descriptor, recordHeadSize + count, at: place.offset) else {
            throw damaged(path, "ends before the record at \(place.offset)")
        }
        let leaves = Array(record[recordHeadSize...])
        guard record.starts(with: recordHead(file: place.file.value, leaves: leaves)) else {
            throw damaged(path, "is damaged in the record at \(place.offset)")
        }
        guard
            TreeDigest(leaves: leaves, size: place.size, leafSize: digest.leafSize).root
                == digest.root
        else { throw damaged(path, "has other leaves at \(place.offset) than were scanned") }
        return leaves
    }

    /// Exactly `count` bytes, or nil where there are fewer.
    static func read(_ descriptor: Int32, _ count: Int, at offset: Int64) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress! + filled, count - filled,
                    off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { return }
                filled += got
            }
        }
        return bytes.count == count ? bytes : nil
    }

    static func damaged(_ path: String, _ what: String) -> PerigeeError {
        PerigeeError(.corrupt, "the side file \(Printable.quoted(path)) \(what)", remedy: remedy)
    }

    private static var remedy: String {
        "restore it with the state folder from a backup, or move it away and scan the volume with "
            + "--digest tree, which makes it anew and compares it with the digests in the catalogue"
    }

    private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
