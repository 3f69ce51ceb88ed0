internal import Glibc
internal import NIOCore
internal import S3Protocol

/// Finds heads of requests in what a connection brings, however it is cut into pieces.
struct RequestReader {
    /// What was found.
    enum Found {
        /// No head has come to its end yet.
        case nothing
        case head(RequestHead)
        /// What came is no request, and nothing behind it can be one.
        case fault(S3ErrorCode)
    }

    /// What has come and was not taken.
    private(set) var bytes = ByteBuffer()
    /// How much of it was looked at, and where the line under way begins.
    private var scanned = 0
    private var lineStart = 0

    /// Whether nothing is left.
    var isEmpty: Bool { bytes.readableBytes == 0 }

    /// Adds what has come.
    mutating func append(_ new: ByteBuffer) {
        if isEmpty {
            bytes = new
        } else {
            var new = new
            bytes.writeBuffer(&new)
        }
    }

    /// Throws away the first bytes, between two heads.
    ///
    /// - Returns: how many there were, `count` at most.
    mutating func drop(_ count: Int) -> Int {
        let count = min(count, bytes.readableBytes)
        forget(count)
        return count
    }

    /// Takes the next head.
    ///
    /// - Parameter limit: the most bytes that it may have.
    mutating func next(limit: Int) -> Found {
        let found = bytes.withUnsafeReadableBytes { bytes -> End in
            while let end = Self.lineEnd(bytes, from: scanned) {
                // The same bytes must not be one line here and another elsewhere.
                guard end > 0, bytes[end - 1] == UInt8(ascii: "\r") else { return .fault }
                scanned = end + 1
                let isEmpty = end - 1 == lineStart
                if isEmpty, lineStart == 0 { return .blank }
                if isEmpty { return .head(end + 1) }
                lineStart = scanned
            }
            // Whoever speaks another protocol is told at once.
            if let first = bytes.first, first != UInt8(ascii: "\r"), !HeaderByte.isToken(first) {
                return .fault
            }
            scanned = bytes.count
            return .none
        }
        switch found {
        case .none:
            return bytes.readableBytes > limit ? .fault(.requestHeaderSectionTooLarge) : .nothing
        case .fault: return .fault(.badRequest)
        case .blank:
            // One may stand behind a body that was counted wrong (RFC 9112, 2.2).
            restart(behind: 2)
            return next(limit: limit - 2)
        case .head(let count):
            guard count <= limit else { return .fault(.requestHeaderSectionTooLarge) }
            let head = bytes.withUnsafeReadableBytes { bytes in Array(bytes[..<count]) }
            restart(behind: count)
            return RequestHead(head).map { .head($0) } ?? .fault(.badRequest)
        }
    }

    /// What a look at the bytes has come to.
    private enum End {
        case none
        case fault
        case blank
        case head(Int)
    }

    private mutating func restart(behind count: Int) {
        forget(count)
        (scanned, lineStart) = (0, 0)
    }

    private mutating func forget(_ count: Int) {
        bytes.moveReaderIndex(forwardBy: count)
        // Whoever reads from the socket can use the memory again.
        if isEmpty { bytes = ByteBuffer() }
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return found - UnsafeMutableRawPointer(mutating: base)
    }
}
