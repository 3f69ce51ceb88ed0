package import AccessControl
internal import FoundationEssentials
internal import GRDB
package import VolumeModel

extension SQLiteControlStore {
    package func number(
        _ classes: [AccessClass], of name: VolumeName
    ) throws(PerigeeError) -> [AccessClassID] {
        var rows: [ClassRow] = []
        rows.reserveCapacity(classes.count)
        for one in classes { rows.append(try ClassRow(one)) }
        let wanted = rows
        // Most scans bring no new class, and need not wait for a writer.
        let known = try reading { reader in
            let ordinal = try reader.ordinal(of: name)
            return try wanted.map { try reader.number(of: $0, ordinal) }
        }
        if case let numbers = known.compactMap({ $0 }), numbers.count == wanted.count {
            return numbers
        }
        return try changing { reader in
            let ordinal = try reader.ordinal(of: name)
            var last = try reader.lastClass(of: ordinal)
            let first = last
            let numbers = try wanted.map { row in
                if let number = try reader.number(of: row, ordinal) { return number }
                try reader.checkTarget(of: row, ordinal, name)
                last += 1
                try reader.insert(row, as: last, ordinal)
                return AccessClassID(last)
            }
            // No act of an administrator, so no event; but readers must know a class before the
            // first entry has it.
            if last > first { try raiseEpoch(reader.db, bearsOnPolicy: true) }
            return numbers
        }
    }
}

/// A class as its row, by which equal classes are found.
private struct ClassRow {
    let attributes: String
    /// 0 none, 1 to another place of the volume, 2 out of it.
    let link: Int
    let linkPath: [UInt8]
    let linkTarget: [UInt8]
    let targetClass: Int64

    var isNone: Bool { attributes.isEmpty && link == 0 }

    /// - Throws: `.invalidArgument` for a value or a path that no class can have.
    init(_ one: AccessClass) throws(PerigeeError) {
        for (key, value) in one.attributes { try AccessLimits.check(value: value, of: key) }
        attributes = AttributeText.text(one.attributes)
        guard let link = one.link else {
            (self.link, linkPath, linkTarget, targetClass) = (0, [], [], 0)
            return
        }
        guard !link.path.isEmpty else {
            throw PerigeeError(
                .invalidArgument, "a link's class names the volume's root as the link")
        }
        self.link = link.target == nil ? 2 : 1
        linkPath = link.path
        linkTarget = link.target ?? []
        targetClass = link.targetClass.value
    }

    var arguments: [(any DatabaseValueConvertible)?] {
        [attributes, link, Data(linkPath), Data(linkTarget), targetClass]
    }
}

extension ControlReader {
    fileprivate func number(of row: ClassRow, _ ordinal: Int64) throws -> AccessClassID? {
        if row.isNone { return AccessClassID.none }
        let number = try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT number FROM access_class
                    WHERE volume = ? AND attributes = ? AND link = ? AND link_path = ?
                        AND link_target = ? AND target_class = ?
                    """), arguments: StatementArguments([ordinal] + row.arguments))
        return number.map { AccessClassID($0) }
    }

    fileprivate func lastClass(of ordinal: Int64) throws -> Int64 {
        try Int64.fetchOne(
            db, sql: "SELECT max(number) FROM access_class WHERE volume = ?",
            arguments: [ordinal]) ?? 0
    }

    fileprivate func insert(_ row: ClassRow, as number: Int64, _ ordinal: Int64) throws {
        try execute(
            """
            INSERT INTO access_class (
                volume, number, attributes, link, link_path, link_target, target_class
            ) VALUES (?, ?, ?, ?, ?, ?, ?)
            """, StatementArguments([ordinal, number] + row.arguments))
    }

    /// That the class of what a link leads to is there, and not a linked one itself.
    fileprivate func checkTarget(
        of row: ClassRow, _ ordinal: Int64, _ volume: VolumeName
    ) throws {
        guard row.link > 0, row.targetClass != AccessClassID.none.value else { return }
        let link = try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT link FROM access_class WHERE volume = ? AND number = ?"),
            arguments: [ordinal, row.targetClass])
        guard let link else {
            throw PerigeeError(
                .notFound, "the volume \(volume) has no class \(row.targetClass)")
        }
        guard link == 0 else {
            throw PerigeeError(
                .invalidArgument,
                "the class \(row.targetClass) of the volume \(volume) is one of linked entries,"
                    + " which no link leads to")
        }
    }
}
