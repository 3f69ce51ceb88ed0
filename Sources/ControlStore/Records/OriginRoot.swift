package import VolumeModel

/// Where an origin root's bytes are.
package enum OriginLocation: Hashable, Sendable, CustomStringConvertible {
    /// A folder of a mounted file system: an absolute path without a trailing slash.
    case posix(path: String)

    /// The longest path that Linux takes (PATH_MAX less its NUL), in bytes.
    private static let longestPath = 4_095

    /// Reads `posix:/absolute/path`; repeated and trailing slashes mean nothing.
    ///
    /// - Throws: `PerigeeError.invalidArgument` that says which part is off.
    package init(parsing text: String) throws(PerigeeError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw PerigeeError(
                .invalidArgument, "the origin \(Printable.quoted(text)) names no scheme",
                remedy: "write posix:/absolute/path for a folder")
        }
        let scheme = String(text[..<colon])
        guard scheme == "posix" else {
            throw PerigeeError(
                .invalidArgument,
                "the origin scheme \(Printable.quoted(scheme)) is unknown",
                remedy: "write posix:/absolute/path for a folder")
        }
        self = .posix(path: try Self.normalized(String(text[text.index(after: colon)...])))
    }

    /// The form that `init(parsing:)` reads.
    package var description: String {
        switch self {
        case .posix(let path): "posix:\(path)"
        }
    }

    private static func normalized(_ path: String) throws(PerigeeError) -> String {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw PerigeeError(
                .invalidArgument, "the origin path \(Printable.quoted(path)) is not absolute",
                remedy: "write posix: and a path that begins with /")
        }
        guard !path.utf8.contains(0), path.utf8.count <= longestPath else {
            throw PerigeeError(
                .invalidArgument,
                "the origin path \(Printable.quoted(path)) has a NUL byte or is longer than"
                    + " \(longestPath) bytes")
        }
        let segments = path.utf8.split(separator: UInt8(ascii: "/"))
            .map { String(decoding: $0, as: UTF8.self) }
        // Behind a symbolic link, `..` is not what it looks like.
        guard !segments.contains(where: { $0 == ".." || $0 == "." }) else {
            throw PerigeeError(
                .invalidArgument,
                "the origin path \(Printable.quoted(path)) has a segment `.` or `..`",
                remedy: "write the path that `realpath` prints")
        }
        return "/" + segments.joined(separator: "/")
    }
}

/// A place that an administrator named, that volumes draw from, with what its archive promises.
package struct OriginRoot: Hashable, Sendable {
    /// What sources call it.
    package let name: RootName
    /// Where it is.
    package let origin: OriginLocation
    /// What its archive promises of files.
    package let files: FilesContract
    /// Whether calls on it can hang.
    package let locality: Locality
    /// By what a version is told.
    package let fingerprint: Fingerprint
    /// When it was made.
    package let created: Timestamp

    /// Puts a root together.
    package init(
        name: RootName, origin: OriginLocation, files: FilesContract = .replaced,
        locality: Locality = .auto, fingerprint: Fingerprint = .sizeAndModified,
        created: Timestamp = .now
    ) {
        self.name = name
        self.origin = origin
        self.files = files
        self.locality = locality
        self.fingerprint = fingerprint
        self.created = created
    }
}
