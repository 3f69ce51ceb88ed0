internal import ArgumentParser
internal import ControlStore
internal import Foundation
internal import VolumeModel

/// How an origin on another machine is talked to, as flags.
struct RemoteOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The S3 service of a bucket (default: Amazon's of the region).", valueName: "url"))
    var endpoint: String?
    @Option(help: "The region of a bucket (default: us-east-1).") var region: String?
    @Option(help: "Where a bucket stands in URLs: path or virtual-hosted (default: path).")
    var style: RemoteSettings.BucketStyle?
    @Flag(help: "Read a bucket as nobody in particular; the default.") var anonymous = false
    @Option(
        help: ArgumentHelp(
            "A file with an access key and a secret, in the form of ~/.aws/credentials.",
            valueName: "file"), completion: .file())
    var credentialsFile: String?
    @Option(
        help: ArgumentHelp(
            "What lists a web archive: autoindex (its pages) or manifest:FILE (default: autoindex).",
            valueName: "how"))
    var listing: String?
    @Flag(help: "The web server sends whole files only.") var wholeFiles = false
    @Option(
        help: ArgumentHelp(
            "Certificates to trust in the place of the system's, as PEM.", valueName: "file"),
        completion: .file())
    var caFile: String?
    @Flag(help: "Let it be asked over http, which anybody on the way can read and change.")
    var allowHttp = false
    @Flag(help: "Let it lie on this machine or in a private network.") var allowPrivate = false
    @Option(
        help: ArgumentHelp(
            "A host that it may redirect to, besides itself; can be given several times.",
            valueName: "host"))
    var redirectHost: [String] = []
    @Option(
        help: ArgumentHelp(
            "Whether to believe the bytes that it sends: yes, or no to compare them with tree "
                + "digests (default: yes).", valueName: "yes|no"))
    var trust: RemoteSettings.Trust?

    /// The first flag that was given, for saying that none has a meaning here.
    var firstGiven: String? {
        let given: [(Bool, String)] = [
            (endpoint != nil, "--endpoint"), (region != nil, "--region"), (style != nil, "--style"),
            (anonymous, "--anonymous"), (credentialsFile != nil, "--credentials-file"),
            (listing != nil, "--listing"), (wholeFiles, "--whole-files"),
            (caFile != nil, "--ca-file"), (allowHttp, "--allow-http"),
            (allowPrivate, "--allow-private"), (!redirectHost.isEmpty, "--redirect-host"),
            (trust == .yes, "--trust"),
        ]
        return given.first(where: \.0)?.1
    }

    /// The settings of an origin.
    ///
    /// - Throws: `.invalidArgument` for flags that mean nothing there, or contradict each other.
    func settings(of origin: OriginLocation) throws(PerigeeError) -> RemoteSettings {
        if anonymous, credentialsFile != nil {
            throw PerigeeError(
                .invalidArgument, "--anonymous and --credentials-file contradict each other",
                remedy: "give one of them")
        }
        if case .web = origin,
            endpoint != nil || region != nil || style != nil || anonymous
                || credentialsFile != nil
        {
            throw PerigeeError(
                .invalidArgument,
                "--endpoint, --region, --style, --anonymous and --credentials-file are about "
                    + "buckets",
                remedy: "leave them out for a web archive")
        }
        if case .s3 = origin, listing != nil || wholeFiles {
            throw PerigeeError(
                .invalidArgument, "--listing and --whole-files are about web archives",
                remedy: "leave them out for a bucket")
        }
        return RemoteSettings(
            endpoint: endpoint, region: region ?? "us-east-1", style: style ?? .path,
            credentialsFile: credentialsFile.map(Self.absolute), manifest: try manifest(),
            sendsRanges: !wholeFiles, certificates: caFile.map(Self.absolute),
            allowsClearText: allowHttp, allowsPrivate: allowPrivate, redirectHosts: redirectHost,
            trust: trust == .no ? .no : nil)
    }

    private func manifest() throws(PerigeeError) -> String? {
        guard let listing, listing != "autoindex" else { return nil }
        guard listing.hasPrefix("manifest:"), listing.utf8.count > 9 else {
            throw PerigeeError(
                .invalidArgument, "the listing \(Printable.quoted(listing)) is unknown",
                remedy: "write autoindex or manifest:FILE")
        }
        return Self.absolute(String(listing.dropFirst(9)))
    }

    /// Servers run in other folders than the one in which a flag was typed.
    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}

extension RemoteSettings.BucketStyle: ExpressibleByArgument {}
extension RemoteSettings.Trust: ExpressibleByArgument {}
