package import VolumeModel

extension AccessExplanation {
    /// Finds out about one path, or about the volume itself.
    ///
    /// - Parameters:
    ///   - path: nil for the volume; the class does not count then.
    ///   - accessClass: that of the entry at the path.
    package init(
        of volume: VolumeName, path: [UInt8]?, accessClass: AccessClassID = .none,
        for requester: Requester, policy: AccessPolicy, at now: Timestamp
    ) {
        let view = AccessView(of: volume, for: requester, policy: policy, at: now)
        let examiner = Examiner(
            policy: policy, volume: policy.volumes[volume] ?? VolumePolicy(),
            requester: requester, now: now)
        self.requester = requester
        self.volume = volume
        self.now = now
        until = view.until
        guard let path else {
            decision = view.volume
            own = examiner.finding(at: nil, .none)
            target = nil
            return
        }
        decision = view.decision(accessClass, at: view.place(at: path), path: { path })
        own = examiner.finding(at: path, accessClass)
        if let link = examiner.volume.classes[accessClass]?.link, let there = link.target(of: path)
        {
            target = examiner.finding(at: there, link.targetClass, isTarget: true)
        } else {
            target = nil
        }
    }
}

/// Holds rules of one volume against one requester at one instant.
private struct Examiner {
    typealias Requirement = AccessExplanation.Requirement

    let policy: AccessPolicy
    let volume: VolumePolicy
    let requester: Requester
    let now: Timestamp

    func finding(
        at path: [UInt8]?, _ id: AccessClassID, isTarget: Bool = false
    ) -> AccessExplanation.Finding {
        var accessClass = volume.classes[id] ?? (id == .none ? AccessClass() : nil)
        // A target that is linked itself is taken for no known class.
        if isTarget, accessClass?.link != nil { accessClass = nil }
        let clock = ReleaseClock(volume.embargo, releases: volume.releases)
        let times = accessClass.map { clock.times(of: $0.attributes) } ?? .open
        let entry = Entry(
            path: path, attributes: accessClass?.attributes ?? [:], times: times,
            cap: path == nil ? .read : times.cap(at: now))
        let isClosed = accessClass == nil || !userFaults.isEmpty
        let matching = isClosed ? [] : volume.rules.filter { unmet($0, entry).isEmpty }
        let grants = matching.filter { $0.grantedLevel != nil }
        let grant = grants.min { left, right in
            let (given, other) = (contribution(left, entry), contribution(right, entry))
            return given != other ? given > other : left.precedes(right)
        }
        let denials = matching.filter { $0.deniedLevel != nil }
        let denial = denials.min { left, right in
            let (leaves, other) = (left.deniedLevel ?? .read, right.deniedLevel ?? .read)
            return leaves != other ? leaves < other : left.precedes(right)
        }
        let granted = grant.map { contribution($0, entry) } ?? .none
        let promised = grants.compactMap(\.grantedLevel).max() ?? .none
        let left = denial?.deniedLevel ?? .read
        let level = min(granted, left)
        let cap: AccessDecision.Cap
        if !userFaults.isEmpty {
            cap = .user
        } else if accessClass == nil {
            cap = .unknownClass
        } else if left < granted, let denial {
            cap = .denial(rule: denial.name)
        } else {
            cap = granted < promised ? .embargo : .none
        }
        return AccessExplanation.Finding(
            path: path, accessClass: id, attributes: accessClass?.attributes,
            releases: clock.isEmbargoed && path != nil && accessClass != nil
                ? AccessExplanation.Releases(metadata: times.metadata, data: times.data) : nil,
            level: level, grant: grant.map { match($0, entry) }, promised: promised,
            denial: left < granted ? denial.map { match($0, entry) } : nil, cap: cap,
            nearest: accessClass == nil ? nil : nearest(above: level, entry, denials))
    }

    /// What rules are held against.
    private struct Entry {
        let path: [UInt8]?
        let attributes: [AttributeKey: String]
        let times: ReleaseTimes
        let cap: AccessLevel
    }

    /// Why no rule helps the requester; empty where they do.
    private var userFaults: [Requirement] {
        guard case .user(let name) = requester else { return [] }
        guard let user = policy.users[name] else { return [.knownUser] }
        return user.isDisabled ? [.enabledUser] : []
    }

    private func contribution(_ rule: AccessRule, _ entry: Entry) -> AccessLevel {
        let level = rule.grantedLevel ?? .none
        return rule.conditions.contains(.embargoed) ? level : min(level, entry.cap)
    }

    private func match(_ rule: AccessRule, _ entry: Entry) -> AccessExplanation.Match {
        guard case .user(let name) = requester, case .team(let template, let role) = rule.subject,
            let team = template.team(for: entry.attributes)
        else { return AccessExplanation.Match(rule: rule, way: nil) }
        return AccessExplanation.Match(
            rule: rule,
            way: TeamWay.find(name, in: team, atLeast: role, policy: policy, at: now))
    }

    /// The grant above a level that wants least: one that somebody can be let into, or that time
    /// brings, before one about other entries or other people.
    private func nearest(
        above level: AccessLevel, _ entry: Entry, _ denials: [AccessRule]
    ) -> AccessExplanation.Missed? {
        let holding = denials.filter { ($0.deniedLevel ?? .read) <= level }
        let candidates = volume.rules.compactMap { rule -> AccessExplanation.Missed? in
            guard let granted = rule.grantedLevel, granted > level else { return nil }
            if rule.reasonItNeverMatches(embargo: volume.embargo) != nil { return nil }
            var missing = userFaults + unmet(rule, entry)
            if !rule.conditions.contains(.embargoed), entry.cap <= level {
                let wait: Requirement =
                    level < .list && entry.cap < .list
                    ? .metadataRelease(entry.times.metadata) : .dataRelease(entry.times.data)
                if !missing.contains(wait) { missing.append(wait) }
            }
            missing += holding.map { .denial($0) }
            return AccessExplanation.Missed(rule: rule, unmet: missing)
        }
        return candidates.min { left, right in
            let (foreign, theirs) = (left.foreignCount, right.foreignCount)
            if foreign != theirs { return foreign < theirs }
            if left.unmet.count != right.unmet.count { return left.unmet.count < right.unmet.count }
            let (given, other) = (left.rule.grantedLevel ?? .none, right.rule.grantedLevel ?? .none)
            return given != other ? given > other : left.rule.precedes(right.rule)
        }
    }

    /// What a rule asks for and does not find; for a requester who is not locked out.
    private func unmet(_ rule: AccessRule, _ entry: Entry) -> [Requirement] {
        var missing: [Requirement] = []
        if let fault = subjectFault(rule.subject, entry) { missing.append(fault) }
        if let from = rule.from, now < from { missing.append(.from(from)) }
        if let until = rule.until, now >= until { missing.append(.ended(until)) }
        guard let path = entry.path else {
            if let pattern = rule.pattern, !pattern.matches([]) {
                missing.append(.pattern(pattern))
            }
            if !rule.conditions.isEmpty { missing.append(.entry) }
            return missing
        }
        if let pattern = rule.pattern, !pattern.covers(path) { missing.append(.pattern(pattern)) }
        for condition in rule.conditions {
            switch condition {
            case .embargoed: if entry.cap == .read { missing.append(.embargoed) }
            case .released:
                if entry.cap < .read { missing.append(.dataRelease(entry.times.data)) }
            case .attribute(let key, let value):
                let found = entry.attributes[key]
                if found != value {
                    missing.append(.attribute(key, equals: value, not: found))
                }
            }
        }
        return missing
    }

    private func subjectFault(_ subject: Subject, _ entry: Entry) -> Requirement? {
        guard case .user(let name) = requester else {
            return subject == .anyone ? nil : .identity
        }
        switch subject {
        case .anyone, .authenticated: return nil
        case .user(let other): return other == name ? nil : .user(other)
        case .team(let template, let role):
            if entry.path == nil, !template.keys.isEmpty { return .entry }
            guard let team = template.team(for: entry.attributes) else {
                return .teamOfClass(template)
            }
            func find(_ role: TeamRole) -> TeamWay? {
                TeamWay.find(name, in: team, atLeast: role, policy: policy, at: now)
            }
            if find(role) != nil { return nil }
            if find(.member) != nil { return .role(team, role) }
            let ended = (policy.teams[team] ?? []).filter { $0.member == .user(name) }
                .compactMap(\.until).max()
            return .membership(team, ended: ended)
        }
    }
}

extension AccessExplanation.Missed {
    /// How much of what is unmet makes the rule one about something else, whoever joins a team and
    /// however long one waits.
    fileprivate var foreignCount: Int { unmet.count(where: \.isForeign) }
}

extension AccessExplanation.Requirement {
    fileprivate var isForeign: Bool {
        switch self {
        case .user, .teamOfClass, .pattern, .entry, .attribute, .embargoed: true
        case .knownUser, .enabledUser, .identity, .membership, .role, .from, .ended,
            .metadataRelease, .dataRelease, .denial:
            false
        }
    }
}

extension AccessRule {
    /// What it grants; nil: it is a denial.
    fileprivate var grantedLevel: AccessLevel? {
        if case .grant(let level) = effect { level } else { nil }
    }

    /// What it leaves; nil: it is a grant.
    fileprivate var deniedLevel: AccessLevel? {
        if case .denial(let level) = effect { level } else { nil }
    }

    fileprivate func precedes(_ other: AccessRule) -> Bool {
        name.utf8.lexicographicallyPrecedes(other.name.utf8)
    }
}
