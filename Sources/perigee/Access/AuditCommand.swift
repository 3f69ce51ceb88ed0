internal import AccessControl
internal import ArgumentParser
internal import ControlStore
internal import VolumeModel

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Tell who changed what, and who opened what.",
        discussion: """
            Changes of the state are a chain, which perigee audit verify goes through; opens of \
            files are in the logs of the processes that served them.

            Example:
              perigee audit --volume hst --since 2026-11-01
              perigee audit verify
            """,
        subcommands: [Show.self, Verify.self], defaultSubcommand: Show.self)

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List changes and opens in the order of time. Taken where nothing is said.",
            discussion: "Example: perigee audit --user jane --json")

        @Option(help: "Only what this user did, and what is about him.") var user: String?
        @Option(help: "Only what is about this volume.") var volume: String?
        @Option(
            help: ArgumentHelp(
                "Only what happened at this instant or later: 2026-11-22, 2026-11-22T16:00:00Z.",
                valueName: "time"))
        var since: String?
        @OptionGroup var options: StateOptions

        func run() throws {
            let filter = AuditReader.Filter(
                user: try user.map { text throws(PerigeeError) in try UserName(text) },
                volume: try volume.map { text throws(PerigeeError) in try VolumeName(text) },
                since: try since.map { text throws(PerigeeError) in try Timestamp(parsing: text) })
            let folder = try options.folder()
            var changes = EventPages(store: try SQLiteControlStore(folder), filter: filter)
            let isJSON = options.json
            let damage = try AuditReader(folder).read(filter) { timed throws(PerigeeError) in
                while let event = try changes.next(until: timed.time) {
                    AuditOutput.tell(event, isJSON)
                }
                AuditOutput.tell(timed, isJSON)
            }
            while let event = try changes.next(until: nil) { AuditOutput.tell(event, isJSON) }
            for place in damage {
                Terminal.errorLine(
                    "perigee: line \(place.line) of \(Printable.quoted(place.path)) is no record")
            }
            if !damage.isEmpty { throw QuietFailure() }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go through the chain of changes from its start, and print its head.",
            discussion: """
                Each change is hashed over the one before it, so that one which was altered, left \
                out, put in or moved is found. Whoever can write the state can also make the chain \
                anew, or cut its end off: note the head down where he cannot, and give it here \
                later. A head of any time before will do; a backup's manifest has one.

                Exit status: 0 the chain holds and has that head, 1 not.

                Example:
                  perigee audit verify
                  perigee audit verify --head 5c974d14681e0224e767e62757c7d3b6982a87f14c49...
                """)

        @Option(help: ArgumentHelp("A head that was printed once.", valueName: "hex"))
        var head: String?
        @OptionGroup var options: StateOptions

        func run() throws {
            let noted = try head.map { text throws(PerigeeError) in try Self.hash(text) }
            let found = try options.store().verifyAudit(noted: noted)
            let report = AuditVerificationReport(found)
            let isSound = found.fault == nil && (noted == nil || found.noted != nil)
            if options.json {
                Output.object(report)
            } else {
                options.say("\(Human.count(found.head.sequence, "change")), head \(report.head)")
                if let noted = found.noted {
                    options.say("The head that was noted is change \(noted)")
                }
            }
            guard !isSound else { return }
            if !options.json {
                if let fault = found.fault {
                    Output.line(
                        "Change \(fault.sequence) \(fault.detail): the database was altered by hand,"
                            + " or is damaged")
                } else {
                    Output.line(
                        "No change has the head that was noted: changes were taken away or altered"
                            + " since, or a backup from before it was restored")
                }
            }
            throw QuietFailure()
        }

        private static func hash(_ text: String) throws(PerigeeError) -> [UInt8] {
            guard let bytes = Hex.decode(text.utf8), bytes.count == 32 else {
                throw PerigeeError(
                    .invalidArgument, "\(Printable.quoted(text)) is no head of an audit chain",
                    remedy: "give the 64 hexadecimal digits that perigee audit verify printed")
            }
            return bytes
        }
    }
}

/// A verification as JSON.
private struct AuditVerificationReport: Encodable {
    var changes: Int64
    var head: String
    var broken: Int64?
    var detail: String?
    var noted: Int64?

    init(_ verification: AuditVerification) {
        changes = verification.head.sequence
        head = Hex.encode(verification.head.hash)
        broken = verification.fault?.sequence
        detail = verification.fault?.detail
        noted = verification.noted
    }
}
