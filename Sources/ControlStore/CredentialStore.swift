package import AccessControl
package import VolumeModel

/// Keys and tokens, without what opens a door: secrets are sealed by the caller, and of tokens there
/// is a hash.
///
/// Contract: as `ControlStore`, of which it is a part. A closure runs inside of the transaction, so
/// what it does to the key file is done by one process at a time; it must not call the store.
package protocol CredentialStore: Sendable {
    /// A random number of this state, as text of sixteen hexadecimal digits: the same as long as the
    /// state lives, wherever its folder is moved or restored to.
    func stateID() throws(PerigeeError) -> String

    /// Adds a key.
    ///
    /// - Parameters:
    ///   - accessKeyID: its public half, used by no other.
    ///   - seal: seals the secret, with the current sealing key where there is one; what it is
    ///     sealed with is the current one from then on.
    /// - Throws: `.notFound` for the user or a volume; `.conflict` where the access key ID is taken;
    ///   `.invalidArgument` for a set of no volumes; what `seal` throws.
    func addKey(
        _ draft: CredentialDraft, accessKeyID: String,
        sealing seal: (SealingState) throws(PerigeeError) -> SealedSecret
    ) throws(PerigeeError) -> CredentialRecord

    /// Adds a token.
    ///
    /// - Parameter hash: 32 bytes.
    /// - Throws: `.notFound` for the user or a volume; `.conflict` where the hash is there;
    ///   `.invalidArgument` for a set of no volumes, or a hash of another length.
    func addToken(_ draft: CredentialDraft, hash: [UInt8]) throws(PerigeeError) -> CredentialRecord

    /// All credentials of a kind, or of one user, by number.
    func credentials(
        _ kind: CredentialKind, of user: UserName?
    ) throws(PerigeeError) -> [CredentialRecord]

    /// The key of that access key ID, or nil; one that nobody may use any more too.
    func key(accessKeyID: String) throws(PerigeeError) -> StoredKey?

    /// The token of that hash with the hash as it is stored, or nil; one that nobody may use any
    /// more too.
    func token(
        hash: [UInt8]
    ) throws(PerigeeError) -> (record: CredentialRecord, hash: [UInt8])?

    /// Removes a credential for ever.
    ///
    /// - Throws: `.notFound` where there is no such one of that kind.
    func removeCredential(_ kind: CredentialKind, _ id: CredentialID) throws(PerigeeError)

    /// Makes a credential one of this generation of the store, with another end where one is given.
    ///
    /// - Throws: `.notFound` where there is no such one of that kind.
    func renewCredential(
        _ kind: CredentialKind, _ id: CredentialID, expires: Timestamp?
    ) throws(PerigeeError)

    /// Seals every secret anew, in one transaction.
    ///
    /// - Parameter seal: gets all keys and gives the secret of each, in their order, and the sealing
    ///   key that is the current one from then on.
    /// - Throws: what `seal` throws; nothing is changed then.
    /// - Returns: how many secrets there are.
    @discardableResult
    func reseal(
        _ seal: (SealingState, [StoredKey]) throws(PerigeeError) -> (SealingKeyID, [SealedSecret])
    ) throws(PerigeeError) -> Int

    /// Runs `body` while nobody can add or seal a secret.
    ///
    /// - Throws: what `body` throws.
    func holdingSealing(
        _ body: (SealingState) throws(PerigeeError) -> Void
    ) throws(PerigeeError)
}
