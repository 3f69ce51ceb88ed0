package import AccessControl
internal import Identity
package import S3Protocol
internal import Synchronization
package import VolumeModel

/// Tells who sends requests.
package protocol RequestAuthenticator: Sendable {
    /// Who sends a request.
    ///
    /// - Parameter hasBody: whether bytes follow, of which a signed digest may speak.
    /// - Throws: S3's refusals; `.invalidAccessKeyId` alike for all that is no key that holds now.
    func principal(
        of request: S3Request, hasBody: Bool, at now: Timestamp
    ) throws(S3Failure) -> Principal

    /// Who sends a request without a body, where that can be told without waiting for anything; nil
    /// where it cannot, or where the request is refused.
    func principalNow(of request: S3Request, at now: Timestamp) -> Principal?

    /// The control store has changed: keys may have gone.
    func forget()
}

/// Tells who sends a request, by its signature.
///
/// What has been unsealed and derived is kept, so that a request costs one digest and one signature;
/// it is let go of whenever the control store has changed, and after a minute. What the one who
/// sends it may see is decided with each request all the same.
final class Authenticator: RequestAuthenticator {
    /// A key of ours, ready to check with.
    private struct Known: Sendable {
        let principal: Principal
        let signing: SigningKey
    }

    private struct Key: Hashable {
        let accessKeyID: String
        let scope: CredentialScope
    }

    private struct State {
        var known: [Key: Known] = [:]
        var since: Timestamp?
        /// Rises with each change of the store.
        var generation = 0
    }

    private let credentials: Credentials
    private let region: String
    private let state = Mutex(State())

    /// Keys that are kept; more are forgotten all at once.
    private static let mostKeys = 4_096
    /// How long they are, in nanoseconds.
    private static let keptFor: Int64 = 60_000_000_000

    init(_ credentials: Credentials, region: String) {
        self.credentials = credentials
        self.region = region
    }

    func forget() {
        state.withLock { state in
            state.known = [:]
            state.generation += 1
        }
    }

    func principal(
        of request: S3Request, hasBody: Bool, at now: Timestamp
    ) throws(S3Failure) -> Principal {
        guard let claim = try SignatureClaim(of: request) else { return .anyone }
        if claim.scope.region != region {
            // Refused before any key is asked for: keys of other regions are not kept.
            let none = SigningKey(secret: [UInt8](), scope: claim.scope)
            try claim.check(request, key: none, region: region, at: now, hasBody: hasBody)
            throw S3Failure(.authorizationHeaderMalformed)
        }
        let known = try known(claim, at: now)
        try claim.check(request, key: known.signing, region: region, at: now, hasBody: hasBody)
        return known.principal
    }

    func principalNow(of request: S3Request, at now: Timestamp) -> Principal? {
        do throws(S3Failure) {
            guard let claim = try SignatureClaim(of: request) else { return .anyone }
            let key = Key(accessKeyID: claim.accessKeyID, scope: claim.scope)
            guard let known = remembered(key, at: now).known else { return nil }
            try claim.check(request, key: known.signing, region: region, at: now, hasBody: false)
            return known.principal
        } catch {
            return nil
        }
    }

    private func remembered(_ key: Key, at now: Timestamp) -> (known: Known?, generation: Int) {
        state.withLock { state in
            let age = state.since.map { now.nanoseconds - $0.nanoseconds } ?? 0
            if age < 0 || age > Self.keptFor {
                state.known = [:]
                state.since = nil
            }
            return (state.known[key], state.generation)
        }
    }

    private func known(_ claim: SignatureClaim, at now: Timestamp) throws(S3Failure) -> Known {
        let key = Key(accessKeyID: claim.accessKeyID, scope: claim.scope)
        let (found, generation) = remembered(key, at: now)
        if let found { return found }
        let (secret, principal) = try unsealed(claim.accessKeyID)
        let made = Known(
            principal: principal,
            signing: secret.withBytes { SigningKey(secret: $0, scope: claim.scope) })
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.known.count >= Self.mostKeys { state.known = [:] }
            if state.known.isEmpty { state.since = now }
            state.known[key] = made
        }
        return made
    }

    private func unsealed(
        _ accessKeyID: String
    ) throws(S3Failure) -> (Secret, Principal) {
        do throws(PerigeeError) {
            let found = try credentials.secret(accessKeyID: accessKeyID)
            return (found.secret, found.principal)
        } catch  where error.code == .accessDenied {
            throw S3Failure(
                .invalidAccessKeyId, details: [S3Failure.Detail("AWSAccessKeyId", accessKeyID)])
        } catch {
            throw S3Failure(error)
        }
    }
}
