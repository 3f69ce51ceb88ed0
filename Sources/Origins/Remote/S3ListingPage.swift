internal import Foundation
internal import FoundationXML
internal import VolumeModel

/// A page of ListObjectsV2, read from its document.
///
/// Amazon S3 API reference, ListObjectsV2, "Response Syntax".
struct S3ListingPage {
    /// One `Contents`.
    struct Object {
        let key: [UInt8]
        let version: ObjectVersion
    }

    /// The objects in the order of the document.
    private(set) var objects: [Object] = []
    /// Whether there are more pages.
    private(set) var isTruncated = false
    /// What the next page is asked for with; empty where the server tells nothing.
    private(set) var next: [UInt8] = []

    /// - Throws: `.originUnavailable` for what is no such document.
    init(parsing document: [UInt8], subject: String) throws(PerigeeError) {
        // No listing has declarations, and entities are the way to make little text large.
        guard document.firstRange(of: Array("<!DOCTYPE".utf8)) == nil else {
            throw AnswerCheck.nonsense(subject, "its listing declares a document type")
        }
        let reader = ListingReader()
        let parser = XMLParser(data: Data(document))
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse(), reader.isListing, reader.fault == nil else {
            throw AnswerCheck.nonsense(
                subject, "its listing cannot be read: \(reader.fault ?? "it is no such document")")
        }
        for raw in reader.objects {
            objects.append(try Self.object(raw, isEncoded: reader.isEncoded, subject: subject))
        }
        isTruncated = reader.top["IsTruncated"] == "true"
        next = Array((reader.top["NextContinuationToken"] ?? "").utf8)
    }

    private static func object(_ raw: [String: String], isEncoded: Bool, subject: String)
        throws(PerigeeError) -> Object
    {
        guard let text = raw["Key"], let size = raw["Size"].flatMap({ HTTPHead.number($0) }) else {
            throw AnswerCheck.nonsense(subject, "an object in its listing has no key or no size")
        }
        let key: [UInt8]?
        if isEncoded {
            // As in a form: a space is a plus, and a plus is %2B.
            key = PercentEncoding.decode(text.utf8.map { $0 == 0x2b ? 0x20 : $0 })
        } else {
            key = Array(text.utf8)
        }
        guard let key, key.count <= 4_096 else {
            throw AnswerCheck.nonsense(
                subject, "the key \(Printable.quoted(text)) in its listing is not encoded")
        }
        return Object(
            key: key,
            version: ObjectVersion(
                size: size, modified: raw["LastModified"].flatMap { try? Timestamp(parsing: $0) },
                etag: raw["ETag"]))
    }
}

/// Gathers the text of the elements that matter; it lives as long as one `parse()`.
private final class ListingReader: NSObject, XMLParserDelegate {
    var objects: [[String: String]] = []
    /// Elements right below the root.
    var top: [String: String] = [:]
    var isListing = false
    var fault: String?

    private var path: [String] = []
    private var text = ""
    private var current: [String: String] = [:]

    private static let deepest = 8
    private static let mostObjects = 10_000

    var isEncoded: Bool { top["EncodingType"] == "url" }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
    ) {
        path.append(name)
        text = ""
        if path.count == 1 {
            isListing = name == "ListBucketResult"
            if !isListing { stop(parser, "it is a \(Printable.quoted(name))") }
        }
        if path.count == 2 { current = [:] }
        if path.count > Self.deepest { stop(parser, "its elements lie too deep") }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        text += string
        if text.utf8.count > 16_384 { stop(parser, "one of its texts is too long") }
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
        qualifiedName: String?
    ) {
        if path.count == 2, name == "Contents" {
            objects.append(current)
            if objects.count > Self.mostObjects { stop(parser, "a page has too many objects") }
        } else if path.count == 2 {
            top[name] = text
        } else if path.count == 3, path[1] == "Contents" {
            current[name] = text
        }
        path.removeLast()
        text = ""
    }

    func parser(_ parser: XMLParser, parseErrorOccurred error: any Error) {
        if fault == nil { fault = "it is not well-formed" }
    }

    private func stop(_ parser: XMLParser, _ fault: String) {
        if self.fault == nil { self.fault = fault }
        parser.abortParsing()
    }
}
