package import AccessControl
package import ControlStore
package import VolumeModel

extension Credentials {
    /// A token that was made just now.
    package struct NewToken: Sendable {
        /// What is stored of it.
        package let record: CredentialRecord
        /// The token itself, which nobody can read again.
        package let token: Secret
    }

    /// Makes a token.
    ///
    /// - Throws: `.notFound` for the user or a volume; `.invalidArgument` for a set of no volumes.
    package func createToken(
        _ facts: CredentialFacts, comment: String = ""
    ) throws(PerigeeError) -> NewToken {
        let token = BearerToken.random()
        guard let hash = token.withBytes({ BearerToken.hash($0) }) else {
            preconditionFailure("a token that was made just now has the form of one")
        }
        let record = try store.addToken(
            CredentialDraft(facts: facts, comment: comment), hash: hash)
        return NewToken(record: record, token: token)
    }

    /// Who comes with a token.
    ///
    /// - Throws: `.accessDenied`, in the same words for everything that is no token of this site
    ///   that holds now; what reading the store throws.
    package func principal(token: Secret) throws(PerigeeError) -> Principal {
        guard let hash = token.withBytes({ BearerToken.hash($0) }),
            let found = try store.token(hash: hash),
            // The look-up's own comparison stops at the first byte that differs.
            ConstantTime.areEqual(found.hash, hash)
        else { throw Self.refusal }
        return try principal(found.record)
    }
}
