internal import AccessControl
internal import Foundation
internal import VolumeModel

/// Who is in which team, as an archive's table says: `team<TAB>user[<TAB>role[<TAB>until]]`, a line
/// each; lines that begin with `#`, empty ones, and a first line `team<TAB>user...` say nothing.
struct TeamTable {
    /// What the file says of one team.
    struct Team {
        /// The line that names it first.
        var line: Int
        /// Its members, each with its line.
        var members: [UserName: Row] = [:]
    }

    /// One line.
    struct Row {
        var line: Int
        var membership: Membership
    }

    /// Bytes of the largest file that is read.
    static let largestFile = 64 << 20

    /// The file, as messages call it.
    let file: String
    /// The teams that are in it.
    private(set) var teams: [TeamName: Team] = [:]

    /// Reads a file.
    ///
    /// - Throws: `.invalidArgument` that names the file and the lines that are off; `.notFound`,
    ///   `.storageFailed`.
    init(contentsOf path: String) throws(PerigeeError) {
        try self.init(Self.read(path), from: path)
    }

    /// Reads a file's content.
    ///
    /// - Throws: `.invalidArgument` that names the file and the lines that are off.
    init(_ content: [UInt8], from path: String) throws(PerigeeError) {
        file = Printable.escaped(Array(path.utf8))
        var faults: [Fault] = []
        var number = 0
        var isFirst = true
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        let content = content.starts(with: mark) ? content.dropFirst(3) : content[...]
        for bytes in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        {
            number += 1
            let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
            if bytes.first == UInt8(ascii: "#") || bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
                continue
            }
            defer { isFirst = false }
            do throws(PerigeeError) {
                try add(bytes, number, isFirst: isFirst)
            } catch {
                faults.append(Fault(line: number, error: error))
            }
        }
        if let first = faults.first { throw error(first, rest: faults.dropFirst()) }
    }

    private struct Fault {
        var line: Int
        var error: PerigeeError
    }

    private mutating func add(
        _ bytes: ArraySlice<UInt8>, _ line: Int, isFirst: Bool
    ) throws(PerigeeError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PerigeeError(.invalidArgument, "the line is no UTF-8")
        }
        let fields = text.split(separator: "\t", omittingEmptySubsequences: false)
            .map { $0.trimmingPrefix(while: { $0 == " " }) }
            .map { String($0.reversed().trimmingPrefix(while: { $0 == " " }).reversed()) }
        if isFirst, fields.starts(with: ["team", "user"]) { return }
        guard (2...4).contains(fields.count) else {
            throw PerigeeError(
                .invalidArgument, "the line has \(fields.count) of 2 to 4 fields",
                remedy: "separate team, user, role and until by tabs")
        }
        let team = try TeamName(fields[0])
        let user = try UserName(fields[1])
        var membership = Membership(member: .user(user))
        if fields.count > 2, !fields[2].isEmpty {
            guard let role = TeamRole(rawValue: fields[2]) else {
                throw PerigeeError(
                    .invalidArgument, "\(Printable.quoted(fields[2])) is no role",
                    remedy: "a role is owner, manager or member")
            }
            membership.role = role
        }
        if fields.count > 3, !fields[3].isEmpty {
            membership.until = try Timestamp(parsing: fields[3])
        }
        if let before = teams[team]?.members[user] {
            guard before.membership == membership else {
                throw PerigeeError(
                    .invalidArgument,
                    "\(user) is in \(team) already, otherwise, by line"
                        + " \(before.line)", remedy: "leave one of the lines")
            }
            return
        }
        teams[team, default: Team(line: line)].members[user] = Row(
            line: line, membership: membership)
    }

    private func error(_ first: Fault, rest: ArraySlice<Fault>) -> PerigeeError {
        var message = "\(file):\(first.line): \(first.error.message)"
        if !rest.isEmpty {
            let lines = rest.prefix(9).map { "\(file):\($0.line)" }.joined(separator: ", ")
            message +=
                "; \(Human.count(rest.count, "more line")) off: \(lines)"
                + (rest.count > 9 ? " and more" : "")
        }
        let remedy = first.error.remedy.map { "\($0); nothing was changed" }
        return PerigeeError(.invalidArgument, message, remedy: remedy ?? "nothing was changed")
    }

    private static func read(_ path: String) throws(PerigeeError) -> [UInt8] {
        let name = Printable.quoted(path)
        let data: Data?
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            data = try file.read(upToCount: largestFile + 1)
        } catch {
            throw PerigeeError(
                .notFound, "the table \(name) cannot be read",
                remedy: "name a file that this user may read")
        }
        guard let data, data.count <= largestFile else {
            throw PerigeeError(
                .invalidArgument,
                "the table \(name) is empty, or larger than"
                    + " \(Human.bytes(Int64(largestFile)))",
                remedy: "a table that says that there is nobody is taken for a mistake")
        }
        return Array(data)
    }
}
