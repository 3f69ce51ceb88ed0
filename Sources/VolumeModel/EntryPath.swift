/// Where an entry stands in a volume: segments of UTF-8 bytes joined by `/`, without a leading or
/// trailing one; empty for the volume's root. At most 1,024 bytes, as an S3 key, and 255 a segment.
package struct EntryPath: Hashable, Sendable, CustomStringConvertible {
    /// The longest path in bytes.
    package static let longest = 1_024
    /// The longest segment in bytes (NAME_MAX).
    package static let longestSegment = 255

    /// The volume's root.
    package static let root = EntryPath(unchecked: [])

    /// The bytes of the whole path.
    package let bytes: [UInt8]

    /// - Throws: `PerigeeError.invalidArgument` or `.nameTooLong`.
    package init(_ bytes: some Sequence<UInt8>) throws(PerigeeError) {
        let bytes = Array(bytes)
        if let fault = Self.fault(in: bytes) {
            throw PerigeeError(
                fault == .tooLong || fault == .segmentTooLong ? .nameTooLong : .invalidArgument,
                "the path \(Printable.quoted(bytes)) \(fault.rawValue)",
                remedy: "name an entry as `perigee ls` prints it")
        }
        self.bytes = bytes
    }

    /// Reads what a person types, where slashes around the path mean nothing.
    ///
    /// - Throws: as `init(_:)`.
    package init(trimmingSlashes text: some Collection<UInt8>) throws(PerigeeError) {
        let slash = UInt8(ascii: "/")
        let start = text.drop { $0 == slash }
        var bytes = Array(start)
        while bytes.last == slash { bytes.removeLast() }
        try self.init(bytes)
    }

    /// Reads a string's UTF-8 bytes, with slashes around it trimmed.
    ///
    /// - Throws: as `init(_:)`.
    package init(_ string: String) throws(PerigeeError) {
        try self.init(trimmingSlashes: Array(string.utf8))
    }

    private init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether this is the volume's root.
    package var isRoot: Bool { bytes.isEmpty }

    /// The segments in order; none for the root.
    package var segments: [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
    }

    /// The folder that holds this entry, and its name there; nil for the root.
    package var parentAndName: (parent: EntryPath, name: [UInt8])? {
        guard !isRoot else { return nil }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return (.root, bytes) }
        return (EntryPath(unchecked: Array(bytes[..<slash])), Array(bytes[(slash + 1)...]))
    }

    /// This path with one more segment.
    ///
    /// - Throws: as `init(_:)`.
    package func appending(_ name: some Sequence<UInt8>) throws(PerigeeError) -> EntryPath {
        try EntryPath(isRoot ? Array(name) : bytes + [UInt8(ascii: "/")] + name)
    }

    /// Whether `other` is this entry or lies below it.
    package func covers(_ other: EntryPath) -> Bool {
        isRoot || other.bytes == bytes
            || (other.bytes.count > bytes.count && other.bytes.starts(with: bytes)
                && other.bytes[bytes.count] == UInt8(ascii: "/"))
    }

    /// The path as text. Only valid UTF-8 is ever a path.
    package var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension EntryPath {
    /// Why bytes are no path.
    package enum Fault: String, Sendable {
        case tooLong = "is longer than 1,024 bytes"
        case segmentTooLong = "has a name longer than 255 bytes"
        case emptySegment = "has an empty name"
        case dotSegment = "has a name that is `.` or `..`"
        case nul = "has a NUL byte"
        case invalidUTF8 = "is not valid UTF-8"
    }

    /// What makes `bytes` no path, or nil.
    package static func fault(in bytes: [UInt8]) -> Fault? {
        if bytes.isEmpty { return nil }
        if bytes.count > longest { return .tooLong }
        if bytes.contains(0) { return .nul }
        for segment in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if segment.isEmpty { return .emptySegment }
            if segment.count > longestSegment { return .segmentTooLong }
            if segment.elementsEqual([UInt8(ascii: ".")])
                || segment.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")])
            {
                return .dotSegment
            }
        }
        return String(validating: bytes, as: UTF8.self) == nil ? .invalidUTF8 : nil
    }
}
