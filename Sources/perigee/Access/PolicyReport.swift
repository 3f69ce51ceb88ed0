internal import PolicyFiles
internal import VolumeModel
internal import YAMLFiles

/// What is wrong with policy files, on standard error: all of it at once.
enum PolicyReport {
    /// Runs `body`; faults of files are printed, and end the command.
    static func telling<Value>(
        _ options: StateOptions, about folder: String, _ body: () throws -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch let faults as FileFaults {
            print(faults, folder, options)
            throw QuietFailure()
        }
    }

    private static func print(
        _ faults: FileFaults, _ folder: String, _ options: StateOptions
    ) {
        let count = Human.count(faults.count, "fault")
        let message = "\(count) in \(Printable.quoted(folder)); nothing was done"
        guard options.json else {
            Terminal.errorLine("perigee: \(message)")
            return Terminal.errorLine("\(faults)")
        }
        let first = faults.first
        Terminal.errorLine(
            Output.json([
                "error": Words(
                    code: PerigeeError.Code.invalidArgument.rawValue, message: message,
                    remedy: first.first?.remedy ?? "", faults: first.map { Fault($0) },
                    more: faults.count - first.count)
            ]))
    }

    private struct Words: Encodable {
        var code: String
        var message: String
        var remedy: String
        var faults: [Fault]
        var more: Int
    }

    private struct Fault: Encodable {
        var file: String
        var line: Int
        var column: Int
        var message: String
        var remedy: String

        init(_ fault: FileFault) {
            file = fault.place.file
            line = fault.place.line
            column = fault.place.column
            message = fault.message
            remedy = fault.remedy
        }
    }
}
