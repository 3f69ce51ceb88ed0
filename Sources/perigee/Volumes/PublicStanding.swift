internal import AccessControl
internal import VolumeModel

/// Whether anyone may read all of a volume, and when that changes by itself. Denials of parts and
/// release times may still close entries.
struct PublicStanding: Hashable {
    /// Whether it is so now.
    let isPublic: Bool
    /// The next instant at which it is otherwise; nil: never by itself.
    let until: Timestamp?

    /// Goes by the rules about anyone and the whole volume, whatever they are called.
    init(of volume: VolumeName, in policy: AccessPolicy, at now: Timestamp = .now) {
        let rules = (policy.volumes[volume]?.rules ?? []).filter { rule in
            rule.subject == .anyone && rule.conditions.isEmpty
                && rule.pattern.map { $0.matches([]) } ?? true
        }
        var narrowed = AccessPolicy()
        narrowed.volumes[volume] = VolumePolicy(rules: rules)
        let isPublic = { (instant: Timestamp) in
            AccessView(of: volume, for: .anyone, policy: narrowed, at: instant).volume.level
                == .read
        }
        let isNow = isPublic(now)
        let instants = rules.flatMap { [$0.from, $0.until] }.compactMap(\.self)
        self.isPublic = isNow
        until = instants.filter { $0 > now }.sorted().first { isPublic($0) != isNow }
    }

    /// `public`, `private until 2026-12-01`.
    var words: String {
        (isPublic ? "public" : "private") + (until.map { " until \(Self.words($0))" } ?? "")
    }

    /// Who may read it, as the words behind `Readers`.
    ///
    /// - Parameter hasGrants: whether a rule gives somebody something.
    func readers(hasGrants: Bool) -> String {
        switch (isPublic, until.map(Self.words)) {
        case (true, nil): "anyone"
        case (true, let end?): "anyone until \(end)"
        case (false, nil): hasGrants ? "those that its rules name" : "nobody yet"
        case (false, let start?):
            "\(hasGrants ? "those that its rules name" : "nobody"), and anyone from \(start) on"
        }
    }

    /// A day where it begins then, as policies are written.
    private static func words(_ instant: Timestamp) -> String {
        let text = instant.iso8601
        let midnight = "T00:00:00Z"
        return text.hasSuffix(midnight) ? String(text.dropLast(midnight.count)) : text
    }
}
