internal import VolumeModel

extension AccessView {
    /// The hash of what decisions follow from: the live rules with their names, and for each class
    /// which of them match it and what the embargo leaves.
    static func id(
        of volume: VolumeName, _ compiled: CompiledRules?, _ closedBy: AccessDecision.Cap
    ) -> UInt64 {
        var hash = FramedHash(domain: "perigee.access-view.1")
        hash.update(volume.string)
        guard let compiled else {
            hash.update(byte: closedBy == .user ? 0 : 1)
            return hash.finalizePrefix()
        }
        hash.update(byte: 2)
        hash.update(UInt64(compiled.rules.count))
        for rule in compiled.rules { rule.update(&hash) }
        // Groups are told apart by what they are, not by their numbers, which hang on the order of
        // a dictionary.
        let groups = compiled.classes.groups.map { group -> UInt64 in
            var hash = FramedHash(domain: "perigee.access-group.1")
            hash.update(byte: group.cap.rawValue)
            for number in group.specific { hash.update(Int64(number)) }
            return hash.finalizePrefix()
        }
        // Hashed at once, for there may be very many.
        var numbers: [UInt64] = []
        compiled.classes.forEachClass { id, group in
            numbers.append(UInt64(bitPattern: id.value).bigEndian)
            numbers.append(groups[group].bigEndian)
        }
        numbers.withUnsafeBytes { hash.update(counted: $0) }
        for (id, linked) in compiled.classes.links.sorted(by: { $0.key.value < $1.key.value }) {
            hash.update(id.value)
            linked.link.path.withUnsafeBytes { hash.update(counted: $0) }
            hash.update(byte: linked.link.target == nil ? 0 : 1)
            (linked.link.target ?? []).withUnsafeBytes { hash.update(counted: $0) }
            hash.update(linked.target == nil ? -1 : linked.link.targetClass.value)
        }
        return hash.finalizePrefix()
    }
}

extension LiveRule {
    /// Adds everything of it that can change a decision; of its subject only what hangs on classes.
    fileprivate func update(_ hash: inout FramedHash) {
        hash.update(name)
        switch effect {
        case .grant(let level): hash.update(byte: level.rawValue)
        case .denial(let level): hash.update(byte: 16 | level.rawValue)
        }
        hash.update(pattern?.text ?? "")
        hash.update(
            byte: (asksEmbargoed ? 1 : 0) | (asksReleased ? 2 : 0) | (hasConditions ? 4 : 0)
                | (isSpecific ? 8 : 0))
    }
}

extension FramedHash {
    fileprivate mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(counted: UnsafeRawBufferPointer($0)) }
    }
}
