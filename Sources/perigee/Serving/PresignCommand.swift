internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import Identity
internal import S3Protocol
internal import VolumeModel
internal import VolumeService

struct PresignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presign",
        abstract: "Make a URL that reads one file for a while, with nothing but itself.",
        discussion: """
            The URL is signed with a key of a user, which the state's owner may do for anybody; it \
            is entered into the audit. Whoever has the URL reads as that user, with the rights that \
            he has then: it ends early where the key is taken away, the user is disabled, or a rule \
            changes. Give --endpoint as clients reach the gateway: host and port are signed.

            Example:
              perigee presign hst:mastDownload/x_raw.fits --user jane --expires 15m
              perigee presign hst@r3:x.fits --access-key PGKA... --endpoint https://s3.example.org
            """)

    @Argument(help: ArgumentHelp("A file.", valueName: "volume[@rN]:path"))
    var reference: String
    @Option(help: "Read as this user, by the newest key of theirs that holds.") var user: String?
    @Option(help: ArgumentHelp("Sign with this key.", valueName: "ID")) var accessKey: String?
    @Option(
        help: ArgumentHelp(
            "How long it is good, up to 7d (default: 15m).", valueName: "span"))
    var expires = "15m"
    @Option(
        help: ArgumentHelp(
            "Where clients find the gateway (default: http://127.0.0.1:9000).", valueName: "url"))
    var endpoint = "http://127.0.0.1:9000"
    @Option(help: "The gateway's region.") var region = "us-east-1"
    @OptionGroup var options: StateOptions

    func validate() throws {
        guard (user == nil) != (accessKey == nil) else {
            throw ValidationError("Give either --user USER or --access-key ID.")
        }
    }

    func run() async throws {
        let span = try Span.parse(expires, in: .seconds(1)...(.seconds(7 * 86_400)))
        let seconds = Int(span / .seconds(1))
        let place = try EndpointURL.parse(endpoint)
        let now = Timestamp.now
        let end = Timestamp(nanoseconds: now.nanoseconds + Int64(seconds) * 1_000_000_000)
        let named = try VolumeReference(parsing: reference)
        let credentials = try options.credentials()
        let key = try PresigningKey(
            try credentials.list(.key), user: user, accessKeyID: accessKey, for: named.volume)
        try key.check(until: end)

        let service = try options.service()
        defer { service.stop() }
        let usable = try credentials.key(accessKeyID: key.accessKeyID)
        let found = try NamedEntry(reference, in: service, for: usable.principal) {
            "name it as VOLUME:PATH, not as \($0)"
        }
        guard found.entry.kind == .file else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(reference)) is a folder",
                remedy: "a URL reads one file: name one")
        }
        guard found.entry.isReadable else {
            throw PerigeeError(
                .accessDenied,
                "\(key.user) may see \(Printable.quoted(reference)), and not read it",
                remedy:
                    "`perigee policy explain --as \(key.user) \(named.volume)` says what decides")
        }
        let url = try usable.secret.withBytes { bytes throws(PerigeeError) in
            try Presigner(endpoint: place, region: region, accessKeyID: key.accessKeyID).url(
                bucket: try Self.bucket(named), key: (named.path ?? .root).bytes, secret: bytes,
                at: now, expires: seconds)
        }
        try options.store().note(
            .actedAs, key.user.string, "presign \(reference) for \(Span.text(span))")
        if options.json {
            Output.object(Report(url: url, expires: end.iso8601, accessKeyID: key.accessKeyID))
        } else {
            Output.line(url)
        }
    }

    private static func bucket(_ reference: VolumeReference) throws(PerigeeError) -> String {
        switch reference.revision {
        case .current: return reference.volume.string
        case .pinned(let number): return "\(reference.volume).\(number)"
        case .candidate:
            throw PerigeeError(
                .invalidArgument, "a candidate is in no bucket",
                remedy: "publish it first: perigee volume publish \(reference.volume)")
        }
    }

    private struct Report: Encodable {
        var url: String
        var expires: String
        var accessKeyID: String
    }
}

/// The key that a URL is signed with.
struct PresigningKey {
    let accessKeyID: String
    let user: UserName
    private let end: Timestamp?

    /// Finds it among all keys.
    ///
    /// - Throws: `.notFound` where there is no such key, or the user has none that holds and opens
    ///   the volume.
    init(
        _ keys: [(record: CredentialRecord, standing: CredentialStanding)], user: String?,
        accessKeyID: String?, for volume: VolumeName
    ) throws(PerigeeError) {
        if let accessKeyID {
            guard let found = keys.first(where: { $0.record.accessKeyID == accessKeyID }) else {
                throw PerigeeError(
                    .notFound, "there is no key \(Printable.quoted(accessKeyID))",
                    remedy: "`perigee key ls` lists them")
            }
            guard found.standing == .holds else {
                throw PerigeeError(
                    .conflict, "the key \(accessKeyID) opens nothing: \(found.standing.rawValue)",
                    remedy: "choose another one; `perigee key ls` says which hold")
            }
            self.init(found.record, accessKeyID)
            return
        }
        let name = try UserName(user ?? "")
        let usable = keys.filter { record, standing in
            standing == .holds && record.facts.user == name
                && (record.facts.volumes?.contains(volume) ?? true)
        }
        let newest = usable.max { $0.record.id.value < $1.record.id.value }?.record
        guard let newest, let id = newest.accessKeyID else {
            throw PerigeeError(
                .notFound, "\(name) has no key that holds and opens \(volume)",
                remedy: "make one: perigee key create --user \(name)")
        }
        self.init(newest, id)
    }

    private init(_ record: CredentialRecord, _ accessKeyID: String) {
        self.accessKeyID = accessKeyID
        user = record.facts.user
        end = record.facts.expires
    }

    /// - Throws: `.invalidArgument` where the key ends before a URL would.
    func check(until time: Timestamp) throws(PerigeeError) {
        guard let end, end < time else { return }
        throw PerigeeError(
            .invalidArgument, "the key \(accessKeyID) ends at \(end.iso8601), before the URL would",
            remedy: "choose a shorter --expires, or another key")
    }
}
