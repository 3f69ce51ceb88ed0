internal import VolumeModel
internal import Yams

extension YAMLText {
    /// What to do about everything that would expand.
    var noExpansion: String {
        "write the value itself: nothing in \(purpose.words) may expand"
    }

    /// A key that a mapping has already.
    static func duplicate(_ key: String, _ place: FilePlace) -> FileFaults {
        FileFaults(
            place, "the key \(Printable.quoted(key)) stands there twice",
            remedy: "keep one of them")
    }

    /// Values that stand too deep in one another.
    func tooDeep(_ place: FilePlace) -> FileFaults {
        FileFaults(
            place, "values nest more than \(YAMLFile.deepest) deep",
            remedy: "no document of \(purpose.words) nests more than six deep")
    }

    /// What the parser complains of, where it does.
    func faults(_ error: YamlError) -> FileFaults {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            if problem.contains("nesting level") {
                return tooDeep(place(line: mark.line, column: mark.column))
            }
            // Where a quote, a bracket or an alias begins says more than where it was given up.
            let start = Self.isLongAgo(problem) ? context?.mark ?? mark : mark
            return FileFaults(
                place(line: start.line, column: start.column),
                "this is no YAML: \(Self.words(context?.text, problem))",
                remedy: advice(problem, [mark, context?.mark].compactMap { $0 }))
        case .duplicatedKeysInMapping(let keys, let context):
            // The mark is that of the first one.
            let key = keys.first ?? ""
            let (line, column) = (context.mark.line, context.mark.column)
            let second = nextLine(behind: line, column: column, key: key)
            return Self.duplicate(key, place(line: second ?? line, column: column))
        default:
            return FileFaults(
                place(line: 1, column: 1), "this is no YAML: \(error)", remedy: "write it as YAML")
        }
    }

    private static func words(_ context: String?, _ problem: String) -> String {
        guard let context, !context.isEmpty else { return problem }
        return "\(context): \(problem)"
    }

    private static func isLongAgo(_ problem: String) -> Bool {
        ["end of stream", "alphabetic or numeric", "',' or ']'", "',' or '}'"].contains {
            problem.contains($0)
        }
    }

    /// What most likely is meant.
    private func advice(_ problem: String, _ marks: [Mark]) -> String {
        let scalars = marks.compactMap { scalar(line: $0.line, column: $0.column) }
        if scalars.contains("*") || scalars.contains("&") || problem.contains("alias") {
            return "put text that begins with * or & in quotes, as in \"**/*.fits\""
        }
        if scalars.contains(where: { "@`%|>".unicodeScalars.contains($0) }) {
            return "put text that begins with such a sign in quotes"
        }
        if problem.contains("mapping values are not allowed") {
            return "put text that holds a colon and a blank in quotes"
        }
        if scalars.contains("{") || scalars.contains("[") || problem.contains("flow") {
            return "close what was opened, and put a pattern that begins with { or [ in quotes"
        }
        return "look at the indentation, the quotes and the colons of this line and the one before"
    }
}
