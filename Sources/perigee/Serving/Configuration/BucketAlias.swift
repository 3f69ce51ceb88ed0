internal import S3Gateway
internal import VolumeModel

/// A bucket's name for a volume or a part of one, as text: `stpubdata=hst:hst/public/`.
enum BucketAlias {
    /// Reads `NAME=VOLUME[@rN][:PREFIX]`.
    ///
    /// - Throws: `.invalidArgument`.
    static func parse(
        _ text: String
    ) throws(PerigeeError) -> (name: String, alias: GatewaySettings.Alias) {
        guard let equals = text.firstIndex(of: "=") else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no alias of a bucket",
                remedy: "write NAME=VOLUME, NAME=VOLUME@rN or NAME=VOLUME:PREFIX")
        }
        let target = text[text.index(after: equals)...]
        let colon = target.firstIndex(of: ":")
        let prefix = colon.map { Array(target[target.index(after: $0)...].utf8) }
        return (
            String(text[..<equals]),
            try alias(volume: String(target[..<(colon ?? target.endIndex)]), prefix: prefix ?? [])
        )
    }

    /// An alias of what a person names.
    ///
    /// - Throws: `.invalidArgument`.
    static func alias(
        volume: String, prefix: [UInt8]
    ) throws(PerigeeError) -> GatewaySettings.Alias {
        let reference = try VolumeReference(parsing: volume)
        guard reference.path == nil, reference.site == nil, reference.revision != .candidate else {
            throw PerigeeError(
                .invalidArgument,
                "\(Printable.quoted(volume)) is not what an alias can stand for",
                remedy:
                    "name a volume, or one of its revisions as VOLUME@rN; the path is the prefix")
        }
        guard prefix.first != UInt8(ascii: "/"), prefix.count <= 1_024 else {
            throw PerigeeError(
                .invalidArgument, "the prefix \(Printable.quoted(prefix)) begins no key",
                remedy: "keys do not begin with a slash, and have at most 1,024 bytes")
        }
        guard prefix.isEmpty || prefix.last == UInt8(ascii: "/") else {
            // A file of just that name would be an object without a key.
            throw PerigeeError(
                .invalidArgument, "the prefix \(Printable.quoted(prefix)) is no folder's",
                remedy: "end it with a slash")
        }
        return GatewaySettings.Alias(volume: reference, prefix: prefix)
    }

    /// Adds an alias.
    ///
    /// - Throws: `.invalidArgument` for a name that no bucket can have, or that is there already.
    static func add(
        _ alias: GatewaySettings.Alias, _ name: String, to configuration: inout ServeConfiguration
    ) throws(PerigeeError) {
        let ends = [name.utf8.first, name.utf8.last].compactMap(\.self)
        guard (3...63).contains(name.utf8.count), ends.allSatisfy(isLetterOrDigit),
            name.utf8.allSatisfy({ isLetterOrDigit($0) || "-.".utf8.contains($0) })
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(name)) cannot be a bucket's name",
                remedy: "it has 3 to 63 small letters, digits, `-` and `.`, the first and last a"
                    + " letter or digit")
        }
        guard configuration.gateway.aliases.updateValue(alias, forKey: name) == nil else {
            throw PerigeeError(
                .invalidArgument, "the alias \(name) is there twice", remedy: "keep one of them")
        }
    }

    /// The alias as `parse` reads it.
    static func text(_ name: String, _ alias: GatewaySettings.Alias) -> String {
        let prefix = Printable.escaped(alias.prefix)
        return "\(name)=\(alias.volume)" + (prefix.isEmpty ? "" : ":\(prefix)")
    }

    /// Whether a byte is a small letter or a digit.
    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
