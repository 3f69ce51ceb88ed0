/// What a listing of a bucket's keys asks for.
package struct ListingQuery: Hashable, Sendable {
    /// The three calls, which differ in how pages follow one another.
    package enum Version: Hashable, Sendable {
        /// ListObjects: pages begin behind `marker`.
        case objects(marker: [UInt8])
        /// ListObjectsV2: pages begin where a token says, the first one behind `start-after`.
        case objectsV2(token: String?, startAfter: [UInt8], fetchOwner: Bool)
        /// ListObjectVersions: pages begin behind `key-marker`.
        case versions(marker: [UInt8])
    }

    /// The most keys and groups of a page.
    package static let mostKeys = 1_000

    /// Which call.
    package let version: Version
    /// Only keys that begin with it.
    package let prefix: [UInt8]
    /// What makes groups; empty: nothing.
    package let delimiter: [UInt8]
    /// The most keys and groups, 0 to 1,000.
    package let maxKeys: Int
    /// How keys are written.
    package let encoding: KeyEncoding

    /// Reads the query of a listing.
    ///
    /// - Throws: `.invalidArgument` for values that S3 refuses.
    package init(_ target: RequestTarget) throws(S3Failure) {
        prefix = Array(target.value(of: "prefix") ?? [])
        delimiter = Array(target.value(of: "delimiter") ?? [])
        maxKeys = try Self.count(target, "max-keys", most: Self.mostKeys)
        switch target.value(of: "encoding-type") {
        case nil: encoding = .plain
        case .some(let text) where text.elementsEqual("url".utf8): encoding = .url
        case .some(let text):
            throw S3Failure(
                .invalidArgument, "Invalid Encoding Method specified in Request",
                details: Self.argument("encoding-type", text))
        }
        if target.has("versions") {
            version = .versions(marker: Array(target.value(of: "key-marker") ?? []))
        } else if target.value(of: "list-type").map({ $0.elementsEqual("2".utf8) }) ?? false {
            let token = target.value(of: "continuation-token")
            if let token, token.isEmpty {
                throw S3Failure(
                    .invalidArgument, "The continuation token provided is incorrect",
                    details: Self.argument("continuation-token", token))
            }
            version = .objectsV2(
                token: token.map { String(decoding: $0, as: UTF8.self) },
                startAfter: Array(target.value(of: "start-after") ?? []),
                fetchOwner: target.value(of: "fetch-owner").map {
                    $0.elementsEqual("true".utf8)
                } ?? false)
        } else {
            version = .objects(marker: Array(target.value(of: "marker") ?? []))
        }
    }

    /// Reads a number of things in a page.
    static func count(
        _ target: RequestTarget, _ name: StaticString, most: Int
    ) throws(S3Failure) -> Int {
        guard let text = target.value(of: name), !text.isEmpty else { return most }
        guard let number = number(text), (0...Int(Int32.max)).contains(number) else {
            throw S3Failure(
                .invalidArgument,
                "Argument \(name) must be an integer between 0 and 2147483647",
                details: argument("\(name)", text))
        }
        return min(number, most)
    }

    /// The number that digits are; nil where there is anything else, a sign too, or too many.
    static func number(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(String(decoding: text, as: UTF8.self))
    }

    static func argument(_ name: String, _ value: ArraySlice<UInt8>) -> [S3Failure.Detail] {
        [
            S3Failure.Detail("ArgumentName", name),
            S3Failure.Detail("ArgumentValue", String(decoding: value, as: UTF8.self)),
        ]
    }
}
