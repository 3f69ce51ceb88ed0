internal import VolumeModel

extension AccessRule {
    /// Why it can never match anything, or never change a decision, as the rest of a sentence about
    /// it: "has no time in which it holds: ..."; nil where it can.
    ///
    /// - Parameter embargo: the embargo of its volume.
    package func reasonItNeverMatches(embargo: EmbargoPolicy?) -> String? {
        if let from, let until, from >= until {
            return "has no time in which it holds: it ends at \(until.iso8601) and begins at "
                + from.iso8601
        }
        switch effect {
        case .grant(.none): return "grants nothing: its level is none"
        case .denial(.read): return "denies nothing: its level is read"
        case .grant, .denial: break
        }
        if conditions.contains(.embargoed) {
            if conditions.contains(.released) {
                return "asks for entries that are embargoed and released at once"
            }
            if embargo == nil {
                return "asks for embargoed entries, and the volume has no embargo"
            }
        }
        var values: [AttributeKey: String] = [:]
        for case .attribute(let key, let value) in conditions {
            if let other = values.updateValue(value, forKey: key), other != value {
                return "asks for two values of \(key) at once: \(Printable.quoted(other)) and "
                    + Printable.quoted(value)
            }
        }
        return nil
    }
}
