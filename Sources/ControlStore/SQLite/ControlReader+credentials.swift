internal import AccessControl
internal import FoundationEssentials
internal import GRDB
internal import VolumeModel

extension ControlReader {
    /// The credentials of this generation, expired ones among them.
    func credentials() throws -> [CredentialID: CredentialFacts] {
        let pairs = try credentialRows("c.generation = (SELECT value FROM generation)", []) {
            columns in try (credentialID(columns), credentialFacts(columns))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// Credentials that meet an SQL condition, by number.
    func credentialRecords(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> [CredentialRecord] {
        try credentialRows(condition, arguments, credentialRecord)
    }

    /// Keys that meet an SQL condition, with their secrets, by number.
    func storedKeys(
        _ condition: String = "TRUE", _ arguments: StatementArguments = []
    ) throws -> [StoredKey] {
        try credentialRows("c.kind = 'key' AND \(condition)", arguments) { columns in
            StoredKey(
                record: try credentialRecord(columns), accessKeyID: try columns.text(7),
                secret: SealedSecret(
                    bytes: try columns.blob(10),
                    sealingKey: try columns.required(SealingKeyID(columns.blob(11)), 11)))
        }
    }

    /// The token of that hash, with the hash as it is stored.
    func token(hash: [UInt8]) throws -> (record: CredentialRecord, hash: [UInt8])? {
        try credentialRows("c.hash = ?", [Data(hash)]) { columns in
            (try credentialRecord(columns), try columns.blob(12))
        }.first
    }

    /// What the store has of sealing keys.
    func sealing() throws -> SealingState {
        let counts = try rows(
            "SELECT sealing_key, count(*) FROM credential WHERE kind = 'key' GROUP BY sealing_key",
            []
        ) { columns in
            (try columns.required(SealingKeyID(columns.blob(0)), 0), Int(try columns.integer(1)))
        }
        let current = try rows("SELECT current FROM sealing", []) { columns in
            try columns.optionalBlob(0).map { try columns.required(SealingKeyID($0), 0) }
        }
        guard let current = current.first else {
            throw SQLiteFailure.corrupt(path, "has lost which state it is")
        }
        return SealingState(current: current, uses: Dictionary(uniqueKeysWithValues: counts))
    }

    private func credentialRows<Value>(
        _ condition: String, _ arguments: StatementArguments, _ value: (Columns) throws -> Value
    ) throws -> [Value] {
        try rows(
            """
            SELECT c.id, c.kind, c.user, c.volumes, c.created, c.expires, c.comment, c.access_key,
                c.generation = (SELECT value FROM generation), u.disabled,
                c.sealed_secret, c.sealing_key, c.hash
            FROM credential AS c JOIN user AS u ON u.name = c.user WHERE \(condition) ORDER BY c.id
            """, arguments, value)
    }

    private func credentialID(_ columns: Columns) throws -> CredentialID {
        CredentialID(try columns.integer(0))
    }

    private func credentialFacts(_ columns: Columns) throws -> CredentialFacts {
        CredentialFacts(
            user: try UserName(columns.text(2)),
            volumes: try columns.optionalText(3).map { text in
                try columns.required(VolumeNameList.decode(text), 3)
            },
            expires: columns.optionalInteger(5).map { Timestamp(nanoseconds: $0) })
    }

    private func credentialRecord(_ columns: Columns) throws -> CredentialRecord {
        CredentialRecord(
            id: try credentialID(columns),
            kind: try columns.required(CredentialKind(rawValue: columns.text(1)), 1),
            facts: try credentialFacts(columns), comment: try columns.text(6),
            created: Timestamp(nanoseconds: try columns.integer(4)),
            isCurrent: try columns.integer(8) != 0, isUserDisabled: try columns.integer(9) != 0,
            accessKeyID: columns.optionalText(7))
    }
}

/// Names of volumes as a JSON list, in byte order: they hold nothing that JSON would escape.
enum VolumeNameList {
    static func encode(_ names: Set<VolumeName>) -> String {
        "[\(inOrder(names).map { "\"\($0)\"" }.joined(separator: ","))]"
    }

    /// In byte order.
    static func inOrder(_ names: Set<VolumeName>) -> [String] {
        names.map(\.string).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Nil for anything but what `encode` gives for one name or more.
    static func decode(_ text: String) -> Set<VolumeName>? {
        guard text.hasPrefix("[\""), text.hasSuffix("\"]"), text.utf8.count > 4 else { return nil }
        let words = text.dropFirst().dropLast().split(
            separator: ",", omittingEmptySubsequences: false)
        var names: Set<VolumeName> = []
        for word in words {
            guard word.hasPrefix("\""), word.hasSuffix("\""), word.utf8.count > 2,
                let name = try? VolumeName(String(word.dropFirst().dropLast()))
            else { return nil }
            names.insert(name)
        }
        return names
    }
}
