package import VolumeModel
internal import VolumeService

/// What a mount has read, as JSON, of one instant.
///
/// One object; its member `files` holds an object a line, in the order of first openings. Whoever
/// warms a cache reads it back, see `perigee prefetch`.
package final class Receipt: Sendable {
    /// All of it.
    package let text: [UInt8]

    /// The form of what this version writes.
    static let format = 1

    init(text: [UInt8]) { self.text = text }

    /// The bytes of a range, cut at the end.
    package func bytes(_ range: ByteRange) -> ArraySlice<UInt8> {
        let start = Int(min(range.offset, Int64(text.count)))
        return text[start..<min(start + range.count, text.count)]
    }
}

/// Writes a receipt, a file after the other.
struct ReceiptWriter {
    private var text: [UInt8]
    private var isFirst = true

    /// - Parameters:
    ///   - identity: as whom was read.
    ///   - started: since when.
    init(identity: String, started: Timestamp, written: Timestamp) {
        text = Array("{\"receipt\":\(Receipt.format),\"identity\":".utf8)
        JSONText.append(identity.utf8, to: &text)
        text += Array(
            ",\"started\":\"\(started.iso8601)\",\"written\":\"\(written.iso8601)\",\"files\":["
                .utf8
        )
    }

    mutating func append(_ item: ReadList.Item, _ details: EntryDetails) {
        text += Array((isFirst ? "\n{" : ",\n{").utf8)
        isFirst = false
        text += Array("\"time\":\"\(item.time.iso8601)\",\"volume\":".utf8)
        JSONText.append("\(item.snapshot.name)@\(item.snapshot.number)".utf8, to: &text)
        text += Array(",\"path\":".utf8)
        JSONText.append(details.path.bytes, to: &text)
        text += Array(",\"size\":\(item.entry.size)".utf8)
        if let etag = details.etag {
            text += Array(",\"etag\":".utf8)
            JSONText.append(etag.text.utf8, to: &text)
        }
        text += Array(",\"digests\":{".utf8)
        for (index, digest) in details.digests.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            JSONText.append(digest.algorithm.rawValue.utf8, to: &text)
            text += Array(":\"\(Hex.encode(digest.bytes))\"".utf8)
        }
        text += Array("}}".utf8)
    }

    /// The receipt.
    ///
    /// - Parameter omitted: files that were read and are not in it.
    consuming func finish(omitted: Int) -> Receipt {
        var text = text
        text += Array("\n],\"omitted\":\(omitted)}\n".utf8)
        return Receipt(text: text)
    }
}
