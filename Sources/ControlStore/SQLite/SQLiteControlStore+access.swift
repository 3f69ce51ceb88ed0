package import AccessControl
internal import GRDB
package import VolumeModel

extension SQLiteControlStore {
    package func perform(
        _ operations: [ControlOperation], at epoch: Epoch?
    ) throws(PerigeeError) {
        try changing { reader in
            // Looked at behind BEGIN IMMEDIATE: from here on nobody else changes anything.
            if let epoch, case let found = try reader.epoch(), found != epoch {
                throw PerigeeError(
                    .conflict,
                    "the control store was changed meanwhile: it is at epoch \(found), and the"
                        + " change was decided by epoch \(epoch)",
                    remedy: "nothing was changed; look at what is there now and try again")
            }
            for operation in operations { try apply(operation, reader) }
        }
    }

    package func note(
        _ action: ControlAction, _ subject: String, _ detail: String
    ) throws(PerigeeError) {
        try changing { reader in try append(reader.db, action, subject, detail) }
    }

    package func attributeSource(
        of name: VolumeName
    ) throws(PerigeeError) -> AttributeSource {
        try reading { reader in try reader.attributeSource(of: name) }
    }

    private func apply(_ operation: ControlOperation, _ reader: ControlReader) throws {
        switch operation {
        case .addUser(let name): try add(name, reader)
        case .setUserDisabled(let name, let isDisabled):
            try setDisabled(isDisabled, name, reader)
        case .removeUser(let name): try remove(name, reader)
        case .setTeam(let name, let record): try set(record, of: name, reader)
        case .removeTeam(let name): try remove(name, reader)
        case .setMembership(let team, let membership):
            try set(membership, in: team, reader)
        case .removeMembership(let team, let member):
            try remove(member, from: team, reader)
        case .addVolume(let draft, let root):
            _ = try add(draft, making: root, isReusing: false, reader)
        case .setMetadata(let volume, let metadata): try set(metadata, of: volume, reader)
        case .setSettings(let volume, let settings): try set(settings, of: volume, reader)
        case .setLabel(let volume, let label): try set(label: label, of: volume, reader)
        case .setRule(let volume, let rule, let label):
            try set(rule, label: label, on: volume, reader)
        case .removeRule(let volume, let name): try removeRule(name, from: volume, reader)
        case .setAttributeRows(let volume, let rows): try replace(rows, of: volume, reader)
        case .setReleases(let volume, let rows): try replace(rows, of: volume, reader)
        case .classesAssigned(let volume, let entries):
            let ordinal = try reader.ordinal(of: volume)
            guard entries > 0 else { return }
            try reader.execute(
                "UPDATE volume SET class_generation = class_generation + 1 WHERE ordinal = ?",
                [ordinal])
            try record(reader.db, .classesAssigned, volume.string, "\(entries) entries")
        }
    }
}
