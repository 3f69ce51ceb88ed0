internal import ArgumentParser
internal import Foundation
internal import SampleArchive
internal import VolumeModel

/// The end of a command that did not do what it was asked: words on standard error, an exit status.
enum Failure {
    /// The exit status of each kind of error: 64 where the command's words are off, else 1.
    static func status(of code: PerigeeError.Code) -> Int32 {
        code == .invalidArgument ? 64 : 1
    }

    /// Prints `error` and ends the process.
    static func exit(with error: any Error) -> Never {
        switch error {
        case let error as PerigeeError:
            print(error)
            Foundation.exit(status(of: error.code))
        case let error as SampleArchiveError:
            let isUsage = error.code == .invalidArgument
            print(
                PerigeeError(isUsage ? .invalidArgument : .storageFailed, error.message))
            Foundation.exit(isUsage ? 64 : 1)
        case is QuietFailure:
            Foundation.exit(1)
        default:
            guard Perigee.exitCode(for: error) == .validationFailure else {
                // Help, version, completion scripts.
                Perigee.exit(withError: error)
            }
            printUsage(error)
            Foundation.exit(64)
        }
    }

    /// What the parser says of words that are off, in the form of all other errors.
    private static func printUsage(_ error: any Error) {
        let heading = "Error: "
        var text = Perigee.fullMessage(for: error)
        if text.hasPrefix(heading) { text.removeFirst(heading.count) }
        guard wantsJSON else { return Terminal.errorLine("perigee: \(text)") }
        let (message, rest) = text.splitFirstLine()
        print(PerigeeError(.invalidArgument, message, remedy: rest))
    }

    private static var wantsJSON: Bool { CommandLine.arguments.contains("--json") }

    private static func print(_ error: PerigeeError) {
        if wantsJSON {
            let words = ErrorWords(
                code: error.code.rawValue, message: error.message, remedy: error.remedy,
                cause: error.cause.map { "\($0)" })
            Terminal.errorLine(Output.json(["error": words]))
        } else {
            var text = "perigee: \(error.message)"
            if let cause = error.cause { text += ": \(cause)" }
            if let remedy = error.remedy { text += "\n  \(remedy)" }
            Terminal.errorLine(text)
        }
    }

    private struct ErrorWords: Encodable {
        var code: String
        var message: String
        var remedy: String?
        var cause: String?
    }
}

extension String {
    /// What stands before the first line end, and what behind it, if anything.
    fileprivate func splitFirstLine() -> (String, String?) {
        guard let end = firstIndex(of: "\n") else { return (self, nil) }
        return (String(self[..<end]), String(self[index(after: end)...]))
    }
}

/// A command whose output has said already what is wrong.
struct QuietFailure: Error {}
