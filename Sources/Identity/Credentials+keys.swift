package import AccessControl
package import ControlStore
package import Crypto
package import VolumeModel

extension Credentials {
    /// A key that was made just now.
    package struct NewKey: Sendable {
        /// What is stored of it.
        package let record: CredentialRecord
        /// Its public half.
        package let accessKeyID: String
        /// Its secret, which nobody is shown again.
        package let secret: Secret
    }

    /// Random bytes of a key's secret: 40 characters.
    private static let secretBytes = 30

    /// Makes a key. The first one of a state makes its key file.
    ///
    /// - Throws: `.notFound` for the user or a volume; `.invalidArgument` for a set of no volumes;
    ///   `.storageFailed`, `.conflict`, `.corrupt` where the key file cannot be used.
    package func createKey(
        _ facts: CredentialFacts, comment: String = ""
    ) throws(PerigeeError) -> NewKey {
        let secret = Secret(randomBytes: Self.secretBytes)
        let accessKeyID = AccessKeyID.random()
        let stateID = try store.stateID()
        let file = try keyFile(stateID)
        let record = try store.addKey(
            CredentialDraft(facts: facts, comment: comment), accessKeyID: accessKeyID
        ) { state throws(PerigeeError) in
            let key = try Self.sealingKey(state, stateID, file)
            return try key.seal(secret, for: SealedPlace(row: accessKeyID, user: facts.user.string))
        }
        return NewKey(record: record, accessKeyID: accessKeyID, secret: secret)
    }

    /// A key that holds now.
    package struct UsableKey: Sendable {
        /// With which a request's signature is checked.
        package let secret: Secret
        /// Who comes with it.
        package let principal: Principal
        /// When it ends by itself; nil: never.
        package let expires: Timestamp?
    }

    /// The key of this number.
    ///
    /// - Throws: `.accessDenied`, in the same words for everything that is no key of this site that
    ///   holds now; `.storageFailed`, `.conflict`, `.corrupt` where the key file or the row cannot
    ///   be used; what reading the store throws.
    package func key(accessKeyID: String) throws(PerigeeError) -> UsableKey {
        guard AccessKeyID.isOne(accessKeyID) else { throw Self.refusal }
        // A rotation may have sealed it anew since the key file was read, or since the row was.
        for isFresh in [false, true, true] {
            guard let stored = try store.key(accessKeyID: accessKeyID) else { throw Self.refusal }
            let principal = try principal(stored.record)
            if let key = try keyring(isFresh: isFresh)?.key(stored.secret.sealingKey) {
                return UsableKey(
                    secret: try key.open(stored.secret, at: SealedPlace(stored)),
                    principal: principal, expires: stored.record.facts.expires)
            }
        }
        throw try missing(accessKeyID)
    }

    /// A key for something that front ends seal and hand out, the same in every process of this
    /// state until the key file changes; nil where there is no key file.
    ///
    /// - Parameter purpose: what it is for; each has a key of its own.
    /// - Throws: as `key(accessKeyID:)` where the key file cannot be read.
    package func sealingKey(for purpose: String) throws(PerigeeError) -> SymmetricKey? {
        try keyring(isFresh: true)?.keys.first?.derived(for: purpose)
    }

    /// The key to seal with, in the transaction that is going to store what it seals.
    private static func sealingKey(
        _ state: SealingState, _ stateID: String, _ file: KeyFile
    ) throws(PerigeeError) -> SealingKey {
        let keyring = try file.read(for: stateID)
        if let current = state.current {
            if let key = keyring?.key(current) { return key }
            // Where nothing is sealed with it any more, nothing is lost with it.
            if state.uses[current] != nil { throw file.missing(current, keyring) }
        }
        if let key = keyring?.keys.first { return key }
        let key = SealingKey.random()
        try file.write(Keyring(stateID: stateID, keys: [key]), isNew: true)
        return key
    }

    private func missing(_ accessKeyID: String) throws(PerigeeError) -> PerigeeError {
        let stateID = try store.stateID()
        let file = try keyFile(stateID)
        guard let stored = try store.key(accessKeyID: accessKeyID) else { return Self.refusal }
        return file.missing(stored.secret.sealingKey, try file.read(for: stateID))
    }
}

extension SealedPlace {
    /// Where a key's secret stands.
    init(_ key: StoredKey) {
        self.init(row: key.accessKeyID, user: key.record.facts.user.string)
    }
}

extension KeyFile {
    /// That secrets are sealed with a key that it does not hold.
    func missing(_ key: SealingKeyID, _ keyring: Keyring?) -> PerigeeError {
        let there = keyring.map { "holds \($0.names)" } ?? "is not there"
        return PerigeeError(
            .storageFailed,
            "secrets are sealed with the key \(key), and the key file \(name) \(there)",
            remedy:
                "put back the key file that belongs to this state (PERIGEE_KEY_FILE names it), or"
                + " remove the keys that cannot be opened and make new ones: perigee key ls")
    }
}
