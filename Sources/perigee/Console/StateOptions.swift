internal import ArgumentParser
internal import ControlStore
internal import Foundation
internal import Identity
internal import Logging
internal import VolumeModel
internal import VolumeService

/// What every command takes.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The state folder (default: $PERIGEE_STATE, else ~/.local/state/perigee).",
            valueName: "dir"), completion: .directory)
    var state: String?

    @Flag(help: "Write JSON for machines: one object a line.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress, and no words where all went well.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Log what happens, on standard error.")
    var verbose = false

    /// The state folder that is meant; it may not exist yet.
    func folder() throws(PerigeeError) -> StateFolder {
        if let state { return try StateFolder(path: state) }
        return try StateFolder(
            path: try StateFolder.defaultPath(environment: ProcessInfo.processInfo.environment))
    }

    /// The open control store of a state that exists.
    func store() throws(PerigeeError) -> SQLiteControlStore {
        try SQLiteControlStore(try folder())
    }

    /// What the owner does with volumes.
    func publisher() throws(PerigeeError) -> Publisher {
        let folder = try folder()
        return Publisher(
            state: folder, store: try SQLiteControlStore(folder), logger: logger("publish"))
    }

    /// The keys and tokens of the state.
    func credentials() throws(PerigeeError) -> Credentials {
        let folder = try folder()
        return Credentials(
            try SQLiteControlStore(folder), state: folder,
            environment: ProcessInfo.processInfo.environment)
    }

    /// The volumes, to be read. What cannot be read is the command's own error, so that no warning
    /// says it as well.
    func service() throws(PerigeeError) -> LocalVolumeService {
        var logger = logger("volumes")
        if !verbose { logger.logLevel = .error }
        return try LocalVolumeService(
            state: try folder(), zone: try NodeZone.named(nil),
            cache: try CachePlace().cache(logger), logger: logger)
    }

    /// Logs to standard error; without `--verbose` only what a person should know.
    func logger(_ label: String) -> Logger {
        var logger = Logger(label: "perigee.\(label)") {
            StreamLogHandler.standardError(label: $0)
        }
        logger.logLevel = verbose ? .debug : .warning
        return logger
    }

    /// A line for people, unless they want none.
    func say(_ text: String) {
        if !quiet, !json { Output.line(text) }
    }
}

extension FilesContract: ExpressibleByArgument {}
extension Locality: ExpressibleByArgument {}
extension Fingerprint: ExpressibleByArgument {}
