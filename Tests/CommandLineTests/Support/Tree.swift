import Crypto
import Foundation
import Glibc
import PerigeeTesting
import VolumeModel

/// A folder with all below it, as a program that walks it sees it.
enum Tree {
    struct Entry: Equatable, CustomStringConvertible {
        var isFolder: Bool
        /// Bytes; 0 for a folder, whose size is the file system's own business.
        var size: Int
        var modified: Int64
        var sha256: String?

        var description: String {
            "\(isFolder ? "folder" : "file") \(size) \(modified) \(sha256 ?? "-")"
        }
    }

    /// All entries by their paths below `root`; reads every byte where `isHashing`.
    static func read(_ root: String, isHashing: Bool = true) throws -> [String: Entry] {
        var all: [String: Entry] = [:]
        try walk(root, "", isHashing, &all)
        return all
    }

    private static func walk(
        _ root: String, _ below: String, _ isHashing: Bool, _ all: inout [String: Entry]
    ) throws {
        let folder = below.isEmpty ? root : "\(root)/\(below)"
        guard case .ok(let names) = listing(folder) else {
            throw ProcessFailure(description: "cannot list \(folder): \(SystemError(errno))")
        }
        for name in names {
            let path = below.isEmpty ? name : "\(below)/\(name)"
            guard let facts = Facts("\(root)/\(path)") else {
                throw ProcessFailure(description: "\(root)/\(path) was listed and is not there")
            }
            let isRead = isHashing && !facts.isFolder
            all[path] = Entry(
                isFolder: facts.isFolder, size: facts.isFolder ? 0 : facts.size,
                modified: facts.modified.nanoseconds,
                sha256: isRead ? try sha256("\(root)/\(path)") : nil)
            if facts.isFolder { try walk(root, path, isHashing, &all) }
        }
    }

    static func sha256(_ path: String) throws -> String {
        switch contents(path) {
        case .ok(let bytes): hex(bytes)
        case .failed(let code):
            throw ProcessFailure(description: "cannot read \(path): \(SystemError(code))")
        }
    }

    static func hex(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// In what two trees differ, at most a few of them, for a message.
    static func differences(_ one: [String: Entry], _ other: [String: Entry]) -> [String] {
        Set(one.keys).union(other.keys).sorted().filter { one[$0] != other[$0] }.prefix(5).map {
            "\($0): \(one[$0].map { "\($0)" } ?? "absent") / "
                + "\(other[$0].map { "\($0)" } ?? "absent")"
        }
    }
}

/// The JSON objects of an output, one a line.
func objects(_ done: Finished) throws -> [[String: any Sendable]] {
    try done.lines.map { line in
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
        guard let object = value as? [String: any Sendable] else {
            throw ProcessFailure(description: "not a JSON object: \(line)")
        }
        return object
    }
}
