internal import VolumeModel

/// Writes XML documents of S3 into bytes: the one place where text is escaped.
///
/// Element names are the caller's own and are written as they are.
package struct XMLWriter: Sendable {
    /// The document so far.
    package private(set) var bytes: [UInt8] = []

    /// The namespace of S3's answers.
    package static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    /// Begins a document.
    ///
    /// - Parameter capacity: bytes that it will probably have.
    package init(capacity: Int = 1_024) {
        bytes.reserveCapacity(capacity)
        append(#"<?xml version="1.0" encoding="UTF-8"?>"#)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The outermost element of an answer, in S3's namespace.
    package mutating func document(_ name: StaticString, _ body: (inout XMLWriter) -> Void) {
        openDocument(name)
        body(&self)
        close(name)
    }

    /// The start tag of the outermost element.
    mutating func openDocument(_ name: StaticString) {
        bytes.append(UInt8(ascii: "<"))
        append(name)
        append(#" xmlns=""#)
        append(Self.namespace)
        append(#"">"#)
    }

    /// An element with elements in it.
    package mutating func element(_ name: StaticString, _ body: (inout XMLWriter) -> Void) {
        open(name)
        body(&self)
        close(name)
    }

    /// An element with text in it.
    package mutating func element(_ name: StaticString, _ text: some StringProtocol) {
        open(name)
        append(escaping: text.utf8)
        close(name)
    }

    /// An element with bytes of UTF-8 in it.
    package mutating func element(_ name: StaticString, bytes text: some Sequence<UInt8>) {
        open(name)
        append(escaping: text)
        close(name)
    }

    /// An element with a number in it.
    package mutating func element(_ name: StaticString, _ number: Int64) {
        open(name)
        append(number)
        close(name)
    }

    /// An element with a name that is not known beforehand: one of an error's details.
    mutating func element(named name: String, _ text: String) {
        bytes.append(UInt8(ascii: "<"))
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ">"))
        append(escaping: text.utf8)
        bytes.append(contentsOf: "</".utf8)
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ">"))
    }

    /// Bytes that need no escaping.
    mutating func append(raw text: some Sequence<UInt8>) { bytes.append(contentsOf: text) }

    /// The same of text that is known beforehand.
    mutating func append(raw text: StaticString) { append(text) }

    /// Bytes that need no escaping, by whoever can write them without an array of their own.
    mutating func appendBytes(_ body: (inout [UInt8]) -> Void) { body(&bytes) }

    /// A start tag.
    mutating func open(_ name: StaticString) {
        bytes.append(UInt8(ascii: "<"))
        append(name)
        bytes.append(UInt8(ascii: ">"))
    }

    /// An end tag.
    mutating func close(_ name: StaticString) {
        bytes.append(UInt8(ascii: "<"))
        bytes.append(UInt8(ascii: "/"))
        append(name)
        bytes.append(UInt8(ascii: ">"))
    }

    /// Decimal digits.
    mutating func append(_ number: Int64) {
        if (0..<10).contains(number) {
            bytes.append(UInt8(ascii: "0") + UInt8(number))
        } else if number > 0 {
            var (rest, width) = (number, 0)
            while rest > 0 { (rest, width) = (rest / 10, width + 1) }
            CalendarText.append(Int(number), width, to: &bytes)
        } else {
            append(String(number))
        }
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// What XML 1.0 cannot hold at all, even as a reference, becomes U+FFFD: control characters other
    /// than tab and the line ends, and U+FFFE and U+FFFF.
    private mutating func append(escaping text: some Sequence<UInt8>) {
        // Most text stands for itself, and goes in as one piece.
        let isDone: Bool? = text.withContiguousStorageIfAvailable { text in
            guard text.allSatisfy({ Self.isPlain[Int($0)] }) else { return false }
            bytes.append(contentsOf: text)
            return true
        }
        if isDone == true { return }
        var (last, beforeLast): (UInt8, UInt8) = (0, 0)
        for byte in text {
            switch byte {
            case UInt8(ascii: "&"): append("&amp;")
            case UInt8(ascii: "<"): append("&lt;")
            case UInt8(ascii: ">"): append("&gt;")
            case UInt8(ascii: "\""): append("&quot;")
            // Parsers would make other white space of these.
            case 0x09: append("&#9;")
            case 0x0a: append("&#10;")
            case 0x0d: append("&#13;")
            case 0..<0x20: append("\u{fffd}")
            case 0xbe, 0xbf:
                if beforeLast == 0xef, last == 0xbf {
                    bytes.removeLast(2)
                    append("\u{fffd}")
                } else {
                    bytes.append(byte)
                }
            default: bytes.append(byte)
            }
            (beforeLast, last) = (last, byte)
        }
    }

    /// Bytes that stand for themselves wherever they are.
    private static let isPlain: [Bool] = (0...255).map { byte in
        switch UInt8(byte) {
        case 0..<0x20, 0xbe, 0xbf: false
        default: !#"&<>""#.utf8.contains(UInt8(byte))
        }
    }
}
