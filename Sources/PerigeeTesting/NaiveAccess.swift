package import AccessControl
package import VolumeModel

/// Who may see what, told by the plainest of code: the text of the specification, rule by rule and
/// entry by entry. The measure of what the access engine makes of the same policy.
package struct NaiveAccess {
    /// What is known.
    package var policy: AccessPolicy
    /// Who asks.
    package var requester: Requester
    /// When.
    package var now: Timestamp

    /// Puts a question together.
    package init(_ policy: AccessPolicy, _ requester: Requester, at now: Timestamp) {
        self.policy = policy
        self.requester = requester
        self.now = now
    }

    /// The level on an entry of a volume.
    package func level(
        of path: [UInt8], _ accessClass: AccessClassID, in volume: VolumeName
    ) -> AccessLevel {
        guard let volume = policy.volumes[volume], let own = known(accessClass, volume) else {
            return .none
        }
        let here = level(of: path, own, volume)
        guard let link = own.link, let target = link.target(of: path) else { return here }
        guard let there = known(link.targetClass, volume), there.link == nil else { return .none }
        return min(here, level(of: target, there, volume))
    }

    /// The level on the volume itself.
    package func level(on volume: VolumeName) -> AccessLevel {
        guard let volume = policy.volumes[volume] else { return .none }
        let rules = volume.rules.filter { rule in
            if case .team(let template, _) = rule.subject, !template.keys.isEmpty { return false }
            return rule.conditions.isEmpty && rule.pattern.map { $0.matches([]) } ?? true
                && holds(rule) && isAbout(rule.subject, AccessClass())
        }
        return outcome(rules, cap: .read)
    }

    /// What the embargo leaves of a class.
    package func cap(_ accessClass: AccessClass, _ volume: VolumePolicy) -> AccessLevel {
        guard let embargo = volume.embargo else { return .read }
        let attributes = accessClass.attributes
        let rows = volume.releases.filter { attributes[$0.key] == $0.value }
        var data: Timestamp?
        if let row = rows.compactMap(\.data).max() {
            data = row
        } else if let text = attributes[.dataRelease] {
            data = try? Timestamp(parsing: text)
        } else if let period = embargo.period, let text = attributes[period.after] {
            data = instant(text)?.adding(months: period.months)
        }
        var metadata: Timestamp? = Timestamp(nanoseconds: .min)
        if let row = rows.compactMap(\.metadata).max() {
            metadata = row
        } else if let text = attributes[.metadataRelease] {
            metadata = try? Timestamp(parsing: text)
        } else if embargo.metadataWithData {
            metadata = data
        }
        guard let metadata, metadata <= now else { return .none }
        guard let data, data <= now else { return .list }
        return .read
    }

    private func known(_ id: AccessClassID, _ volume: VolumePolicy) -> AccessClass? {
        volume.classes[id] ?? (id == .none ? AccessClass() : nil)
    }

    private func level(
        of path: [UInt8], _ accessClass: AccessClass, _ volume: VolumePolicy
    ) -> AccessLevel {
        let cap = cap(accessClass, volume)
        let rules = volume.rules.filter { rule in
            holds(rule) && isAbout(rule.subject, accessClass)
                && rule.pattern.map { $0.covers(path) } ?? true
                && rule.conditions.allSatisfy { condition in
                    switch condition {
                    case .embargoed: cap < .read
                    case .released: cap == .read
                    case .attribute(let key, let value): accessClass.attributes[key] == value
                    }
                }
        }
        return outcome(rules, cap: cap)
    }

    /// The highest of the grants, then the lowest of the denials.
    private func outcome(_ rules: [AccessRule], cap: AccessLevel) -> AccessLevel {
        var level = AccessLevel.none
        for rule in rules {
            guard case .grant(let granted) = rule.effect else { continue }
            level = max(level, rule.conditions.contains(.embargoed) ? granted : min(granted, cap))
        }
        for rule in rules {
            if case .denial(let left) = rule.effect { level = min(level, left) }
        }
        return level
    }

    private func holds(_ rule: AccessRule) -> Bool {
        (rule.from.map { $0 <= now } ?? true) && (rule.until.map { now < $0 } ?? true)
    }

    private func isAbout(_ subject: Subject, _ accessClass: AccessClass) -> Bool {
        guard case .user(let name) = requester else { return subject == .anyone }
        guard let user = policy.users[name], !user.isDisabled else { return false }
        switch subject {
        case .anyone, .authenticated: return true
        case .user(let other): return other == name
        case .team(let template, let role):
            guard let team = template.team(for: accessClass.attributes) else { return false }
            return self.role(of: name, in: team, besides: []).map { $0 >= role } ?? false
        }
    }

    /// The best role over all ways; nil: no member.
    private func role(
        of user: UserName, in team: TeamName, besides seen: Set<TeamName>
    ) -> TeamRole? {
        (policy.teams[team] ?? []).filter { membership in
            guard membership.until.map({ now < $0 }) ?? true else { return false }
            switch membership.member {
            case .user(let name): return name == user
            case .team(let inner):
                return !seen.contains(inner)
                    && role(of: user, in: inner, besides: seen.union([team])) != nil
            }
        }.map(\.role).max()
    }

    /// An instant, or a Modified Julian Date; with floating point, so to some microseconds.
    private func instant(_ text: String) -> Timestamp? {
        if let instant = try? Timestamp(parsing: text) { return instant }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }),
            text.utf8.first != 0x2e, text.utf8.last != 0x2e, let days = Double(text)
        else { return nil }
        let nanoseconds = (days - 40_587) * 86_400e9
        return abs(nanoseconds) < 9.2e18 ? Timestamp(nanoseconds: Int64(nanoseconds)) : nil
    }
}
