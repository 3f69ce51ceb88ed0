internal import ArgumentParser

/// What can be said of the configuration at the command line.
struct ServeOptions: ParsableArguments {
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Where S3 clients connect; may be given several times (default: 127.0.0.1:9000).",
            valueName: "host:port"))
    var listen: [String] = []
    @Option(
        help: ArgumentHelp(
            "Where health and metrics are asked for, or off (default: 127.0.0.1:9001).",
            valueName: "host:port"))
    var adminListen: String?
    @Option(help: "The region that requests are signed for (default: us-east-1).")
    var region: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A name of the gateway before which a bucket's name may stand; may be given several"
                + " times (default: localhost).", valueName: "name"))
    var domain: [String] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A further bucket for a volume, or a part of one; may be given several times.",
            valueName: "name=volume[@rN][:prefix]"))
    var alias: [String] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Pages of this origin may read answers, * for any; may be given several times.",
            valueName: "origin"))
    var corsOrigin: [String] = []
    @Option(
        help: ArgumentHelp(
            "Encrypt connections with this certificate (PEM, with those that vouch for it).",
            valueName: "file"), completion: .file())
    var tlsCertificate: String?
    @Option(
        help: ArgumentHelp("The certificate's key (PEM).", valueName: "file"),
        completion: .file())
    var tlsKey: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A bound, by its key below s3.limits; may be given several times.",
            valueName: "key=value"))
    var limit: [String] = []
    @Option(
        help: ArgumentHelp(
            "Where a line of JSON for each request goes: a file, - for standard output, or off"
                + " (default: off).", valueName: "file"))
    var accessLog: String?
    @Option(help: ArgumentHelp("Log from this level on (default: info).", valueName: "level"))
    var logLevel: String?
    @Option(
        help: ArgumentHelp(
            "Where this node is; sources of that zone are asked first.", valueName: "zone"))
    var zone: String?
    @Option(
        help: ArgumentHelp(
            "How long answers under way may take once the process is told to end (default: 30s).",
            valueName: "span"))
    var shutdown: String?

    func validate() throws {
        for text in limit where text.firstIndex(of: "=") == nil {
            throw ValidationError("--limit takes KEY=VALUE, as in connections=100; not \(text).")
        }
    }

    /// What the flags say, one for each setting.
    ///
    /// - Parameter verbose: stands for the level `debug` where no other is given.
    func flags(verbose: Bool) -> [ServeSources.Flag] {
        let lists = [
            ("s3.listen", "--listen", listen), ("s3.domains", "--domain", domain),
            ("s3.aliases", "--alias", alias), ("s3.cors-origins", "--cors-origin", corsOrigin),
        ]
        let words = [
            ("admin.listen", "--admin-listen", adminListen), ("s3.region", "--region", region),
            ("s3.tls.certificate", "--tls-certificate", tlsCertificate),
            ("s3.tls.key", "--tls-key", tlsKey), ("access-log", "--access-log", accessLog),
            ("log-level", "--log-level", logLevel), ("zone", "--zone", zone),
            ("shutdown", "--shutdown", shutdown),
        ]
        var flags: [ServeSources.Flag] = []
        if verbose { flags.append(.init(key: "log-level", name: "--verbose", values: ["debug"])) }
        for (key, name, values) in lists where !values.isEmpty {
            flags.append(.init(key: key, name: name, values: values))
        }
        for (key, name, value) in words {
            if let value { flags.append(.init(key: key, name: name, values: [value])) }
        }
        for text in limit {
            let name = text.prefix { $0 != "=" }
            flags.append(
                .init(
                    key: "s3.limits.\(name)", name: "--limit \(name)",
                    values: [String(text.dropFirst(name.count + 1))]))
        }
        return flags
    }
}
