internal import GRDB
package import VolumeModel

/// Looks whether the control database is whole.
package enum ControlCheck {
    /// How many faults of one kind are told.
    private static let most = 20

    /// What is wrong with the control database of a state; nothing where it is sound.
    ///
    /// It reads the whole file, and does not change it.
    ///
    /// - Throws: `.busy`; everything else that keeps the file from being read is a fault.
    package static func faults(in state: StateFolder) throws(PerigeeError) -> [StateFault] {
        do throws(PerigeeError) {
            let store = try SQLiteControlStore(state)
            return try faults(of: store)
        } catch {
            guard error.code != .busy else { throw error }
            return [fault(error.message, error.remedy)]
        }
    }

    private static func faults(of store: SQLiteControlStore) throws(PerigeeError) -> [StateFault] {
        let (damage, dangling) = try store.reading { reader in
            (
                try String.fetchAll(reader.db, sql: "PRAGMA integrity_check(\(most))"),
                try Row.fetchAll(reader.db, sql: "PRAGMA foreign_key_check")
            )
        }
        var faults: [StateFault] = []
        if damage != ["ok"] { faults += damage.map { fault("the file is damaged: \($0)") } }
        faults += dangling.prefix(most).map { row in
            let (table, other): (String?, String?) = (row["table"], row["parent"])
            return fault(
                "a row of \(table ?? "a table") names one of \(other ?? "another") that is not there"
            )
        }
        do throws(PerigeeError) {
            _ = try store.snapshot()
            _ = try store.history(after: 0, limit: .max)
        } catch {
            faults.append(fault(error.message, error.remedy))
        }
        if let broken = try store.verifyAudit(noted: nil).fault {
            faults.append(
                fault(
                    "event \(broken.sequence) of the audit chain \(broken.detail)",
                    "somebody changed the file by hand, or it is damaged: compare with a backup"
                        + " (`perigee audit verify --head` with its manifest's head)"))
        }
        return faults
    }

    private static func fault(_ detail: String, _ remedy: String? = nil) -> StateFault {
        StateFault(
            store: "control", detail: detail,
            remedy: remedy
                ?? "restore a backup (`perigee restore`); nothing of this file was changed"
        )
    }
}
