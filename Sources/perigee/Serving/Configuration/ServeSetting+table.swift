internal import ControlStore
internal import Logging
internal import S3Gateway
internal import VolumeModel

extension ServeSetting {
    /// Every setting, in the order in which they are shown.
    static let all: [ServeSetting] = [
        .many("s3.listen", \.listen, ListenAddress.init(parsing:), { "\($0)" }),
        .one("s3.region", \.gateway.region, isText: true, region, { $0 }),
        .many("s3.domains", \.gateway.domains, domain, { $0 }),
        aliases,
        .many("s3.cors-origins", \.gateway.corsOrigins, corsOrigin, { $0 }),
        .one("s3.tls.certificate", \.certificate, isText: true, path, { $0 }),
        .one("s3.tls.key", \.certificateKey, isText: true, path, { $0 }),
        .span("s3.tls.check-every", \.certificateCheck, in: .seconds(1)...(.seconds(86_400))),
        .number("s3.limits.connections", \.gateway.limits.connections, in: 1...1_000_000),
        .size("s3.limits.header-bytes", \.gateway.limits.headerBytes, in: 1_024...(1 << 20)),
        .number(
            "s3.limits.requests-per-connection", \.gateway.limits.requestsPerConnection,
            in: 0...1_000_000_000),
        .span("s3.limits.idle", \.gateway.limits.idle, in: span),
        .span("s3.limits.header", \.gateway.limits.header, in: span),
        .span("s3.limits.write", \.gateway.limits.write, in: span),
        .span(
            "s3.limits.page", \.gateway.limits.page, in: .milliseconds(10)...(.seconds(60))),
        .number(
            "s3.limits.requests-per-second", \.gateway.limits.requestsPerSecond,
            in: 0...1_000_000_000),
        .size("s3.limits.bytes-per-second", \.gateway.limits.bytesPerSecond, in: 0...(1 << 50)),
        .one(
            "admin.listen", \.adminListen,
            { text throws(PerigeeError) in
                text == "off" ? nil : try ListenAddress(parsing: text)
            }, { $0.map { "\($0)" } ?? "off" }),
        .one("access-log", \.accessLog, { .init(parsing: $0) }, { "\($0)" }),
        .one("log-level", \.logLevel, level, { $0.rawValue }),
        .one("zone", \.zone, isText: true, zone, { $0 }),
        .span("shutdown", \.shutdown, in: .zero...(.seconds(3_600))),
    ]

    /// How long anything of a connection may take.
    private static let span = Duration.milliseconds(100)...Duration.seconds(86_400)

    private static let aliases = ServeSetting(
        key: "s3.aliases",
        form: .many(
            clear: { $0.gateway.aliases = [:] },
            add: { configuration, text throws(PerigeeError) in
                let (name, alias) = try BucketAlias.parse(text)
                try BucketAlias.add(alias, name, to: &configuration)
            }),
        write: { configuration in
            let texts = configuration.gateway.aliases.map(BucketAlias.text)
            return texts.isEmpty ? nil : texts.sorted().joined(separator: ",")
        })

    private static func region(_ text: String) throws(PerigeeError) -> String {
        guard (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ BucketAlias.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") })
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no region",
                remedy: "a region is small letters, digits and `-`, as in us-east-1")
        }
        return text
    }

    private static func zone(_ text: String) throws(PerigeeError) -> String? {
        try VolumeSource.check(zone: text)
        return text
    }

    private static func domain(_ text: String) throws(PerigeeError) -> String {
        let name = text.lowercased()
        guard (1...253).contains(name.utf8.count), !name.hasPrefix("."), !name.hasSuffix("."),
            name.utf8.allSatisfy({ BucketAlias.isLetterOrDigit($0) || "-.".utf8.contains($0) })
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no name of a machine",
                remedy: "write the name by which clients call the gateway, without a port")
        }
        return name
    }

    private static func corsOrigin(_ text: String) throws(PerigeeError) -> String {
        let isAny = text == "*"
        let host = ["https://", "http://"].first { text.hasPrefix($0) }
            .map { text.dropFirst($0.count) }
        guard isAny || host.map({ !$0.isEmpty && !$0.contains("/") && !$0.contains("*") }) ?? false
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no origin of pages",
                remedy: "write it as a browser does, https://portal.example.org, or * for any")
        }
        return text
    }

    private static func path(_ text: String) throws(PerigeeError) -> String? {
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no path of a file",
                remedy: "name a file with a certificate or key as PEM")
        }
        return text
    }

    private static func level(_ text: String) throws(PerigeeError) -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no level of a log",
                remedy: "it is "
                    + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return level
    }
}
