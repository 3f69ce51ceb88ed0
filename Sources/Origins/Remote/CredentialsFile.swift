internal import Glibc
internal import Synchronization
package import VolumeModel

/// Signs with the credentials of a file, which is read again when the origin no longer takes them:
/// whoever renews keys puts new ones there, and nothing has to be started again.
package final class CredentialsFile: RequestSigner {
    /// Makes the fields that prove who asks.
    package typealias Signature =
        @Sendable (OriginCredentials, SignableRequest, Timestamp) -> [HTTPField]

    private let path: String
    private let profile: String
    private let sign: Signature
    private let state: Mutex<State>
    /// A file may lie on a network file system as well.
    private let reading = BlockingPool(name: "credentials", threads: 1)

    private struct State {
        var credentials: OriginCredentials
        var generation: UInt64 = 0
    }

    /// The most bytes of such a file.
    private static let longest = 65_536

    /// Reads the file; for a place that may wait.
    ///
    /// - Throws: `.originDenied` where it cannot be read or others can read it, `.invalidArgument`
    ///   where it has no key.
    package init(path: String, profile: String = "default", sign: @escaping Signature)
        throws(PerigeeError)
    {
        self.path = path
        self.profile = profile
        self.sign = sign
        state = Mutex(State(credentials: try Self.read(path, profile)))
    }

    package var generation: UInt64 { state.withLock(\.generation) }

    package func fields(for request: SignableRequest, at time: Timestamp) throws(PerigeeError)
        -> [HTTPField]
    {
        sign(state.withLock(\.credentials), request, time)
    }

    package func renew(after generation: UInt64) async throws(PerigeeError) -> Bool {
        // Another call may have been refused at the same time, and has done it.
        if self.generation != generation { return true }
        let (path, profile) = (path, profile)
        let credentials = try await reading.run(deadline: .seconds(10)) {
            () throws(PerigeeError) in try Self.read(path, profile)
        }
        return state.withLock { state in
            if state.credentials != credentials {
                state.credentials = credentials
                state.generation += 1
            }
            return state.generation != generation
        }
    }

    private static func read(_ path: String, _ profile: String) throws(PerigeeError)
        -> OriginCredentials
    {
        let text: [UInt8]
        do throws(BoundedFile.Fault) {
            text = try BoundedFile.read(path, atMost: longest, isSecret: true)
        } catch {
            switch error {
            case .openToEverybody:
                throw PerigeeError(
                    .originDenied,
                    "everybody can read the credentials in \(Printable.quoted(path))",
                    remedy: "chmod 600 that file")
            case .system(let cause): throw unreadable(path, cause)
            case .tooLong: throw unreadable(path, SystemError(EFBIG))
            }
        }
        return try OriginCredentials(parsing: text, profile: profile, file: path)
    }

    private static func unreadable(_ path: String, _ cause: SystemError) -> PerigeeError {
        PerigeeError(
            .originDenied, "the credentials in \(Printable.quoted(path)) cannot be read",
            remedy: "check that file and who may read it", cause: cause)
    }
}
