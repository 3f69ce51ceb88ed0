internal import ArgumentParser
internal import Foundation
internal import VolumeModel

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve volumes as S3 buckets.",
        discussion: """
            Each volume is a bucket of its name; hst.r3 is its third revision. Requests without a \
            signature come from anyone. The process stays in the foreground. SIGTERM and SIGINT \
            end it after the answers under way, a second one at once; SIGHUP has it read its \
            configuration and certificate again, and open its access log anew.

            What is not said by a flag is taken from the environment (PERIGEE_S3_LISTEN for the \
            key s3.listen), then from the file, then from the defaults. No file is needed.

            Example:
              perigee serve
              perigee serve --config /etc/perigee/perigee.yaml --print-config
              aws --endpoint-url http://127.0.0.1:9000 --no-sign-request s3 ls s3://hst/
            """)

    @Option(
        help: ArgumentHelp(
            "A file of settings (default: $PERIGEE_CONFIG, else none).", valueName: "file"),
        completion: .file())
    var config: String?
    @Flag(help: "Show what holds, and where each value comes from, and serve nothing.")
    var printConfig = false
    @OptionGroup var serving: ServeOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var options: StateOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let sources = ServeSources(
            file: config, environment: environment,
            flags: serving.flags(verbose: options.verbose))
        let configuration = try sources.read()
        if printConfig { return show(configuration) }
        try await Serving(
            sources: sources, configuration: configuration, environment: environment,
            cache: cache.place, options: options
        ).run()
    }

    private func show(_ configuration: ServeConfiguration) {
        let rows = ServeSetting.all.map { setting in
            Row(
                key: setting.key, value: setting.write(configuration),
                origin: configuration.origin(of: setting.key).description)
        }
        if options.json {
            for row in rows { Output.object(row) }
            return
        }
        let width = rows.map(\.key.count).max() ?? 0
        let valueWidth = min(40, rows.map { $0.shown.count }.max() ?? 0)
        for row in rows {
            Output.line(
                "\(padded(row.key, width))  \(padded(row.shown, valueWidth))  \(row.origin)")
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private struct Row: Encodable {
        var key: String
        /// Nil where there is none.
        var value: String?
        var origin: String

        var shown: String { value ?? "(none)" }
    }
}
