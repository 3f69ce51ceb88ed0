internal import Foundation
internal import Glibc
internal import VolumeModel

/// A file that the command line names.
enum InputFile {
    /// All of it; `-` is standard input.
    ///
    /// - Parameter limit: the most bytes that it may have.
    /// - Throws: `.invalidArgument` where it cannot be read, or is longer.
    static func read(_ path: String, atMost limit: Int = 4 << 30) throws(PerigeeError) -> [UInt8] {
        let bytes = try all(of: path, atMost: limit)
        guard bytes.count <= limit else {
            throw PerigeeError(
                .invalidArgument,
                "the file \(Printable.quoted(path)) has more than \(Human.bytes(Int64(limit)))")
        }
        return bytes
    }

    /// One byte more than the limit tells that it is longer.
    private static func all(of path: String, atMost limit: Int) throws(PerigeeError) -> [UInt8] {
        do {
            if path == "-" {
                return Array(try FileHandle.standardInput.read(upToCount: limit + 1) ?? Data())
            }
            var status = stat()
            // A pipe is what a shell makes of <(sha256sum *); a device may have no end.
            if stat(path, &status) == 0,
                ![S_IFREG, S_IFIFO].contains(status.st_mode & S_IFMT)
            {
                throw CocoaError(.fileReadUnknown)
            }
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            return Array(try file.read(upToCount: limit + 1) ?? Data())
        } catch {
            throw PerigeeError(
                .invalidArgument, "the file \(Printable.quoted(path)) cannot be read",
                remedy: "name a file or a pipe that this user may read")
        }
    }
}
