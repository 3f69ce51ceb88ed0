/// Puts an answer's header together from the lines that curl hands over.
///
/// Informational answers (100 to 199) are left out; lines behind the last header are a trailer's and
/// mean nothing here.
struct HeaderReader {
    /// What a line led to.
    enum Step {
        case more
        case tooLong
        case complete(HTTPHead)
    }

    /// The header, once it is complete.
    private(set) var head: HTTPHead?
    private var status = 0
    private var fields: [HTTPField] = []
    private var byteCount = 0

    /// The longest header in bytes.
    static let longest = 65_536

    mutating func add(_ line: UnsafeRawBufferPointer) -> Step {
        guard head == nil else { return .more }
        byteCount += line.count
        guard byteCount <= Self.longest else { return .tooLong }
        var line = line[...]
        while let last = line.last, last == 0x0a || last == 0x0d { line.removeLast() }
        if line.isEmpty {
            guard status >= 200 else { return .more }
            let head = HTTPHead(status: status, fields: fields)
            self.head = head
            return .complete(head)
        }
        if line.starts(with: "HTTP/".utf8) {
            let words = line.split(separator: 0x20, maxSplits: 2)
            status = words.count > 1 ? Int(String(decoding: words[1], as: UTF8.self)) ?? 0 : 0
            fields = []
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            var value = line[(colon + 1)...]
            while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
            while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
            fields.append(
                HTTPField(
                    String(decoding: line[..<colon], as: UTF8.self),
                    String(decoding: value, as: UTF8.self)))
        }
        return .more
    }
}
