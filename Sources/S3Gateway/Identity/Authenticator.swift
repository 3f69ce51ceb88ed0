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
        /// When the key ends by itself; nil: never.
        let expires: Timestamp?
    }

    private struct State {
        var known: [Credential: Known] = [:]
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
        var principal = Principal.anyone
        try claim.check(
            request, region: region, at: now, hasBody: hasBody
        ) { () throws(S3Failure) in
            let known = try known(claim, at: now)
            principal = known.principal
            return known.signing
        }
        return principal
    }

    func principalNow(of request: S3Request, at now: Timestamp) -> Principal? {
        do throws(S3Failure) {
            guard let claim = try SignatureClaim(of: request) else { return .anyone }
            guard let known = remembered(claim.credential, at: now).known else { return nil }
            try claim.check(request, region: region, at: now, hasBody: false) { known.signing }
            return known.principal
        } catch {
            return nil
        }
    }

    private func remembered(_ key: Credential, at now: Timestamp) -> (
        known: Known?, generation: Int
    ) {
        state.withLock { state in
            let age = state.since.map { now.nanoseconds - $0.nanoseconds } ?? 0
            if age < 0 || age > Self.keptFor {
                state.known = [:]
                state.since = nil
            }
            let known = state.known[key].flatMap { known in
                known.expires.map { now < $0 } ?? true ? known : nil
            }
            return (known, state.generation)
        }
    }

    private func known(_ claim: SignatureClaim, at now: Timestamp) throws(S3Failure) -> Known {
        let (found, generation) = remembered(claim.credential, at: now)
        if let found { return found }
        let key = try unsealed(claim.accessKeyID)
        let made = Known(
            principal: key.principal,
            signing: key.secret.withBytes { SigningKey(secret: $0, scope: claim.scope) },
            expires: key.expires)
        // The credential is a part of the request's buffer, which is not to be kept with it.
        let place = claim.credential.detached
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.known.count >= Self.mostKeys { state.known = [:] }
            if state.known.isEmpty { state.since = now }
            state.known[place] = made
        }
        return made
    }

    private func unsealed(
        _ accessKeyID: String
    ) throws(S3Failure) -> Credentials.UsableKey {
        do throws(PerigeeError) {
            return try credentials.key(accessKeyID: accessKeyID)
        } catch  where error.code == .accessDenied {
            throw S3Failure(
                .invalidAccessKeyId, details: [S3Failure.Detail("AWSAccessKeyId", accessKeyID)])
        } catch {
            throw S3Failure(error)
        }
    }
}
