package import VolumeModel

/// Checksum files as GNU coreutils' `sha256sum` and `md5sum` write them, in both their forms:
///
///     <hex>  <path>            two spaces, or a space and a `*`
///     SHA256 (<path>) = <hex>  `--tag`
///
/// A backslash at the start of a line says that `\n`, `\r` and `\\` stand for the bytes in the path.
package enum DigestList {
    /// Reads a whole file's bytes; empty lines and lines that begin with `#` are skipped.
    ///
    /// - Throws: `.invalidArgument` that names the line.
    package static func parse(_ bytes: [UInt8], named file: String) throws(PerigeeError)
        -> [ScanOptions.GivenDigest]
    {
        var digests: [ScanOptions.GivenDigest] = []
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            var line = line
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            guard let (digest, name) = tagged(line) ?? plain(line) else {
                throw PerigeeError(
                    .invalidArgument,
                    "\(Printable.quoted(file)), line \(number): not a line of sha256sum or md5sum",
                    remedy: "each line is a digest in hexadecimal, two spaces and a path below the "
                        + "volume's root")
            }
            do throws(PerigeeError) {
                digests.append(
                    ScanOptions.GivenDigest(path: try path(name), digest: digest))
            } catch {
                throw PerigeeError(
                    .invalidArgument,
                    "\(Printable.quoted(file)), line \(number): \(error.message)",
                    remedy: "paths are relative to the volume's root")
            }
        }
        return digests
    }

    private static func path(_ name: [UInt8]) throws(PerigeeError) -> EntryPath {
        // `find . | xargs sha256sum` writes `./a/b`.
        let dotSlash = Array("./".utf8)
        return try EntryPath(name.starts(with: dotSlash) ? Array(name.dropFirst(2)) : name)
    }

    private static func plain(_ line: ArraySlice<UInt8>) -> (ContentDigest, [UInt8])? {
        let isEscaped = line.first == UInt8(ascii: "\\")
        let rest = isEscaped ? line.dropFirst() : line
        guard let space = rest.firstIndex(of: UInt8(ascii: " ")),
            let digest = digest(rest[..<space]), space + 2 < rest.endIndex,
            rest[space + 1] == UInt8(ascii: " ") || rest[space + 1] == UInt8(ascii: "*")
        else { return nil }
        let name = Array(rest[(space + 2)...])
        return (digest, isEscaped ? unescaped(name) : name)
    }

    private static func tagged(_ line: ArraySlice<UInt8>) -> (ContentDigest, [UInt8])? {
        let isEscaped = line.first == UInt8(ascii: "\\")
        let rest = isEscaped ? line.dropFirst() : line
        for (label, algorithm) in [("SHA256 (", DigestAlgorithm.sha256), ("MD5 (", .md5)] {
            guard rest.starts(with: Array(label.utf8)) else { continue }
            let digits = algorithm.byteCount * 2
            let middle = Array(") = ".utf8)
            let nameStart = rest.startIndex + label.utf8.count
            let nameEnd = rest.endIndex - digits - middle.count
            guard nameEnd > nameStart,
                rest[nameEnd..<(nameEnd + middle.count)].elementsEqual(middle),
                let digest = digest(rest[(nameEnd + middle.count)...]),
                digest.algorithm == algorithm
            else { return nil }
            let name = Array(rest[nameStart..<nameEnd])
            return (digest, isEscaped ? unescaped(name) : name)
        }
        return nil
    }

    private static func digest(_ hex: ArraySlice<UInt8>) -> ContentDigest? {
        guard let bytes = Hex.decode(hex) else { return nil }
        return DigestAlgorithm.allCases.lazy.compactMap { ContentDigest($0, bytes) }.first
    }

    private static func unescaped(_ name: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var isEscape = false
        for byte in name {
            if isEscape {
                switch byte {
                case UInt8(ascii: "n"): out.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "r"): out.append(UInt8(ascii: "\r"))
                default: out.append(byte)
                }
                isEscape = false
            } else if byte == UInt8(ascii: "\\") {
                isEscape = true
            } else {
                out.append(byte)
            }
        }
        return out
    }
}
