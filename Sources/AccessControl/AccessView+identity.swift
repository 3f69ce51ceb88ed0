internal import VolumeModel

extension AccessView {
    /// The hash of what decisions follow from: the live rules with their names, what classes there
    /// are, and for each which of the rules match it and what the embargo leaves.
    static func id(
        of volume: VolumeName, _ compiled: CompiledRules?, _ closedBy: AccessDecision.Cap
    ) -> UInt64 {
        var hash = FramedHash(domain: "perigee.access-view.2")
        hash.update(volume.string)
        guard let compiled else {
            hash.update(byte: closedBy == .user ? 0 : 1)
            return hash.finalizePrefix()
        }
        hash.update(byte: 2)
        hash.update(UInt64(compiled.rules.count))
        for rule in compiled.rules { rule.update(&hash) }
        let classes = compiled.classes
        hash.update(fixed: classes.digest)
        // Groups are told apart by what they are, and numbered as the first class of each comes: by
        // their own numbers, which hang on the order of a dictionary, equal views would differ.
        var places = Array(repeating: Int32(-1), count: classes.groups.count)
        var met: [Int] = []
        var groupOfClass: [Int32] = []
        classes.forEachClass { _, group in
            if places[group] < 0 {
                places[group] = Int32(met.count)
                met.append(group)
            }
            groupOfClass.append(places[group].bigEndian)
        }
        for group in met {
            hash.update(byte: classes.groups[group].cap.rawValue)
            hash.update(UInt64(classes.groups[group].specific.count))
            for number in classes.groups[group].specific { hash.update(Int64(number)) }
        }
        // Hashed at once, for there may be very many.
        groupOfClass.withUnsafeBytes { hash.update(counted: $0) }
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
