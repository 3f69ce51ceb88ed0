internal import ControlStore
internal import Origins
internal import S3Protocol
internal import Synchronization
internal import VolumeModel

/// The origins on other machines that are in use: each with its gate, its retries and its breaker.
final class RemoteOrigins: Sendable {
    private struct State {
        var transfers: HTTPTransfers?
        var origins: [OriginRoot: any RemoteOrigin] = [:]
    }

    private let state = Mutex(State())

    /// The origin of a root.
    ///
    /// - Throws: `.invalidArgument` for settings that make no sense, `.originDenied` where its
    ///   credentials cannot be read.
    func origin(_ root: OriginRoot) throws(PerigeeError) -> any RemoteOrigin {
        let result = state.withLock { state -> Result<any RemoteOrigin, PerigeeError> in
            if let known = state.origins[root] { return .success(known) }
            do throws(PerigeeError) {
                let transfers: HTTPTransfers
                if let known = state.transfers {
                    transfers = known
                } else {
                    transfers = try HTTPTransfers()
                }
                state.transfers = transfers
                let made = try Self.make(root, transfers)
                state.origins[root] = made
                return .success(made)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Lets go of the origins whose roots are no longer in `records`.
    func keep(_ records: [OriginRoot]) {
        let wanted = Set(records)
        state.withLock { state in
            state.origins = state.origins.filter { wanted.contains($0.key) }
        }
    }

    private static func make(
        _ root: OriginRoot, _ transfers: HTTPTransfers
    ) throws(PerigeeError) -> any RemoteOrigin {
        let settings = root.remote ?? RemoteSettings()
        switch root.origin {
        case .posix:
            throw PerigeeError(
                .invalidArgument, "the root \(root.name) is a folder of this machine")
        case .s3(let bucket, let prefix):
            let endpoint = try WebAddress(
                settings.endpoint ?? "https://s3.\(settings.region).amazonaws.com")
            let style: S3Origin.Style =
                switch settings.style {
                case .path: .path
                case .virtualHosted: .virtualHosted
                }
            let host = S3Origin.host(of: bucket, endpoint: endpoint, style: style)
            return try S3Origin(
                endpoint: endpoint, bucket: bucket, prefix: Array(prefix.utf8), style: style,
                transport: try transport(of: root, settings, host, transfers))
        case .web(let url):
            let folder = try WebAddress(url)
            let listing: WebOrigin.Listing =
                if let manifest = settings.manifest {
                    .manifest(try read(manifest))
                } else {
                    .autoindex
                }
            return try WebOrigin(
                folder: folder, listing: listing, supportsRanges: settings.sendsRanges,
                transport: try transport(of: root, settings, folder.host, transfers))
        }
    }

    private static func transport(
        of root: OriginRoot, _ settings: RemoteSettings, _ host: String, _ transfers: HTTPTransfers
    ) throws(PerigeeError) -> OriginTransport {
        let hosts = ([host] + settings.redirectHosts).map { name in
            OutboundGate.Host(
                name, allowsClearText: settings.allowsClearText,
                allowsLocal: settings.allowsPrivate)
        }
        return OriginTransport(
            name: root.name.string, transfers: transfers, gate: OutboundGate(hosts),
            signer: try settings.credentialsFile.map { path throws(PerigeeError) in
                try signer(path, region: settings.region)
            }, certificates: settings.certificates)
    }

    private static func signer(
        _ path: String, region: String
    ) throws(PerigeeError) -> CredentialsFile {
        try CredentialsFile(path: path) { credentials, request, time in
            let signer = HeaderSigner(
                accessKeyID: credentials.accessKeyID, region: region,
                sessionToken: credentials.sessionToken)
            let fields =
                [S3Request.Field("host", request.authority)]
                + request.fields.map { S3Request.Field($0.name, $0.value) }
            let signable = S3Request(
                method: request.method.rawValue,
                target: RequestTarget(
                    path: request.path,
                    query: request.query.map { .init(name: $0.name, value: $0.value) }),
                fields: fields)
            let key = SigningKey(
                secret: credentials.secret.utf8, scope: signer.scope(at: time))
            return signer.fields(for: signable, key: key, at: time)
                .map { HTTPField($0.name, $0.value) }
        }
    }

    private static func read(_ path: String) throws(PerigeeError) -> ArchiveManifest {
        let bytes: [UInt8]
        do throws(BoundedFile.Fault) {
            bytes = try BoundedFile.read(path, atMost: 1 << 30)
        } catch {
            throw PerigeeError(
                .originUnavailable,
                "the manifest \(Printable.quoted(path)) cannot be read, or has more than 1 GiB",
                cause: error)
        }
        return try ArchiveManifest(parsing: bytes, name: path)
    }
}
