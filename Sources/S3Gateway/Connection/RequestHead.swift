internal import S3Protocol

/// A request line and its header, as they came.
struct RequestHead: Sendable {
    /// What follows the header.
    enum Body: Hashable, Sendable {
        case nothing
        /// So many bytes, which are more than none.
        case counted(Int)
        /// Chunks, whose end nobody looks for: they are never asked for.
        case chunked
    }

    /// The method.
    let method: String
    /// Where the target stands in the header's buffer.
    let target: Range<Int>
    /// Whether it is of HTTP/1.0, where connections end unless both sides say otherwise.
    let isOld: Bool
    /// Whether the client wants to go on using the connection.
    let keepsAlive: Bool
    let body: Body
    /// The fields, in the buffer that holds all of the head.
    let header: RequestHeader
}

extension RequestHead {
    /// Reads all of a head, from its first byte to the empty line.
    ///
    /// What two servers could read differently is no request (RFC 9112, 2.2 to 7): line ends without
    /// their CR, spaces before a colon, folded lines, control characters, other than one `Host` or one
    /// without a value, two ways to tell where the body ends.
    ///
    /// - Returns: nil where it is none.
    init?(_ bytes: [UInt8]) {
        var lines = Lines(bytes)
        guard let line = lines.next(), let request = RequestLine(bytes, line) else { return nil }
        var fields: [RequestHeader.Field] = []
        fields.reserveCapacity(16)
        while let line = lines.next(), !line.isEmpty {
            guard let field = RequestHeader.Field(bytes, line) else { return nil }
            fields.append(field)
        }
        header = RequestHeader(bytes: bytes, fields: fields)
        guard let framing = Framing(header, isOld: request.isOld) else { return nil }
        method = request.method
        target = request.target
        isOld = request.isOld
        keepsAlive = framing.keepsAlive
        body = framing.body
    }

    /// The target as it was sent.
    var targetBytes: ArraySlice<UInt8> { header.bytes[target] }
}

/// The lines of a head, without their ends.
private struct Lines {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Range<Int>? {
        var end = position
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end < bytes.count, end > position, bytes[end - 1] == UInt8(ascii: "\r") else {
            return nil
        }
        defer { position = end + 1 }
        return position..<(end - 1)
    }
}

/// A method, a target and a version with one space between them.
private struct RequestLine {
    let method: String
    let target: Range<Int>
    let isOld: Bool

    init?(_ bytes: [UInt8], _ line: Range<Int>) {
        let space = UInt8(ascii: " ")
        guard let first = bytes[line].firstIndex(of: space), first > line.lowerBound,
            bytes[line.lowerBound..<first].allSatisfy(HeaderByte.isToken),
            let second = bytes[(first + 1)..<line.upperBound].firstIndex(of: space),
            second > first + 1
        else { return nil }
        target = (first + 1)..<second
        guard bytes[target].allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { return nil }
        let version = bytes[(second + 1)..<line.upperBound]
        isOld = version.elementsEqual("HTTP/1.0".utf8)
        guard isOld || version.elementsEqual("HTTP/1.1".utf8) else { return nil }
        method = String(decoding: bytes[line.lowerBound..<first], as: UTF8.self)
    }
}

extension RequestHeader.Field {
    fileprivate init?(_ bytes: [UInt8], _ line: Range<Int>) {
        var end = line.lowerBound
        while end < line.upperBound, HeaderByte.isToken(bytes[end]) { end += 1 }
        guard end > line.lowerBound, end < line.upperBound, bytes[end] == UInt8(ascii: ":") else {
            return nil
        }
        var (first, last) = (end + 1, line.upperBound)
        while first < last, HeaderByte.isSpace(bytes[first]) { first += 1 }
        while last > first, HeaderByte.isSpace(bytes[last - 1]) { last -= 1 }
        for index in first..<last where !HeaderByte.isValue(bytes[index]) { return nil }
        self.init(name: line.lowerBound..<end, value: first..<last)
    }
}

/// What the fields say of where the request ends, and what comes after it.
private struct Framing {
    var keepsAlive: Bool
    var body = RequestHead.Body.nothing

    init?(_ header: RequestHeader, isOld: Bool) {
        var closes = false
        keepsAlive = !isOld
        var hosts = 0
        var length: Int?
        var isChunked = false
        for field in header.fields {
            let value = header.bytes[field.value]
            if header.isNamed(field, "host") {
                // An HTTP URI without a host is none (RFC 9110, 4.2.1).
                guard !value.isEmpty else { return nil }
                hosts += 1
            } else if header.isNamed(field, "content-length") {
                guard length == nil, (1...18).contains(value.count),
                    value.allSatisfy({ $0 &- 0x30 < 10 })
                else { return nil }
                length = value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            } else if header.isNamed(field, "transfer-encoding") {
                guard !isChunked, !isOld, Self.isSame(value, "chunked") else { return nil }
                isChunked = true
            } else if header.isNamed(field, "connection") {
                for word in value.split(separator: UInt8(ascii: ",")) {
                    let word = HeaderByte.trimmed(word)
                    if Self.isSame(word, "close") { closes = true }
                    if isOld, Self.isSame(word, "keep-alive") { keepsAlive = true }
                }
            }
        }
        guard hosts == 1 || hosts == 0 && isOld, length == nil || !isChunked else { return nil }
        if closes { keepsAlive = false }
        if isChunked { body = .chunked }
        if let length, length > 0 { body = .counted(length) }
    }

    private static func isSame(_ text: ArraySlice<UInt8>, _ lower: String) -> Bool {
        text.count == lower.utf8.count
            && zip(text, lower.utf8).allSatisfy { ($0 &- 65 < 26 ? $0 | 0x20 : $0) == $1 }
    }
}

/// What a header is made of (RFC 9110, 5).
enum HeaderByte {
    private static let tokens: [Bool] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(UInt8(byte))
        }
    }

    /// Whether a byte can be one of a name or a method.
    static func isToken(_ byte: UInt8) -> Bool { tokens[Int(byte)] }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether a byte can be one of a value.
    static func isValue(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7f || byte == 0x09
    }

    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }
}
