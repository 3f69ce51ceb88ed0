internal import ArgumentParser
internal import SampleArchive
internal import VolumeModel

struct SampleArchiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample-archive",
        abstract: "Write small synthetic volumes in the missions' own folder conventions.",
        discussion: """
            HST, JWST, Euclid Q1 and ERO, and PSA: valid FITS and PDS files with made-up content. \
            The same arguments give the same bytes.

            Example: perigee sample-archive /tmp/archive --files 200
            """)

    @Argument(help: "A new or empty folder.", completion: .directory) var dir: String
    @Option(help: "Data files over all volumes.") var files = SampleArchive.defaultFiles
    @Option(help: "Bytes of data, roughly.") var bytes = SampleArchive.defaultBytes
    @Option(help: "Chooses the content.") var seed = SampleArchive.defaultSeed
    @OptionGroup var options: StateOptions

    func run() throws {
        let archive = try SampleArchive(files: files, bytes: bytes, seed: seed)
        var line = ProgressLine(isQuiet: options.quiet || options.json)
        let summary = try archive.write(to: dir) { progress in
            line.show(
                ProgressLine.Step(
                    label: "writing", files: progress.filesWritten,
                    bytes: Int64(progress.bytesWritten), problems: 0,
                    expectedFiles: progress.files, expectedBytes: nil))
        }
        line.end()
        if options.json {
            Output.object(
                Report(
                    directory: dir, files: summary.files, bytes: summary.bytes,
                    volumes: summary.volumes.mapValues(\.files)))
        } else {
            options.say(
                "Wrote \(summary.files) files, \(Human.bytes(Int64(summary.bytes))), to \(dir): "
                    + summary.volumes.keys.sorted().joined(separator: ", "))
        }
    }

    private struct Report: Encodable {
        var directory: String
        var files: Int
        var bytes: Int
        var volumes: [String: Int]
    }
}
