internal import Glibc

/// The process that serves a mount, as /proc shows it.
package struct FuseDaemon: Hashable, Sendable {
    /// Its process ID.
    package let pid: Int32
    /// Whether a signal (SIGSTOP, a debugger) has stopped it.
    package let isStopped: Bool

    /// The process that holds the connection of the mount at `mountPoint`.
    ///
    /// - Parameter mountPoint: as the mount table shows it.
    /// - Returns: nil where none can be seen: it is gone, or another user's.
    package static func serving(_ mountPoint: String) -> FuseDaemon? {
        guard let connection = (try? FuseMountTable.topmost(at: mountPoint))??.minor else {
            return nil
        }
        for name in names(in: "/proc") {
            guard let pid = Int32(name) else { continue }
            for file in names(in: "/proc/\(pid)/fd") where isDevice("/proc/\(pid)/fd/\(file)") {
                let isOurs: Bool
                if let number = number(of: "/proc/\(pid)/fdinfo/\(file)") {
                    isOurs = number == connection
                } else {
                    // Linux before 6.9 does not tell: who was started for this mount point then.
                    isOurs = words(of: pid).contains(mountPoint)
                }
                if isOurs { return FuseDaemon(pid: pid, isStopped: isStopped(pid)) }
            }
        }
        return nil
    }

    private static func names(in folder: String) -> [String] {
        // Gone, or another user's.
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                        String(cString: $0)
                    }
                })
        }
        return names
    }

    private static func isDevice(_ link: String) -> Bool {
        var target = [UInt8](repeating: 0, count: 64)
        let count = target.withUnsafeMutableBytes { target in
            readlink(link, target.baseAddress!.assumingMemoryBound(to: CChar.self), target.count)
        }
        return count > 0 && String(decoding: target[..<count], as: UTF8.self) == "/dev/fuse"
    }

    /// The number behind `fuse_connection:`, which is the mount's minor number.
    private static func number(of path: String) -> UInt32? {
        guard let text = try? FuseMountTable.contents(of: path) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("fuse_connection:") {
            return line.split(whereSeparator: \.isWhitespace).last.flatMap { UInt32($0) }
        }
        return nil
    }

    private static func words(of pid: Int32) -> [String] {
        let text = (try? FuseMountTable.contents(of: "/proc/\(pid)/cmdline")) ?? ""
        return text.split(separator: "\0").map { String($0) }
    }

    /// The state stands behind the last parenthesis of proc(5)'s `stat`: T stopped, t traced.
    private static func isStopped(_ pid: Int32) -> Bool {
        guard let text = try? FuseMountTable.contents(of: "/proc/\(pid)/stat"),
            let end = text.lastIndex(of: ")")
        else { return false }
        let state = text[text.index(after: end)...].drop { $0 == " " }.first
        return state == "T" || state == "t"
    }
}
