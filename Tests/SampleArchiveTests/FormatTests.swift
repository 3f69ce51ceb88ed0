import Crypto
import Glibc
import SampleArchive
import Testing

/// A walk over header-data units that shares nothing with the writer: FITS Standard 4.0, 3.1.
private struct BlockWalk {
    /// Headers as keyword and text after the `=`.
    var units: [[String: String]] = []

    init(_ bytes: [UInt8]) throws {
        try #require(!bytes.isEmpty && bytes.count % 2880 == 0)
        var position = 0
        while position < bytes.count {
            var cards: [String: String] = [:]
            var hasEnd = false
            while !hasEnd {
                try #require(position + 2880 <= bytes.count, "a header without END")
                for offset in stride(from: position, to: position + 2880, by: 80) {
                    let card = String(decoding: bytes[offset..<offset + 80], as: UTF8.self)
                    if hasEnd {
                        #expect(card.allSatisfy { $0 == " " }, "text after END")
                    } else if card.hasPrefix("END     ") {
                        hasEnd = true
                    } else if card.dropFirst(8).hasPrefix("= ") {
                        let keyword = String(card.prefix { $0 != " " && $0 != "=" })
                        cards[keyword] = String(card.dropFirst(10))
                    }
                }
                position += 2880
            }
            units.append(cards)
            position += (Self.dataBytes(cards) + 2879) / 2880 * 2880
        }
        #expect(position == bytes.count)
    }

    private static func number(_ cards: [String: String], _ keyword: String) -> Int? {
        cards[keyword].flatMap { text in
            Int(text.prefix { $0 != "/" }.filter { $0 != " " })
        }
    }

    private static func dataBytes(_ cards: [String: String]) -> Int {
        let axes = number(cards, "NAXIS") ?? 0
        guard axes > 0, let bitpix = number(cards, "BITPIX") else { return 0 }
        let elements = (1...axes).reduce(1) { $0 * (number(cards, "NAXIS\($1)") ?? 0) }
        return abs(bitpix) / 8 * (number(cards, "GCOUNT") ?? 1)
            * ((number(cards, "PCOUNT") ?? 0) + elements)
    }
}

/// The text of the first element of that name.
private func element(_ name: String, in xml: String) throws -> String {
    let pattern = try Regex("<\(name)[^>]*>([^<]*)</\(name)>", as: (Substring, Substring).self)
    return String(try #require(xml.firstMatch(of: pattern)).1)
}

@Suite("The files of a sample archive", .timeLimit(.minutes(5)))
struct FormatTests {
    @Test("FITS files are whole blocks of header-data units", arguments: [1, 900_000])
    func fitsParses(bytes: Int) throws {
        try withTemporaryDirectory { directory in
            _ = try SampleArchive(files: 40, bytes: bytes).write(to: directory)
            let files = try entries(of: directory)
            for file in files where file.path.hasSuffix(".gz") {
                #expect(try run("gzip", ["-t", "\(directory)/\(file.path)"]) == 0)
                #expect(try run("gzip", ["-d", "\(directory)/\(file.path)"]) == 0)
            }
            let opened = try entries(of: directory).filter { $0.path.hasSuffix(".fits") }
            #expect(opened.count == 32)
            for file in opened {
                let walk = try BlockWalk(file.content)
                #expect(walk.units.first?["SIMPLE"]?.contains("T") == true)
                for unit in walk.units.dropFirst() {
                    #expect(unit["XTENSION"] != nil && unit["EXTNAME"] != nil)
                }
                for unit in walk.units {
                    #expect(unit["CHECKSUM"] != nil && unit["DATASUM"] != nil)
                }
            }
        }
    }

    @Test("gzip makes headers and flags small")
    func gzipCompresses() throws {
        try withTemporaryDirectory { directory in
            _ = try SampleArchive(files: 1, bytes: 200_000).write(to: directory)
            let packed = try #require(
                try entries(of: directory).first { $0.path.hasSuffix(".gz") })
            #expect(try run("gzip", ["-d", "\(directory)/\(packed.path)"]) == 0)
            let plain = try contents(of: "\(directory)/\(packed.path.dropLast(3))")
            #expect(packed.content.count * 2 < plain.count)
        }
    }

    @Test("PDS4 labels name size and MD5 of their data")
    func pds4LabelsMatch() throws {
        try withTemporaryDirectory { directory in
            _ = try SampleArchive(files: 60, bytes: 300_000).write(to: directory)
            let labels = try entries(of: directory).filter { $0.path.hasSuffix(".xml") }
            #expect(labels.count == 9)
            for label in labels {
                let xml = String(decoding: label.content, as: UTF8.self)
                let folder = label.path.prefix(through: try #require(label.path.lastIndex(of: "/")))
                let name = try element("file_name", in: xml)
                let data = try contents(of: "\(directory)/\(folder)\(name)")
                #expect(try element("file_size", in: xml) == "\(data.count)")
                let md5 = Insecure.MD5.hash(data: data)
                    .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                #expect(try element("md5_checksum", in: xml) == md5)
            }
        }
    }

    @Test("PDS3 labels count the records of their data")
    func pds3LabelsMatch() throws {
        try withTemporaryDirectory { directory in
            _ = try SampleArchive(files: 60, bytes: 300_000).write(to: directory)
            let files = try entries(of: directory)
            let labels = files.filter {
                $0.path.hasSuffix(".LBL")
                    || ($0.path.hasSuffix(".IMG") && $0.content.starts(with: "PDS_".utf8))
            }
            #expect(labels.count == 6)
            for label in labels {
                let text = String(decoding: label.content.prefix(4000), as: UTF8.self)
                let number = { (keyword: String) in
                    let pattern = try Regex("\(keyword) += (\\d+)", as: (Substring, Substring).self)
                    return Int(try #require(text.firstMatch(of: pattern)).1) ?? 0
                }
                let path = label.path.dropLast(4) + ".IMG"
                let data = try #require(files.first { $0.path == path })
                #expect(try number("RECORD_BYTES") * number("FILE_RECORDS") == data.content.count)
                #expect(text.contains("\r\nEND\r\n"))
            }
        }
    }

    @Test(
        "astropy opens every file",
        .disabled(if: python == nil, "PERIGEE_TEST_PYTHON names no Python with astropy"))
    func astropyAgrees() throws {
        let python = try #require(python)
        // Three components up from this file: the checkout.
        let checkout = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        try withTemporaryDirectory { directory in
            _ = try SampleArchive(files: 60, bytes: 1_000_000).write(to: directory)
            #expect(try run(python, ["/\(checkout)/deploy/check-sample.py", directory]) == 0)
        }
    }
}

/// A Python that has astropy.
private let python: String? = {
    let value = getenv("PERIGEE_TEST_PYTHON").map { String(cString: $0) }
    if value == nil {
        print("skipped: deploy/check-sample.py; PERIGEE_TEST_PYTHON names no Python with astropy")
    }
    return value
}()
