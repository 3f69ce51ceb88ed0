internal import Glibc

/// The mounts that this process sees, from /proc/self/mountinfo (proc_pid_mountinfo(5)).
///
/// Reading it touches no mounted file system, so it never waits for one.
package enum FuseMountTable {
    /// One line.
    package struct Entry: Hashable, Sendable {
        /// The mount's number in this table.
        package var id: Int
        /// The device's major number, 0 where there is no device.
        package var major: UInt32
        /// For a FUSE mount the number of its connection.
        package var minor: UInt32
        /// Absolute, with the escapes undone.
        package var mountPoint: String
        /// Such as `fuse.perigee`.
        package var type: String
        /// What is mounted, as its mounter named it.
        package var source: String
        /// The user who mounted a FUSE mount; nil for others.
        package var user: UInt32?
    }

    /// The mounts, later ones over earlier ones.
    ///
    /// - Throws: `FuseSessionError` if /proc cannot be read.
    package static func entries() throws -> [Entry] {
        parse(try contents(of: "/proc/self/mountinfo"))
    }

    /// The mount that a path names, the uppermost where several are stacked on it.
    ///
    /// - Parameter mountPoint: absolute, without `.`, `..`, links or a final `/`.
    /// - Returns: nil if nothing is mounted right there.
    /// - Throws: `FuseSessionError` if /proc cannot be read.
    package static func topmost(at mountPoint: String) throws -> Entry? {
        try entries().last { $0.mountPoint == mountPoint }
    }

    /// Reads lines of the form
    /// `36 35 98:0 /root /mount/point rw,noatime shared:1 master:2 - type source options`;
    /// those that are not of it are left out.
    package static func parse(_ text: String) -> [Entry] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // The optional fields end at a lone "-".
            guard fields.count >= 9, let id = Int(fields[0]),
                let separator = fields[6...].firstIndex(of: "-"), fields.count > separator + 2
            else { return nil }
            let device = fields[2].split(separator: ":").compactMap { UInt32($0) }
            guard device.count == 2 else { return nil }
            return Entry(
                id: id, major: device[0], minor: device[1], mountPoint: unescaped(fields[4]),
                type: unescaped(fields[separator + 1]), source: unescaped(fields[separator + 2]),
                user: fields.count > separator + 3 ? user(in: fields[separator + 3]) : nil)
        }
    }

    /// The `user_id` among a file system's options.
    private static func user(in options: Substring) -> UInt32? {
        for option in options.split(separator: ",") where option.hasPrefix("user_id=") {
            return UInt32(option.dropFirst("user_id=".count))
        }
        return nil
    }

    /// The kernel writes blank, tab, line feed, `\` and `#` as a backslash and three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        guard field.utf8.contains(UInt8(ascii: "\\")) else { return String(field) }
        let bytes = Array(field.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let digits = bytes[index...].dropFirst().prefix(3)
            if bytes[index] == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(value)
                index += 4
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A file of /proc, whose size is not known before it is read.
    static func contents(of path: String) throws -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw FuseSessionError(.mount, "cannot open \(path)", errno: errno)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        while true {
            let count = withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 8) { buffer in
                let count = read(file, buffer.baseAddress, buffer.count)
                if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
                return count
            }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            guard count > 0 || errno == EINTR else {
                throw FuseSessionError(.mount, "cannot read \(path)", errno: errno)
            }
        }
    }
}
