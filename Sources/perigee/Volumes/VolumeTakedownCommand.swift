internal import ArgumentParser
internal import VolumeModel
internal import VolumeService

struct VolumeTakedownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "takedown",
        abstract: "Take entries away from everybody, in every revision.",
        usage: """
            perigee volume takedown <volume>:<pattern> [--undo] [<options>]
            perigee volume takedown <volume> --list [<options>]
            """,
        discussion: """
            A pattern is matched on whole paths; one that matches a folder covers all below it. \
            The entries do not exist for anybody any more, whatever else is granted, behind links \
            neither. Nothing in the archive is touched, no revision is made, and all front ends \
            follow within a second. Write the pattern in quotes, for the shell.

            Example:
              perigee volume takedown 'hst:**/o4xl01*'
              perigee volume takedown hst --list
              perigee volume takedown 'hst:**/o4xl01*' --undo
            """)

    @Argument(help: ArgumentHelp("The volume, and what of it.", valueName: "volume:pattern"))
    var target: String
    @Flag(help: "Take the takedown of that pattern back.") var undo = false
    @Flag(help: "List what is taken down.") var list = false
    @OptionGroup var options: StateOptions

    func validate() throws {
        guard !undo || !list else { throw ValidationError("Give either --undo or --list.") }
    }

    func run() throws {
        let (name, pattern) = try parsed()
        let publisher = try options.publisher()
        if list {
            for takedown in try publisher.takedowns(of: name) { tell(takedown, of: name) }
        } else if let pattern, undo {
            let names = try publisher.undoTakedown(pattern, of: name)
            if options.json {
                Output.object(["volume": name.string, "removed": names.joined(separator: " ")])
            } else {
                options.say("\(name): \(names.joined(separator: ", ")) is taken back")
            }
        } else if let pattern {
            tell(try publisher.takeDown(pattern, of: name), of: name)
        }
    }

    /// A pattern may hold what no path does, so this is no reference.
    private func parsed() throws(PerigeeError) -> (VolumeName, PathPattern?) {
        let colon = target.firstIndex(of: ":")
        let volume = colon.map { String(target[..<$0]) } ?? target
        guard !volume.contains("@") else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(volume)) names a revision",
                remedy: "a takedown holds in all revisions: name the volume alone")
        }
        let name = try VolumeName(volume)
        guard let colon, case let text = String(target[target.index(after: colon)...]),
            !text.isEmpty
        else {
            guard list else {
                throw PerigeeError(
                    .invalidArgument, "\(Printable.quoted(target)) names no entries",
                    remedy: "write a volume and a pattern, as in 'hst:**/o4xl01*'")
            }
            return (name, nil)
        }
        guard !list else {
            throw PerigeeError(
                .invalidArgument, "--list is about a whole volume",
                remedy: "run: perigee volume takedown \(name) --list")
        }
        return (name, try PathPattern(text))
    }

    private func tell(_ takedown: Publisher.Takedown, of name: VolumeName) {
        if options.json {
            return Output.object(
                Report(
                    volume: name.string, rule: takedown.name, pattern: takedown.pattern.text,
                    files: takedown.covered?.files, folders: takedown.covered?.folders,
                    unfinished: takedown.unfinished?.description))
        }
        let pattern = Printable.quoted(takedown.pattern.text)
        if let error = takedown.unfinished {
            Terminal.errorLine(
                "perigee: \(takedown.name) \(pattern) of \(name) is in force, but what links lead"
                    + " to may be open by the link's path still: \(error)\n"
                    + "  take it down once more when that is mended")
            return
        }
        let covered =
            takedown.covered.map {
                "\(Human.count($0.files, "file")) and \(Human.count($0.folders, "folder")) of the "
                    + "current revision"
            } ?? "nothing is published"
        // Asked for, so that it is shown whatever else is not.
        let line = "\(takedown.name)  \(pattern)  covers \(covered)"
        if list { Output.line(line) } else { options.say(line) }
    }

    private struct Report: Encodable {
        var volume: String
        var rule: String
        var pattern: String
        var files: Int64?
        var folders: Int64?
        /// Why it is to be taken down once more, though it is in force.
        var unfinished: String?
    }
}
