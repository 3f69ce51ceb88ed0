package import AccessControl
internal import FoundationEssentials
internal import GRDB
package import VolumeModel

extension SQLiteControlStore {
    package func stateID() throws(PerigeeError) -> String {
        try reading { reader in
            let state = try reader.rows("SELECT state FROM sealing", []) { try $0.blob(0) }
            guard let state = state.first else {
                throw SQLiteFailure.corrupt(path, "has lost which state it is")
            }
            return Hex.encode(state)
        }
    }

    package func addKey(
        _ draft: CredentialDraft, accessKeyID: String,
        sealing seal: (SealingState) throws(PerigeeError) -> SealedSecret
    ) throws(PerigeeError) -> CredentialRecord {
        try changing { reader in
            try check(draft, reader)
            guard try reader.storedKeys("c.access_key = ?", [accessKeyID]).isEmpty else {
                throw PerigeeError(
                    .conflict, "there is an access key \(Printable.quoted(accessKeyID)) already",
                    remedy: "make another")
            }
            let secret = try seal(reader.sealing())
            try setSealingKey(secret.sealingKey, reader)
            return try insert(
                draft, .key, accessKeyID: accessKeyID, secret: secret, hash: nil, reader)
        }
    }

    package func addToken(
        _ draft: CredentialDraft, hash: [UInt8]
    ) throws(PerigeeError) -> CredentialRecord {
        guard hash.count == 32 else {
            throw PerigeeError(.invalidArgument, "the hash of a token is not 32 bytes")
        }
        return try changing { reader in
            try check(draft, reader)
            guard try reader.token(hash: hash) == nil else {
                throw PerigeeError(.conflict, "there is this token already", remedy: "make another")
            }
            return try insert(draft, .token, accessKeyID: nil, secret: nil, hash: hash, reader)
        }
    }

    package func credentials(
        _ kind: CredentialKind, of user: UserName?
    ) throws(PerigeeError) -> [CredentialRecord] {
        try reading { reader in
            if let user { _ = try reader.user(user) }
            return try reader.credentialRecords(
                "c.kind = ?1 AND (?2 IS NULL OR c.user = ?2)", [kind.rawValue, user?.string])
        }
    }

    package func key(accessKeyID: String) throws(PerigeeError) -> StoredKey? {
        try reading { reader in try reader.storedKeys("c.access_key = ?", [accessKeyID]).first }
    }

    package func token(
        hash: [UInt8]
    ) throws(PerigeeError) -> (record: CredentialRecord, hash: [UInt8])? {
        try reading { reader in try reader.token(hash: hash) }
    }

    package func removeCredential(
        _ kind: CredentialKind, _ id: CredentialID
    ) throws(PerigeeError) {
        try changing { reader in
            let found = try reader.credential(kind, id)
            try reader.db.execute(
                sql: "DELETE FROM credential WHERE id = ?", arguments: [id.value])
            try record(
                reader.db, kind == .key ? .keyRemoved : .tokenRemoved, found.facts.user.string,
                found.label)
        }
    }

    package func renewCredential(
        _ kind: CredentialKind, _ id: CredentialID, expires: Timestamp?
    ) throws(PerigeeError) {
        try changing { reader in
            let found = try reader.credential(kind, id)
            let end = expires ?? found.facts.expires
            if found.isCurrent, end == found.facts.expires { return }
            try reader.db.execute(
                sql: """
                    UPDATE credential
                    SET generation = (SELECT value FROM generation), expires = ? WHERE id = ?
                    """, arguments: [end?.nanoseconds, id.value])
            try record(
                reader.db, kind == .key ? .keyRenewed : .tokenRenewed, found.facts.user.string,
                reader.credential(kind, id).label)
        }
    }

    private func check(_ draft: CredentialDraft, _ reader: ControlReader) throws {
        _ = try reader.user(draft.facts.user)
        guard draft.facts.volumes != [] else {
            throw PerigeeError(
                .invalidArgument, "a credential for no volume opens nothing",
                remedy: "name a volume, or none for all that its user may see")
        }
        // A misspelt name would become a surprise on the day that a volume takes it.
        for name in draft.facts.volumes ?? [] { _ = try reader.volume(named: name) }
    }

    private func insert(
        _ draft: CredentialDraft, _ kind: CredentialKind, accessKeyID: String?,
        secret: SealedSecret?, hash: [UInt8]?, _ reader: ControlReader
    ) throws -> CredentialRecord {
        let facts = draft.facts
        try reader.db.execute(
            sql: """
                INSERT INTO credential (
                    kind, user, volumes, created, expires, generation, comment, access_key,
                    sealed_secret, sealing_key, hash
                ) VALUES (?, ?, ?, ?, ?, (SELECT value FROM generation), ?, ?, ?, ?, ?)
                """,
            arguments: [
                kind.rawValue, facts.user.string, facts.volumes.map { VolumeNameList.encode($0) },
                draft.created.nanoseconds, facts.expires?.nanoseconds, draft.comment, accessKeyID,
                secret.map { Data($0.bytes) }, secret.map { Data($0.sealingKey.bytes) },
                hash.map { Data($0) },
            ])
        let made = try reader.credential(kind, CredentialID(reader.db.lastInsertedRowID))
        try record(
            reader.db, kind == .key ? .keyCreated : .tokenCreated, facts.user.string, made.label)
        return made
    }
}

extension SQLiteControlStore {
    @discardableResult
    package func reseal(
        _ seal: (SealingState, [StoredKey]) throws(PerigeeError) -> (SealingKeyID, [SealedSecret])
    ) throws(PerigeeError) -> Int {
        try changing { reader in
            let keys = try reader.storedKeys()
            let (current, secrets) = try seal(reader.sealing(), keys)
            guard secrets.count == keys.count else {
                throw PerigeeError(
                    .conflict, "\(secrets.count) secrets were sealed for \(keys.count) keys")
            }
            for (key, secret) in zip(keys, secrets) {
                try reader.db.execute(
                    sql: "UPDATE credential SET sealed_secret = ?, sealing_key = ? WHERE id = ?",
                    arguments: [
                        Data(secret.bytes), Data(secret.sealingKey.bytes), key.record.id.value,
                    ])
            }
            try setSealingKey(current, reader)
            try record(
                reader.db, .secretsRotated, "secrets",
                "\(keys.count) sealed with the key \(current)")
            return keys.count
        }
    }

    package func holdingSealing(
        _ body: (SealingState) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        try changing { reader in try body(reader.sealing()) }
    }

    private func setSealingKey(_ key: SealingKeyID, _ reader: ControlReader) throws {
        try reader.db.execute(
            sql: "UPDATE sealing SET current = ?", arguments: [Data(key.bytes)])
    }
}

extension ControlReader {
    /// The credential of that number.
    ///
    /// - Throws: `.notFound` where there is no such one of that kind.
    fileprivate func credential(
        _ kind: CredentialKind, _ id: CredentialID
    ) throws -> CredentialRecord {
        let found = try credentialRecords(
            "c.kind = ? AND c.id = ?", [kind.rawValue, id.value])
        guard let found = found.first else {
            throw PerigeeError(
                .notFound, "there is no \(kind) \(id)", remedy: "`perigee \(kind) ls` lists them")
        }
        return found
    }
}

extension CredentialRecord {
    /// What events call it.
    fileprivate var label: String {
        var text = "\(kind) \(id)"
        if let accessKeyID { text += " \(accessKeyID)" }
        if let volumes = facts.volumes {
            text += " for " + VolumeNameList.inOrder(volumes).joined(separator: ", ")
        }
        if let end = facts.expires { text += " until \(end.iso8601)" }
        return text
    }
}
