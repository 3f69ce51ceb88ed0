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
            // Help, version, completion scripts and usage errors.
            Perigee.exit(withError: error)
        }
    }

    private static func print(_ error: PerigeeError) {
        if CommandLine.arguments.contains("--json") {
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

/// A command whose output has said already what is wrong.
struct QuietFailure: Error {}
