/// What a person or a client names: `[site.]volume[@rN|@candidate][:path]`, or as a bucket
/// `[site.]volume[.rN]`. Parsed here and nowhere else.
package struct VolumeReference: Hashable, Sendable, CustomStringConvertible {
    /// The site, where one is named.
    package let site: SiteName?
    /// The volume.
    package let volume: VolumeName
    /// Which state of it.
    package let revision: RevisionSelector
    /// The path inside, or nil where none was given (`hst:` names the root, which is empty).
    package let path: EntryPath?

    /// Puts a reference together.
    package init(
        site: SiteName? = nil, volume: VolumeName, revision: RevisionSelector = .current,
        path: EntryPath? = nil
    ) {
        self.site = site
        self.volume = volume
        self.revision = revision
        self.path = path
    }

    /// Reads `[site.]volume[@rN|@candidate][:path]`; the path may hold any byte but NUL.
    ///
    /// - Throws: `PerigeeError.invalidArgument` that says which part is off.
    package init(parsing text: String) throws(PerigeeError) {
        let bytes = Array(text.utf8)
        let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        let head = String(decoding: bytes[..<(colon ?? bytes.endIndex)], as: UTF8.self)
        if let colon {
            path = try EntryPath(trimmingSlashes: bytes[(colon + 1)...])
        } else {
            path = nil
        }
        var name = head[...]
        if let at = head.firstIndex(of: "@") {
            name = head[..<at]
            let label = head[head.index(after: at)...]
            if label == "candidate" {
                revision = .candidate
            } else if let number = RevisionNumber(label: label) {
                revision = .pinned(number)
            } else {
                throw PerigeeError(
                    .invalidArgument,
                    "\(Printable.quoted(String(label))) is no revision",
                    remedy: "write VOLUME@r1, with a number that `perigee volume show` lists")
            }
        } else {
            revision = .current
        }
        (site, volume) = try Self.siteAndVolume(name)
    }

    /// Reads a bucket's name, `[site.]volume[.rN]`, from the right.
    ///
    /// - Throws: `PerigeeError.invalidArgument`.
    package init(bucket text: String) throws(PerigeeError) {
        var name = text[...]
        if let dot = name.lastIndex(of: "."),
            let number = RevisionNumber(label: name[name.index(after: dot)...])
        {
            revision = .pinned(number)
            name = name[..<dot]
        } else {
            revision = .current
        }
        (site, volume) = try Self.siteAndVolume(name)
        path = nil
    }

    private static func siteAndVolume(_ name: Substring) throws(PerigeeError)
        -> (SiteName?, VolumeName)
    {
        guard let dot = name.lastIndex(of: ".") else {
            return (nil, try VolumeName(String(name)))
        }
        return (
            try SiteName(String(name[..<dot])),
            try VolumeName(String(name[name.index(after: dot)...]))
        )
    }

    /// The form for files and commands, that `init(parsing:)` reads back.
    package var description: String {
        let prefix = site.map { "\($0)." } ?? ""
        let suffix = path.map { ":\($0)" } ?? ""
        return "\(prefix)\(volume)\(revision)\(suffix)"
    }
}
