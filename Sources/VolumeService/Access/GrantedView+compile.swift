internal import AccessControl
internal import ControlStore
internal import VolumeModel

extension GrantedView {
    /// Compiles what `principal` may see of a volume at `now`.
    convenience init(
        of record: VolumeRecord, for principal: Principal, showing: ShownEntries,
        in control: ControlSnapshot, at now: Timestamp
    ) {
        var grant = Grant.nothing
        var from = Timestamp(nanoseconds: .min)
        var until: Timestamp?
        switch principal {
        case .owner: grant = .everything
        case .anyone: grant = .view(Self.view(of: record, for: .anyone, control, now))
        case .user(let user, let credential):
            let facts = credential.map { control.credentials[$0] }
            switch facts {
            // No credential: the owner's word.
            case nil: grant = .view(Self.view(of: record, for: .user(user), control, now))
            case .some(let facts?) where facts.user == user:
                if let expires = facts.expires, expires <= now {
                    from = expires
                } else {
                    until = facts.expires
                    if facts.volumes?.contains(record.name) ?? true {
                        grant = .view(Self.view(of: record, for: .user(user), control, now))
                    }
                }
            default: break
            }
        }
        var hash = FramedHash(domain: "perigee.view.2")
        hash.update(UInt64(record.ordinal))
        hash.update(byte: showing == .listed ? 0 : 1)
        switch grant {
        case .everything: hash.update(byte: 1)
        case .nothing: hash.update(byte: 0)
        case .view(let view):
            hash.update(byte: 2)
            hash.update(view.id)
            hash.update(UInt64(record.classGeneration))
            from = max(from, view.from)
            until = [until, view.until].compactMap(\.self).min()
        }
        self.init(grant, id: hash.finalizePrefix(), showing: showing, from: from, until: until)
    }

    private static func view(
        of record: VolumeRecord, for requester: Requester, _ control: ControlSnapshot,
        _ now: Timestamp
    ) -> AccessView {
        AccessView(
            of: record.name, for: requester, policy: control.policy,
            classes: control.classIndex(of: record.name), at: now)
    }
}
