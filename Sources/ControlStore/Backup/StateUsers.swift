internal import Glibc
internal import VolumeModel

/// A process that has a file open.
struct FileUser: Hashable, Sendable, CustomStringConvertible {
    let process: Int32
    let name: String

    var description: String { "\(process) (\(name))" }

    /// The processes, this one left out, that have the file at the real path `path` open, by number;
    /// those of other users only as far as this one may look at them.
    static func all(of path: String) -> [FileUser] {
        let processes = ((try? folderNames("/proc")) ?? []).compactMap { Int32($0) }
        return processes.sorted().filter { $0 != getpid() && holds($0, path) }.map { process in
            let name = smallFile("/proc/\(process)/comm") ?? []
            let line = name.prefix { $0 != UInt8(ascii: "\n") }
            return FileUser(process: process, name: Printable.escaped(Array(line)))
        }
    }

    private static func holds(_ process: Int32, _ path: String) -> Bool {
        let folder = "/proc/\(process)/fd"
        guard let names = try? folderNames(folder) else { return false }
        return names.contains { name in
            // By name, without a look at the file: that of another may hang.
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink("\(folder)/\(name)", &buffer, buffer.count)
            return count > 0
                && buffer[..<count].lazy.map { UInt8(bitPattern: $0) }.elementsEqual(path.utf8)
        }
    }
}
