package import AccessControl
package import ControlStore
package import VolumeModel

/// Rules and the classes that they ask for, in force together.
extension Publisher {
    /// Changes control, and puts entries into the classes that go with the change.
    ///
    /// New rules that meet old classes may open what neither the old policy nor the new one opens, as
    /// may old rules that meet new classes; and the two are in different files. So all classes are
    /// assigned first, without being in force; then the change is made, which closes the volumes of
    /// which entries change to everybody; then the classes are in force, and the volumes open again.
    /// What a crash leaves closed, the next assignment opens.
    ///
    /// - Parameters:
    ///   - expressions: what paths tell after the change, of volumes with a catalogue or without.
    ///   - change: performs the change, with the given operations in the same transaction.
    /// - Returns: how many rows were put into another class, by volume, where there are any.
    /// - Throws: `.busy` where another process scans or publishes one of the volumes, `.conflict`
    ///   where two rows of an attribute table give one entry different values, and what `change`
    ///   throws: nothing was changed then. An error of the last step says that the change is in force.
    package func switchClasses(
        to expressions: [VolumeName: [PathExpression]],
        with change: ([ControlOperation]) throws(PerigeeError) -> Void
    ) throws(PerigeeError) -> [VolumeName: Int] {
        var waiting: [PendingClasses] = []
        defer { for pending in waiting { discard(pending) } }
        let names = expressions.keys.sorted {
            $0.string.utf8.lexicographicallyPrecedes($1.string.utf8)
        }
        for name in names {
            if let pending = try pendingClasses(of: name, by: expressions[name]) {
                waiting.append(pending)
            }
        }
        try change(waiting.filter { $0.changed > 0 }.map { ClassHold.on($0.volume) })
        var assigned: [VolumeName: Int] = [:]
        while let pending = waiting.popLast() {
            do throws(PerigeeError) {
                try commit(pending)
            } catch {
                throw PerigeeError(
                    error.code,
                    "the change is in force, but entries of \(pending.volume) are in their old"
                        + " classes still, and it may be closed to everybody until they are not",
                    remedy: "do the same once more when that is mended", cause: error)
            }
            if pending.changed > 0 { assigned[pending.volume] = pending.changed }
        }
        return assigned
    }
}

/// What closes a volume from the instant at which new rules are in force to that at which its entries
/// are in the classes that the rules were written for.
enum ClassHold {
    private static let name = "until-classes-follow"

    static func on(_ volume: VolumeName) -> ControlOperation {
        .setRule(
            volume,
            AccessRule(name: name, effect: .denial(.none), subject: .anyone, place: "apply"),
            label: nil)
    }

    static func off(_ volume: VolumeName) -> ControlOperation { .removeRule(volume, name: name) }

    static func isOn(_ volume: VolumeName, in snapshot: ControlSnapshot) -> Bool {
        snapshot.policy.volumes[volume]?.rules.contains { $0.name == name } ?? false
    }
}
