internal import ArgumentParser
internal import VolumeModel
internal import VolumeService

struct VolumeDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "List in what two states of a volume differ.",
        discussion: """
            + came, - went, ~ has another version. Folders have a slash behind their name.

            Example:
              perigee volume diff hst@r1 hst@r2
              perigee volume diff hst hst@candidate
            """)

    @Argument(help: ArgumentHelp("The older state.", valueName: "volume[@rN]")) var old: String
    @Argument(help: ArgumentHelp("The newer state.", valueName: "volume[@rN]")) var new: String
    @OptionGroup var options: StateOptions

    func run() throws {
        let old = try VolumeReference(parsing: old)
        let new = try VolumeReference(parsing: new)
        guard old.volume == new.volume else {
            throw PerigeeError(
                .invalidArgument,
                "\(old) and \(new) are of two volumes, and states of one are compared",
                remedy: "name one volume twice: perigee volume diff \(old.volume)@r1 \(old.volume)")
        }
        try options.publisher().differences(
            of: old.volume, from: old.revision, to: new.revision
        ) { difference in
            if options.json {
                Output.object(Report(difference))
            } else {
                let mark = ["added": "+", "removed": "-"][difference.kind] ?? "~"
                let slash = difference.entryKind == .folder ? [UInt8(ascii: "/")] : []
                Output.write(
                    Array("\(mark) ".utf8) + Output.name(difference.path) + slash
                        + [UInt8(ascii: "\n")])
            }
        }
    }

    private struct Report: Encodable {
        var kind: String
        var path: String
        var entry: String
        var oldSize: Int64?
        var newSize: Int64?

        init(_ difference: Publisher.Difference) {
            kind = difference.kind
            path = String(decoding: difference.path, as: UTF8.self)
            entry = difference.entryKind == .folder ? "folder" : "file"
            oldSize = difference.oldSize
            newSize = difference.newSize
        }
    }
}

struct VolumeVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every file of a revision and compare it with what was published.",
        discussion: """
            Sizes and times are compared for every file, content for those with a digest (see \
            `volume scan --digest` and `--digests-from`); the catalogue's own digest is made anew. \
            Exit status 1 where anything differs.

            Example: perigee volume verify hst@r2
            """)

    @Argument(help: ArgumentHelp("The volume.", valueName: "volume[@rN]")) var reference: String
    @Option(help: ArgumentHelp("Give up when the origin says nothing for so long.", valueName: "s"))
    var timeout = 60
    @OptionGroup var options: StateOptions

    func validate() throws {
        guard (1...86_400).contains(timeout) else {
            throw ValidationError("--timeout is 1 to 86400 seconds.")
        }
    }

    func run() throws {
        let reference = try VolumeReference(parsing: reference)
        let interruption = Interruption()
        var line = ProgressLine(isQuiet: options.quiet)
        defer { line.end() }
        let result = try options.publisher().verify(
            reference.volume, at: reference.revision, stallLimit: .seconds(timeout),
            progress: { result in
                line.show(
                    ProgressLine.Step(
                        label: "verifying", files: result.files, bytes: result.bytes,
                        problems: result.faults.count, expectedFiles: nil, expectedBytes: nil))
            },
            isCancelled: { interruption.isRequested })
        line.end()
        report(result, reference)
        if !result.faults.isEmpty || !result.isCatalogueSound { throw QuietFailure() }
    }

    private func report(_ result: Publisher.Verification, _ reference: VolumeReference) {
        if options.json {
            Output.object(
                Report(
                    files: result.files, bytes: result.bytes, digested: result.digested,
                    isCatalogueSound: result.isCatalogueSound,
                    faults: result.faults.map {
                        Report.Fault(path: Output.text($0.path), detail: $0.detail)
                    }))
            return
        }
        for fault in result.faults {
            Output.line("\(Printable.escaped(fault.path)): \(fault.detail)")
        }
        if !result.isCatalogueSound {
            Output.line(
                "the catalogue's rows do not give the state digest of \(reference.volume)\(reference.revision): restore the "
                    + "state folder from a backup")
        }
        options.say(
            "Verified \(Human.count(result.files, "file")), \(Human.bytes(result.bytes)): "
                + "\(result.digested) by digest, \(result.faults.count) differ")
    }

    private struct Report: Encodable {
        var files: Int
        var bytes: Int64
        var digested: Int
        var isCatalogueSound: Bool
        var faults: [Fault]

        struct Fault: Encodable {
            var path: String
            var detail: String
        }
    }
}
