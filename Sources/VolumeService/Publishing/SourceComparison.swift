internal import Catalogue
internal import ControlStore
internal import Origins
internal import VolumeModel

/// What a further source has of a volume's files, compared with what the first one has.
struct SourceComparison {
    /// Why files are not read from a source, and some of them.
    struct Group {
        var count = 0
        var examples: [[UInt8]] = []

        mutating func add(_ path: [UInt8]) {
            count += 1
            if examples.count < 3 { examples.append(path) }
        }
    }

    /// What a source tells of a file.
    struct Told {
        var size: Int64
        var modified: Timestamp?
        var inode: UInt64?
        var tag: String?
        var sha256: [UInt8]?
    }

    private(set) var files = 0
    private(set) var same = 0
    private var missing = Group()
    private var otherSize = Group()
    private var otherContent = Group()
    private var unreadable = Group()
    /// Whether both sources are buckets, whose plain tags are MD5 of the content.
    private let areBuckets: Bool

    init(_ first: OriginRoot, _ further: OriginRoot) {
        areBuckets = first.origin.isBucket && further.origin.isBucket
    }

    /// Whether a further source has a file, and by what it tells the version.
    mutating func judge(
        _ file: CandidateWriter.KnownFile, _ told: Told?
    ) -> (modified: Timestamp, inode: UInt64?, tag: String?)? {
        files += 1
        guard let told else {
            missing.add(file.path)
            return nil
        }
        guard told.size == file.size else {
            otherSize.add(file.path)
            return nil
        }
        // Without either no version is told from another.
        guard !differs(file, told), told.modified != nil || told.tag != nil else {
            otherContent.add(file.path)
            return nil
        }
        same += 1
        return (told.modified ?? Timestamp(nanoseconds: 0), told.inode, told.tag)
    }

    /// A file that is there and cannot be read.
    mutating func refuse(_ file: CandidateWriter.KnownFile) {
        files += 1
        unreadable.add(file.path)
    }

    /// What differs, in a line; nil where nothing does.
    var summary: String? {
        let parts = [
            words(missing, "missing"), words(otherSize, "of another size"),
            words(otherContent, "of another content or without a version"),
            words(unreadable, "that cannot be read"),
        ].compactMap(\.self)
        return parts.isEmpty
            ? nil : "\(parts.joined(separator: "; ")); \(same) of \(files) as in the first"
    }

    private func words(_ group: Group, _ what: String) -> String? {
        guard group.count > 0 else { return nil }
        let names = group.examples.map(Printable.quoted).joined(separator: ", ")
        return "\(group.count) \(what), such as \(names)"
    }

    private func differs(_ file: CandidateWriter.KnownFile, _ told: Told) -> Bool {
        if let known = file.sha256, let other = told.sha256 { return known != other }
        if areBuckets, let known = Self.plainMD5(file.tag), let other = Self.plainMD5(told.tag) {
            return known != other
        }
        return false
    }

    /// The MD5 that the tag of an object is which was sent in one piece (Amazon S3 API reference,
    /// Object, ETag); nil for any other tag.
    static func plainMD5(_ tag: String?) -> [UInt8]? {
        guard let tag, tag.utf8.count == 34, tag.hasPrefix("\""), tag.hasSuffix("\"") else {
            return nil
        }
        return Hex.decode(Array(tag.utf8.dropFirst().dropLast())[...])
    }
}

extension OriginLocation {
    fileprivate var isBucket: Bool { if case .s3 = self { true } else { false } }
}
