package import VolumeModel

/// Where an origin root's bytes are.
package enum OriginLocation: Hashable, Sendable, CustomStringConvertible {
    /// A folder of a mounted file system: an absolute path without a trailing slash.
    case posix(path: String)
    /// A bucket, and what all keys of the root begin with: empty, or text with a slash at its end.
    case s3(bucket: String, prefix: String)
    /// A folder of a web server: a URL of `http` or `https` with a slash at its end.
    case web(url: String)

    /// The longest path that Linux takes (PATH_MAX less its NUL), in bytes.
    private static let longestPath = 4_095

    private static let forms =
        "write posix:/absolute/path, s3://bucket/prefix or https://host/folder/"

    /// Reads `posix:/absolute/path`, `s3://bucket/prefix` or `https://host/folder/`; repeated and
    /// trailing slashes mean nothing.
    ///
    /// - Throws: `PerigeeError.invalidArgument` that says which part is off.
    package init(parsing text: String) throws(PerigeeError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw PerigeeError(
                .invalidArgument, "the origin \(Printable.quoted(text)) names no scheme",
                remedy: Self.forms)
        }
        let scheme = String(text[..<colon])
        let rest = String(text[text.index(after: colon)...])
        switch scheme {
        case "posix": self = .posix(path: try Self.normalized(rest))
        case "s3": self = try Self.bucket(rest, in: text)
        case "http", "https": self = try Self.web(scheme, rest, in: text)
        default:
            throw PerigeeError(
                .invalidArgument, "the origin scheme \(Printable.quoted(scheme)) is unknown",
                remedy: Self.forms)
        }
    }

    /// The form that `init(parsing:)` reads.
    package var description: String {
        switch self {
        case .posix(let path): "posix:\(path)"
        case .s3(let bucket, let prefix): "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(prefix)")
        case .web(let url): url
        }
    }

    /// Whether it lies on another machine and is cached here.
    package var isRemote: Bool { if case .posix = self { false } else { true } }

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
        return "/" + (try plainSegments(path)).joined(separator: "/")
    }

    /// The parts of a path between slashes.
    private static func plainSegments(_ path: String) throws(PerigeeError) -> [String] {
        let segments = path.utf8.split(separator: UInt8(ascii: "/"))
            .map { String(decoding: $0, as: UTF8.self) }
        // Behind a symbolic link, `..` is not what it looks like.
        guard !segments.contains(where: { $0 == ".." || $0 == "." }) else {
            throw PerigeeError(
                .invalidArgument,
                "the origin path \(Printable.quoted(path)) has a segment `.` or `..`",
                remedy: "write the path that `realpath` prints")
        }
        return segments
    }

    private static func bucket(_ rest: String, in text: String) throws(PerigeeError) -> Self {
        guard rest.hasPrefix("//"), isPlain(rest) else { throw malformed(text) }
        let parts = try plainSegments(String(rest.dropFirst(2)))
        guard let name = parts.first, rest.utf8.dropFirst(2).first != UInt8(ascii: "/") else {
            throw malformed(text)
        }
        return .s3(bucket: name, prefix: parts.dropFirst().map { $0 + "/" }.joined())
    }

    private static func web(
        _ scheme: String, _ rest: String, in text: String
    ) throws(PerigeeError) -> Self {
        guard rest.hasPrefix("//"), isPlain(rest), !rest.utf8.contains(UInt8(ascii: "?")),
            !rest.utf8.contains(UInt8(ascii: "#")), !rest.utf8.contains(UInt8(ascii: "@")),
            rest.utf8.count > 2, rest.utf8.dropFirst(2).first != UInt8(ascii: "/")
        else { throw malformed(text) }
        let parts = try plainSegments(String(rest.dropFirst(2)))
        return .web(url: "\(scheme)://" + parts.map { $0 + "/" }.joined())
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f } && text.utf8.count <= 2_048
    }

    private static func malformed(_ text: String) -> PerigeeError {
        PerigeeError(
            .invalidArgument, "the origin \(Printable.quoted(text)) cannot be read",
            remedy: forms + ", without a query, a user or a password in it")
    }
}
