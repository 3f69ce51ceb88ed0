internal import Foundation
internal import VolumeModel
internal import YAMLFiles

/// Where a server's configuration comes from: flags before the environment, that before a file,
/// and that before the defaults.
struct ServeSources: Sendable {
    /// What one flag says.
    struct Flag: Sendable {
        /// The setting's key.
        let key: String
        /// The flag as a person typed it.
        let name: String
        let values: [String]
    }

    /// The file; nil: there is none.
    let file: String?
    /// The process's variables.
    let environment: [String: String]
    /// In any order; one for a setting at most.
    let flags: [Flag]

    /// - Parameter file: what `--config` says; else `PERIGEE_CONFIG` counts.
    init(file: String?, environment: [String: String], flags: [Flag]) {
        let variable = environment["PERIGEE_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        self.file = file ?? variable
        self.environment = environment
        self.flags = flags
    }

    /// Reads all of them. Blocks on the disk.
    ///
    /// - Parameter isFirst: whether it is the first time: a pipe can be read once.
    /// - Throws: `.invalidArgument` that says what is wrong, and where: in the file with line and
    ///   column.
    func read(isFirst: Bool = true) throws(PerigeeError) -> ServeConfiguration {
        var configuration = ServeConfiguration()
        if let file {
            do throws(FileFaults) {
                let source = try YAMLSource(reading: file, mayBePipe: isFirst, purpose: .serving)
                try ServeFile.read(source, into: &configuration)
            } catch {
                throw PerigeeError(
                    .invalidArgument, "the configuration cannot be used",
                    remedy: "mend it: `perigee serve --config \(file) --print-config` checks it",
                    cause: error)
            }
        }
        try readEnvironment(&configuration)
        for flag in flags { try read(flag, &configuration) }
        try configuration.check()
        return configuration
    }

    private func readEnvironment(
        _ configuration: inout ServeConfiguration
    ) throws(PerigeeError) {
        let settings = Dictionary(uniqueKeysWithValues: ServeSetting.all.map { ($0.variable, $0) })
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard let setting = settings[name] else {
                // Others are of other commands.
                guard name.hasPrefix("PERIGEE_S3_") || name.hasPrefix("PERIGEE_ADMIN_") else {
                    continue
                }
                throw PerigeeError(
                    .invalidArgument, "there is no setting \(Printable.quoted(name))",
                    remedy: "`perigee serve --print-config` lists the keys; a variable is PERIGEE_"
                        + " and the key in capitals, with _ for . and -")
            }
            guard !value.isEmpty else { continue }
            let isList = if case .many = setting.form { true } else { false }
            let texts =
                isList
                ? value.split(separator: ",").map { String(Self.trimmed($0)) } : [value]
            try Self.named("$\(name)") { () throws(PerigeeError) in
                try setting.read(texts, into: &configuration)
            }
            configuration.origins[setting.key] = .environment(name)
        }
    }

    private func read(
        _ flag: Flag, _ configuration: inout ServeConfiguration
    ) throws(PerigeeError) {
        guard let setting = ServeSetting.all.first(where: { $0.key == flag.key }) else {
            throw PerigeeError(
                .invalidArgument, "there is no setting \(Printable.quoted(flag.key))",
                remedy: "`perigee serve --print-config` lists them")
        }
        try Self.named(flag.name) { () throws(PerigeeError) in
            try setting.read(flag.values, into: &configuration)
        }
        configuration.origins[setting.key] = .flag(flag.name)
    }

    /// Says where what is wrong stands.
    private static func named(
        _ place: String, _ body: () throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        do throws(PerigeeError) {
            try body()
        } catch {
            throw PerigeeError(error.code, "\(place): \(error.message)", remedy: error.remedy)
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " }
        guard let end = start.lastIndex(where: { $0 != " " }) else { return start }
        return start[...end]
    }
}

extension YAMLPurpose {
    /// What a server does.
    static let serving = YAMLPurpose(
        "a server's configuration", splitting: "it holds a few settings: name the right file")
}
