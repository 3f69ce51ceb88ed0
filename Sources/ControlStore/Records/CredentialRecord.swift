package import AccessControl
package import VolumeModel

/// What a credential is shown as.
package enum CredentialKind: String, Sendable, CaseIterable, CustomStringConvertible {
    /// An access key ID and a secret, with which requests are signed, as S3 has it.
    case key
    /// An opaque bearer token.
    case token

    package var description: String { rawValue }
}

/// Which sealing key it is, without telling anything of the key.
package struct SealingKeyID: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of an identifier.
    package static let length = 8

    /// The first bytes of the key's digest.
    package let bytes: [UInt8]

    /// Nil where there are not as many bytes as it takes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = Array(bytes)
    }

    /// Sixteen hexadecimal digits.
    package var description: String { Hex.encode(bytes) }
}

/// A secret that only the key file's holder can open.
package struct SealedSecret: Hashable, Sendable {
    /// Nonce, ciphertext and tag.
    package var bytes: [UInt8]
    /// What it was sealed with.
    package var sealingKey: SealingKeyID

    /// Puts a sealed secret together.
    package init(bytes: [UInt8], sealingKey: SealingKeyID) {
        self.bytes = bytes
        self.sealingKey = sealingKey
    }
}

/// What the store has of sealing keys. The keys themselves are never in it.
package struct SealingState: Hashable, Sendable {
    /// The key that new secrets are sealed with; nil before the first.
    package var current: SealingKeyID?
    /// How many secrets each key has sealed, those that nobody may use any more among them.
    package var uses: [SealingKeyID: Int]

    /// Puts a state together.
    package init(current: SealingKeyID?, uses: [SealingKeyID: Int]) {
        self.current = current
        self.uses = uses
    }
}

/// A credential that is going to be added; the store gives it its number and generation.
package struct CredentialDraft: Hashable, Sendable {
    /// Whose it is, for which volumes and until when.
    package var facts: CredentialFacts
    /// What it is for, in its owner's words.
    package var comment: String
    /// When it was made.
    package var created: Timestamp

    /// Puts a draft together.
    package init(facts: CredentialFacts, comment: String = "", created: Timestamp = .now) {
        self.facts = facts
        self.comment = comment
        self.created = created
    }
}

/// A key or token as its administrator sees it: everything but what opens a door.
package struct CredentialRecord: Hashable, Sendable {
    /// Its number.
    package let id: CredentialID
    /// Key or token.
    package let kind: CredentialKind
    /// Whose it is, for which volumes and until when.
    package let facts: CredentialFacts
    /// What it is for, in its owner's words.
    package let comment: String
    /// When it was made.
    package let created: Timestamp
    /// Whether the store is still of the generation that it was made or renewed in; after a restore
    /// it is not, and the credential is refused.
    package let isCurrent: Bool
    /// Whether its user is locked out.
    package let isUserDisabled: Bool
    /// A key's public half; nil for a token.
    package let accessKeyID: String?

    /// Puts a record together.
    package init(
        id: CredentialID, kind: CredentialKind, facts: CredentialFacts, comment: String,
        created: Timestamp, isCurrent: Bool, isUserDisabled: Bool, accessKeyID: String?
    ) {
        self.id = id
        self.kind = kind
        self.facts = facts
        self.comment = comment
        self.created = created
        self.isCurrent = isCurrent
        self.isUserDisabled = isUserDisabled
        self.accessKeyID = accessKeyID
    }
}

/// A key with its secret, sealed.
package struct StoredKey: Hashable, Sendable {
    /// The key.
    package let record: CredentialRecord
    /// Its public half.
    package let accessKeyID: String
    /// Its secret.
    package let secret: SealedSecret

    /// Puts a stored key together.
    package init(record: CredentialRecord, accessKeyID: String, secret: SealedSecret) {
        self.record = record
        self.accessKeyID = accessKeyID
        self.secret = secret
    }
}
