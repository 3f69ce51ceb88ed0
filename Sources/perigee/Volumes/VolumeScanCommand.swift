internal import AccessControl
internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import VolumeModel
internal import VolumeService

struct VolumeScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Look at a volume's files, and make a candidate of what has changed.",
        discussion: """
            Nobody sees a candidate until it is published; hst@candidate names it for ls, stat, cat \
            and diff. A scan of a part leaves the rest as it is, and several scans add up. \
            What a source holds and a volume cannot show (links out of the root, sockets, names that \
            are not UTF-8, unreadable files) is listed by: perigee volume show hst --problems

            --attributes replaces what the archive says of its entries, by which rules can tell them \
            apart. The file has a header and a row a line, with tabs between the columns:

              glob  key  value  [metadata_release]  [data_release]

            It is in force at once, in all revisions, as soon as the scan is through.

            Example:
              perigee volume scan hst
              perigee volume scan hst --prefix hub_hstdata_i/i/b4x --exclude '*.tmp'
              perigee volume scan hst --digests-from /archive/hst/SHA256SUMS
              perigee volume scan hst --attributes proposals.tsv
            """)

    @Argument(help: "The volume.") var name: String
    @Option(help: ArgumentHelp("Scan only this part.", valueName: "path")) var prefix: String?
    @Option(
        help: ArgumentHelp(
            "Scan only the paths in this file, one a line (NUL between them also goes; - for "
                + "standard input).", valueName: "file"), completion: .file())
    var changes: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Leave out what matches; a pattern without a slash means names at any depth. For this "
                + "scan only.", valueName: "pattern"))
    var exclude: [String] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Compute this digest of every file: sha256, or tree, by which parts of a file can be "
                + "checked; can be given twice.", valueName: "sha256|tree"))
    var digest: [DigestChoice] = []
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Take digests from a sha256sum or md5sum file.", valueName: "file"),
        completion: .file())
    var digestsFrom: [String] = []
    @Option(
        help: ArgumentHelp(
            "Take attributes and release times of entries from a table; - for standard input.",
            valueName: "file"), completion: .file())
    var attributes: String?
    @Flag(help: "Take the table even where more than a tenth of the rows before goes.")
    var force = false
    @Flag(help: "Fail where anything cannot be shown, or an attribute is about nothing.")
    var strict = false
    @Flag(help: "Take an empty source as it is, though files are published from it.")
    var allowEmpty = false
    @Option(help: "Threads that list folders and read files.") var threads = 4
    @Option(help: ArgumentHelp("Give up when the origin says nothing for so long.", valueName: "s"))
    var timeout = 60
    @OptionGroup var options: StateOptions

    enum DigestChoice: String, ExpressibleByArgument, CaseIterable {
        case sha256
        case tree
    }

    func validate() throws {
        guard prefix == nil || changes == nil else {
            throw ValidationError("Give either --prefix or --changes, not both.")
        }
        guard attributes != nil || !force else {
            throw ValidationError("--force is about --attributes.")
        }
        guard (1...64).contains(threads), (1...86_400).contains(timeout) else {
            throw ValidationError("--threads is 1 to 64, --timeout 1 to 86400 seconds.")
        }
    }

    func run() throws {
        let name = try VolumeName(name)
        let scan = try scanOptions()
        let publisher = try options.publisher()
        let interruption = Interruption()
        var line = ProgressLine(isQuiet: options.quiet)
        defer { line.end() }
        let report = try publisher.scan(
            name, options: scan,
            progress: { progress in
                line.show(
                    ProgressLine.Step(
                        label: progress.phase.rawValue, files: progress.files,
                        bytes: progress.bytes, problems: progress.problems,
                        expectedFiles: progress.expectedFiles,
                        expectedBytes: progress.expectedBytes))
            },
            isCancelled: { interruption.isRequested })
        line.end()
        if options.json {
            Output.object(Report(report))
        } else {
            tell(report)
        }
    }

    private func scanOptions() throws(PerigeeError) -> ScanOptions {
        var scan = ScanOptions()
        scan.prefix = try prefix.map { text throws(PerigeeError) in try EntryPath(text) }
        scan.changes = try changes.map { file throws(PerigeeError) in
            try ChangeList.parse(try InputFile.read(file), named: file)
        }
        for pattern in exclude {
            // A name at any depth, as with rsync and git.
            scan.excludes.append(
                try PathPattern(
                    pattern.utf8.contains(UInt8(ascii: "/")) ? pattern : "**/" + pattern)
            )
        }
        scan.computesDigests = digest.contains(.sha256)
        scan.computesTrees = digest.contains(.tree)
        for file in digestsFrom {
            scan.givenDigests += try DigestList.parse(try InputFile.read(file), named: file)
        }
        scan.attributes = try attributes.map { file throws(PerigeeError) in
            try AttributeTable.parse(try InputFile.read(file), named: file)
        }
        scan.allowsFewerAttributes = force
        scan.isStrict = strict
        scan.allowsEmpty = allowEmpty
        scan.threads = threads
        scan.stallLimit = .seconds(timeout)
        return scan
    }

    private func tell(_ report: ScanReport) {
        let problems = report.problems.values.reduce(0, +)
        options.say(
            "Scanned \(report.volume) in \(Human.oneDigit(report.seconds)) s: "
                + "\(Human.count(report.files, "file")), \(Human.bytes(report.bytes)); \(report.added) added, \(report.changed) changed, "
                + "\(report.removed) removed")
        if problems > 0 {
            options.say(
                "\(Human.count(problems, "problem")), listed by: perigee volume show \(report.volume) "
                    + "--problems")
        }
        if report.reassigned > 0 {
            options.say(
                "\(Human.count(report.reassigned, "entry", "entries")) got other attributes"
                    + (attributes == nil ? "" : ", in all revisions at once"))
        }
        if report.trustsFirstUse {
            options.say(
                "The root is not trusted: its tree digests are of what it sent now, and only hold it "
                    + "to that, except where a digest was given that the bytes agree with "
                    + "(--digests-from, or a manifest's)")
        }
        tellUnused(report)
        options.say(
            report.hasCandidate
                ? "Publish it as \(report.number): perigee volume publish \(report.volume)"
                : "Nothing differs from what is published")
    }

    /// Warns of rows of the attribute table that are about nothing.
    private func tellUnused(_ report: ScanReport) {
        let unused = report.unusedAttributes
        guard !unused.isEmpty else { return }
        options.say("\(Human.count(unused.count, "row")) of the attribute table match nothing:")
        for row in unused.prefix(10) {
            options.say("  line \(row.line): \(Printable.quoted(row.pattern.text)) \(row.key)")
        }
        if unused.count > 10 { options.say("  and \(unused.count - 10) more") }
    }

    private struct Report: Encodable {
        var volume: String
        var candidate: Int?
        var files: Int64
        var bytes: Int64
        var added: Int
        var changed: Int
        var removed: Int
        var reassigned: Int
        var unusedAttributes: Int
        var trustsFirstUse: Bool
        var problems: [String: Int]
        var seconds: Double

        init(_ report: ScanReport) {
            volume = report.volume.string
            candidate = report.hasCandidate ? report.number.value : nil
            files = report.files
            bytes = report.bytes
            added = report.added
            changed = report.changed
            removed = report.removed
            reassigned = report.reassigned
            unusedAttributes = report.unusedAttributes.count
            trustsFirstUse = report.trustsFirstUse
            problems = Dictionary(
                uniqueKeysWithValues: report.problems.map { ($0.key.label, $0.value) })
            seconds = report.seconds
        }
    }
}

/// A list of paths in a file.
enum ChangeList {
    /// One path a line, or with a NUL between them where the file has any.
    ///
    /// - Throws: `.invalidArgument` that names the line.
    static func parse(_ bytes: [UInt8], named file: String) throws(PerigeeError) -> [EntryPath] {
        let separator: UInt8 = bytes.contains(0) ? 0 : UInt8(ascii: "\n")
        var paths: [EntryPath] = []
        var number = 0
        for line in bytes.split(separator: separator, omittingEmptySubsequences: false) {
            number += 1
            var line = line
            if separator != 0, line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            if line.starts(with: Array("./".utf8)) { line = line.dropFirst(2) }
            if line.isEmpty { continue }
            do throws(PerigeeError) {
                paths.append(try EntryPath(trimmingSlashes: line))
            } catch {
                throw PerigeeError(
                    .invalidArgument,
                    "\(Printable.quoted(file)), line \(number): \(error.message)",
                    remedy: "each line is a path below the volume's root")
            }
        }
        return paths
    }
}
