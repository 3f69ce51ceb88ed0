internal import AccessControl
internal import ArgumentParser
internal import Glibc
internal import PolicyFiles
internal import VolumeModel
internal import YAMLFiles

struct PolicyTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract:
            "Check what policy files decide against assertions: who, what, when, which level.",
        discussion: """
            Asks the files alone; no state is needed. The policies are those of the folder above \
            the tests' own, unless -f names others.

            Example:
              perigee policy test policies/tests
              perigee policy test hst-tests.yaml -f policies

            Exit status: 0 all hold, 1 one does not, or a file is faulty.
            """)

    @Argument(
        help: ArgumentHelp("A folder of assertions, or one file.", valueName: "dir|file"),
        completion: .file())
    var tests: String
    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("The policies: a folder, or one file.", valueName: "dir|file"),
        completion: .file())
    var files: String?
    @OptionGroup var options: StateOptions

    func run() throws {
        let run = try PolicyReport.telling(options, about: tests) {
            let tests = try PolicyTest.read(PolicySource.read(tests))
            guard !tests.isEmpty else {
                throw PerigeeError(
                    .conflict, "there is no assertion in \(Printable.quoted(self.tests))",
                    remedy: "write documents kind: Test with cases, or name another folder")
            }
            let set = try PolicySet(PolicySource.read(files ?? Self.folder(above: self.tests)))
            return try PolicyTestRun(tests, against: set)
        }
        show(run)
        if !run.failures.isEmpty { throw QuietFailure() }
    }

    /// The folder above that of the tests.
    private static func folder(above tests: String) -> String {
        var status = stat()
        let isFile = stat(tests, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
        let folder = isFile ? parent(of: tests) : tests
        return parent(of: folder)
    }

    private static func parent(of path: String) -> String {
        let path = String(path.trimmingSuffix { $0 == "/" })
        let name = path.split(separator: "/").last ?? ""
        if name == "." || name == ".." || name.isEmpty { return "\(path.isEmpty ? "/" : path)/.." }
        let above = path.dropLast(name.count).trimmingSuffix { $0 == "/" }
        return above.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : String(above)
    }

    private func show(_ run: PolicyTestRun) {
        if options.json {
            return Output.object(
                Report(
                    count: run.count,
                    failures: run.failures.map {
                        Report.Failure(
                            file: $0.test.place.file, line: $0.test.place.line,
                            column: $0.test.place.column, subject: "\($0.test.subject)",
                            volume: $0.test.volume.value.string, path: $0.test.path?.description,
                            at: $0.test.at.iso8601, expected: "\($0.test.level)",
                            found: "\($0.found.level)", explanation: $0.explanation)
                    }))
        }
        for failure in run.failures {
            Output.line(failure.description)
            for line in failure.explanation { Output.line("  \(line)") }
        }
        if run.failures.isEmpty {
            options.say("\(Human.count(run.count, "assertion")), and all hold")
        } else {
            Output.line("\(run.failures.count) of \(Human.count(run.count, "assertion")) fail")
        }
    }

    private struct Report: Encodable {
        var count: Int
        var failures: [Failure]

        struct Failure: Encodable {
            var file: String
            var line: Int
            var column: Int
            var subject: String
            var volume: String
            var path: String?
            var at: String
            var expected: String
            var found: String
            var explanation: [String]
        }
    }
}

extension StringProtocol {
    /// Without the characters at its end of which that is true.
    fileprivate func trimmingSuffix(while isGone: (Character) -> Bool) -> SubSequence {
        guard let last = lastIndex(where: { !isGone($0) }) else { return self[endIndex...] }
        return self[...last]
    }
}
