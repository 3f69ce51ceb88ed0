package import VolumeModel

/// The four conditionals of a request for an object.
package struct Conditionals: Hashable, Sendable {
    /// Tags of an `If-Match` or `If-None-Match`.
    package enum Tags: Hashable, Sendable {
        /// `*`.
        case any
        /// Without quotes; weak ones without their mark.
        case some([String])

        init(_ values: [String]) {
            let words = values.joined(separator: ",").split(separator: ",").map { word in
                var word = word.drop { $0 == " " || $0 == "\t" }
                while word.last == " " || word.last == "\t" { word.removeLast() }
                if word.hasPrefix("W/") { word.removeFirst(2) }
                if word.count >= 2, word.first == "\"", word.last == "\"" {
                    word = word.dropFirst().dropLast()
                }
                return String(word)
            }
            self = words == ["*"] ? .any : .some(words)
        }

        func match(_ tag: ETag) -> Bool {
            switch self {
            case .any: true
            case .some(let tags): tags.contains(tag.text)
            }
        }
    }

    private var ifMatch: Tags?
    private var ifNoneMatch: Tags?
    private var ifModifiedSince: Timestamp?
    private var ifUnmodifiedSince: Timestamp?

    /// Reads a request's. A time that is none is ignored (RFC 9110, 13.1.3).
    package init(of request: S3Request) {
        let tags = { (name: StaticString) -> Tags? in
            let values = request.values(of: name)
            return values.isEmpty ? nil : Tags(values)
        }
        ifMatch = tags("if-match")
        ifNoneMatch = tags("if-none-match")
        ifModifiedSince = request.field("if-modified-since").flatMap(CalendarText.parse(http:))
        ifUnmodifiedSince = request.field("if-unmodified-since").flatMap(CalendarText.parse(http:))
    }

    /// Whether the client names the version that it wants.
    package var namesVersion: Bool { ifMatch != nil }

    /// Checks an object's state, in the precedence of RFC 9110, 13.2.2.
    ///
    /// - Throws: `.preconditionFailed` with the header's name, `.notModified`.
    package func check(etag: ETag, modified: Timestamp) throws(S3Failure) {
        // Headers tell seconds.
        let modified = Timestamp(secondsSinceEpoch: modified.secondsSinceEpoch)
        if let ifMatch {
            guard ifMatch.match(etag) else { throw Self.failed("If-Match") }
        } else if let ifUnmodifiedSince, modified > ifUnmodifiedSince {
            throw Self.failed("If-Unmodified-Since")
        }
        if let ifNoneMatch {
            if ifNoneMatch.match(etag) { throw S3Failure(.notModified) }
        } else if let ifModifiedSince, modified <= ifModifiedSince {
            throw S3Failure(.notModified)
        }
    }

    private static func failed(_ condition: String) -> S3Failure {
        S3Failure(.preconditionFailed, details: [S3Failure.Detail("Condition", condition)])
    }
}
