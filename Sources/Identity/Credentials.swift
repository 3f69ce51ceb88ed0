package import AccessControl
package import ControlStore
internal import Synchronization
package import VolumeModel

/// The keys and tokens of a state: makes them, and tells who comes with one.
///
/// Blocks on the disk, as `ControlStore` does. Safe from any number of threads.
package final class Credentials: Sendable {
    /// The store that they are in.
    let store: any CredentialStore
    private let state: StateFolder
    private let environment: [String: String]
    private let now: @Sendable () -> Timestamp
    /// What the key file held when it was last read.
    private let keyring = Mutex<Keyring?>(nil)

    /// - Parameters:
    ///   - environment: says where the key file is.
    ///   - now: the clock by which credentials end.
    package init(
        _ store: any CredentialStore, state: StateFolder, environment: [String: String],
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.store = store
        self.state = state
        self.environment = environment
        self.now = now
    }

    /// The credentials of a kind, of all users or one, by number.
    ///
    /// - Throws: `.notFound` where there is no such user.
    package func list(
        _ kind: CredentialKind, of user: UserName? = nil
    ) throws(PerigeeError) -> [(record: CredentialRecord, standing: CredentialStanding)] {
        let now = now()
        return try store.credentials(kind, of: user).map { ($0, CredentialStanding($0, at: now)) }
    }

    /// Takes a credential away for ever.
    ///
    /// - Throws: `.notFound`.
    package func revoke(_ kind: CredentialKind, _ id: CredentialID) throws(PerigeeError) {
        try store.removeCredential(kind, id)
    }

    /// Lets a credential of an earlier generation hold again, after a restore.
    ///
    /// - Parameter expires: its new end; nil leaves the one it has.
    /// - Throws: `.notFound`; `.conflict` where it has ended and gets no new end.
    package func renew(
        _ kind: CredentialKind, _ id: CredentialID, expires: Timestamp? = nil
    ) throws(PerigeeError) {
        let found = try store.credentials(kind, of: nil).first { $0.id == id }
        if let end = expires ?? found?.facts.expires, end <= now() {
            throw PerigeeError(
                .conflict, "the \(kind) \(id) has expired",
                remedy: "give it a new end: --expires 30d"
            )
        }
        try store.renewCredential(kind, id, expires: expires)
    }

    /// Who may come in with this credential.
    ///
    /// - Throws: the one refusal.
    func principal(_ record: CredentialRecord) throws(PerigeeError) -> Principal {
        guard CredentialStanding(record, at: now()) == .holds else { throw Self.refusal }
        return .user(record.facts.user, credential: record.id)
    }

    /// What everybody is told whose credential does not open anything: it does not say why, since
    /// that would tell which keys and users there are.
    static let refusal = PerigeeError(
        .accessDenied, "this key or token is not accepted",
        remedy: "ask the administrator of the site, who sees why")
}

/// Whether a credential opens anything, and if not, why: for administrators only.
package enum CredentialStanding: String, Sendable {
    /// It does.
    case holds
    /// Its time is over.
    case expired
    /// Its user is locked out.
    case userDisabled = "user disabled"
    /// The store was restored after it was made, and nobody renewed it.
    case earlierGeneration = "not renewed since the restore"

    /// How `record` stands at `now`.
    package init(_ record: CredentialRecord, at now: Timestamp) {
        self =
            if !record.isCurrent {
                .earlierGeneration
            } else if record.isUserDisabled {
                .userDisabled
            } else if let expires = record.facts.expires, expires <= now {
                .expired
            } else {
                .holds
            }
    }
}

extension Credentials {
    /// Where the key file is.
    ///
    /// - Throws: as `KeyFile.init(of:at:environment:)`.
    func keyFile(_ stateID: String) throws(PerigeeError) -> KeyFile {
        try KeyFile(of: stateID, at: state, environment: environment)
    }

    /// The keyring as it was read last, or as the file has it now.
    ///
    /// - Throws: as `KeyFile.read(for:)`.
    func keyring(isFresh: Bool) throws(PerigeeError) -> Keyring? {
        if !isFresh, let known = keyring.withLock(\.self) { return known }
        let stateID = try store.stateID()
        let read = try keyFile(stateID).read(for: stateID)
        keyring.withLock { $0 = read }
        return read
    }
}
