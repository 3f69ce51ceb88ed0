internal import Foundation
internal import VolumeModel

/// Files that somebody wants in the cache.
struct WantedFiles {
    /// `volume[@rN][:path]`.
    var reference: String
    /// Whether the path is what paths begin with, be it in the middle of a name; else it is a file, or a
    /// folder with all files below it.
    var isPrefix = false
    /// The entity tag that the file had, where that is known.
    var etag: String?

    /// The volume, as it was named.
    var volume: String { String(reference.prefix { $0 != ":" }) }
}

/// A list of what to fetch: references, or a receipt of a mount.
enum PrefetchManifest {
    /// Bytes of one at most: a receipt of 200,000 files has a quarter of it.
    private static let longest = 256 << 20

    /// - Parameter file: a path, or `-` for standard input.
    /// - Throws: `.invalidArgument` for what is neither.
    static func read(_ file: String) throws(PerigeeError) -> [WantedFiles] {
        let bytes = try InputFile.read(file, atMost: longest)
        let isReceipt = bytes.first { !" \n\r\t".utf8.contains($0) } == UInt8(ascii: "{")
        return isReceipt ? try receipt(bytes, file) : try lines(bytes, file)
    }

    private static func lines(_ bytes: [UInt8], _ file: String) throws(PerigeeError)
        -> [WantedFiles]
    {
        var wanted: [WantedFiles] = []
        for (index, line) in bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        )
        .enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            guard let text = String(validating: line, as: UTF8.self),
                (try? VolumeReference(parsing: text)) != nil
            else {
                throw PerigeeError(
                    .invalidArgument,
                    "line \(index + 1) of \(Printable.quoted(file)) is no reference: "
                        + Printable.quoted(Array(line)),
                    remedy: "write volume:path, as `perigee ls` takes it")
            }
            wanted.append(WantedFiles(reference: text))
        }
        return wanted
    }

    /// The members of a receipt that matter here.
    private struct Receipt: Decodable {
        struct File: Decodable {
            var volume: String
            var path: String
            var etag: String?
        }

        var receipt: Int
        var files: [File]
    }

    private static func receipt(_ bytes: [UInt8], _ file: String) throws(PerigeeError)
        -> [WantedFiles]
    {
        let receipt: Receipt
        do { receipt = try JSONDecoder().decode(Receipt.self, from: Data(bytes)) } catch {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(file)) is no receipt",
                remedy:
                    "copy it from MOUNTPOINT/.perigee/receipt.json, or write a reference a line",
                cause: error)
        }
        guard receipt.receipt == 1 else {
            throw PerigeeError(
                .newerFormat,
                "\(Printable.quoted(file)) is a receipt of form \(receipt.receipt), and this program "
                    + "reads form 1", remedy: "use the version of perigee that wrote it")
        }
        return receipt.files.map {
            WantedFiles(reference: "\($0.volume):\($0.path)", etag: $0.etag)
        }
    }
}
