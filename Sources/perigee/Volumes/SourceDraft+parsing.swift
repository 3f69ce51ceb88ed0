internal import ControlStore
internal import VolumeModel

extension SourceDraft {
    /// Reads `ROOT:SUBPATH`, with `,priority=N` and `,zone=Z` behind it where they are said.
    ///
    /// - Throws: `.invalidArgument` that says which part is off.
    init(parsing text: String) throws(PerigeeError) {
        var rest = Array(text.utf8)[...]
        var priority = 0
        var zone: String?
        // From the end, so that a folder's name may have commas.
        while let comma = rest.lastIndex(of: UInt8(ascii: ",")) {
            let part = String(decoding: rest[(comma + 1)...], as: UTF8.self)
            if part.hasPrefix("priority=") {
                let digits = part.dropFirst("priority=".count)
                guard let value = Int(digits) else {
                    throw PerigeeError(
                        .invalidArgument, "\(Printable.quoted(String(digits))) is no priority",
                        remedy: "it is a whole number; lower ones are asked first")
                }
                priority = value
            } else if part.hasPrefix("zone=") {
                zone = String(part.dropFirst("zone=".count))
            } else {
                break
            }
            rest = rest[..<comma]
        }
        if let zone { try VolumeSource.check(zone: zone) }
        let colon = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
        self.init(
            root: try RootName(String(decoding: rest[..<colon], as: UTF8.self)),
            subpath: try EntryPath(trimmingSlashes: rest[colon...].dropFirst()), zone: zone,
            priority: priority)
    }
}
