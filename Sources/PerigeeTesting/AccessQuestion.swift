package import VolumeModel

/// What every front end is asked: who has what at a path of a volume's state.
package struct AccessQuestion: Hashable, Sendable, CustomStringConvertible {
    /// The volume.
    package let volume: VolumeName
    /// Which state of it.
    package let revision: RevisionSelector
    /// Where in it; the root for the volume itself.
    package let path: EntryPath

    /// Puts a question together.
    package init(_ volume: VolumeName, _ revision: RevisionSelector, _ path: EntryPath) {
        self.volume = volume
        self.revision = revision
        self.path = path
    }

    /// As the command line writes it.
    package var description: String {
        path.isRoot ? "\(volume)\(revision)" : "\(volume)\(revision):\(path)"
    }

    /// `text` with what was asked for taken out, so that refusals of two questions can be compared.
    package func generalised(_ text: String) -> String {
        var parts: [(String, String)] = []
        if !path.isRoot {
            // As it is, and as messages write it.
            let name = path.segments.last.map { Array($0) } ?? []
            for (bytes, placeholder) in [
                (Array(description.utf8), "<path>"), (path.bytes, "<path>"), (name, "<name>"),
            ] {
                let escaped = Printable.escaped(bytes)
                // A message that names an odd name is escaped as a whole once more.
                parts.append((Printable.escaped(Array(escaped.utf8)), placeholder))
                parts.append((escaped, placeholder))
                parts.append((String(decoding: bytes, as: UTF8.self), placeholder))
            }
        }
        parts += [("\(volume)\(revision)", "<volume>"), (volume.string, "<volume>")]
        // What is shorter is a part of other words.
        return parts.filter { $0.0.utf8.count > 2 }.reduce(text) { text, part in
            text.split(separator: part.0, omittingEmptySubsequences: false)
                .joined(separator: part.1)
        }
    }
}

/// What a front end answers, or has to.
package enum AccessAnswer: Hashable, Sendable, CustomStringConvertible {
    /// There is nothing of that name.
    case absent
    /// A folder with these names, in the order of their keys.
    case folder([[UInt8]])
    /// A file of that many bytes that can be seen and not read.
    case closed(size: Int64)
    /// A file with these bytes.
    case content([UInt8])
    /// A file that could be read, but whose origin holds another version by now.
    case gone(size: Int64)

    package var description: String {
        switch self {
        case .absent: "absent"
        case .folder(let names):
            "folder of \(names.map { String(decoding: $0, as: UTF8.self) })"
        case .closed(let size): "closed, \(size) bytes"
        case .content(let bytes): "\(bytes.count) bytes: \(Printable.quoted(bytes.prefix(60)))"
        case .gone(let size): "gone, \(size) bytes"
        }
    }
}

/// An answer with everything else that came out of the front end with it.
package struct AccessReport: Sendable {
    /// The answer.
    package var answer: AccessAnswer
    /// When what is there was changed last, as far as that is told.
    package var modified: Timestamp?
    /// What was said where something was refused: an error's code and words, or an errno.
    package var refusal: String?
    /// All other words that came out: attributes, details, headers.
    package var words: String

    /// Puts a report together.
    package init(
        _ answer: AccessAnswer, modified: Timestamp? = nil, refusal: String? = nil,
        words: String = ""
    ) {
        self.answer = answer
        self.modified = modified
        self.refusal = refusal
        self.words = words
    }
}

/// What a front end says of everything that it shows, as `statfs` does.
package struct AccessTotals: Hashable, Sendable {
    /// Files and folders, the front end's own root not among them.
    package var nodes: Int64
    /// Bytes of content.
    package var bytes: Int64
    /// What bytes are rounded up to a multiple of.
    package var unit: Int64

    /// Puts totals together.
    package init(nodes: Int64, bytes: Int64, unit: Int64 = 1) {
        self.nodes = nodes
        self.bytes = bytes
        self.unit = unit
    }
}
