internal import Glibc
internal import VolumeModel

/// The path and query of a request line, decoded once: what is authorised is what is opened.
package struct RequestTarget: Hashable, Sendable {
    /// One part of the query between two `&`.
    package struct Parameter: Hashable, Sendable {
        /// The name, decoded.
        package let name: [UInt8]
        /// The value, decoded; empty where there is no `=`.
        package let value: [UInt8]

        /// Puts a parameter together.
        package init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// The longest target in bytes.
    package static let longest = 16_384
    /// The most parameters in a query.
    package static let mostParameters = 256

    /// Where a parameter's name and value stand in `bytes`.
    struct Place: Hashable, Sendable {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// All that was decoded: the path, then the names and values.
    let bytes: [UInt8]
    /// How much of it the path is.
    private let pathCount: Int
    /// The parameters in the order in which they were sent.
    let places: [Place]

    /// The path's bytes, decoded, with its leading slash.
    package var path: ArraySlice<UInt8> { bytes[..<pathCount] }
    /// The parameters in the order in which they were sent.
    package var query: [Parameter] {
        places.map { Parameter(name: Array(bytes[$0.name]), value: Array(bytes[$0.value])) }
    }

    /// Puts a target together.
    package init(path: some Collection<UInt8>, query: [Parameter]) {
        var bytes = Array(path)
        pathCount = bytes.count
        places = query.map { parameter in
            let start = bytes.count
            bytes.append(contentsOf: parameter.name)
            let middle = bytes.count
            bytes.append(contentsOf: parameter.value)
            return Place(name: start..<middle, value: middle..<bytes.count)
        }
        self.bytes = bytes
    }

    /// Reads a request line's target: `/path?query`, or an absolute `http://host/path?query`.
    ///
    /// In the path, `%XX` stands for a byte and `+` for itself; in the query `+` is a space. Empty
    /// parts of a query are left out.
    ///
    /// - Throws: `.invalidURI` for an escape that is none, a path without a leading slash, a zero byte
    ///   (also as `%00`), bytes that are not UTF-8, or where a bound above is passed.
    package init(parsing text: ArraySlice<UInt8>) throws(S3Failure) {
        guard text.count <= Self.longest else {
            throw S3Failure(.invalidURI, "The request target is longer than 16,384 bytes.")
        }
        var rest = text
        if rest.first != UInt8(ascii: "/") { rest = try Self.afterAuthority(rest) }
        var decoder = Decoder(capacity: rest.count)
        let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        pathCount = try decoder.append(rest[..<mark], plusIsSpace: false).upperBound
        places = mark == rest.endIndex ? [] : try Self.parameters(rest[(mark + 1)...], &decoder)
        bytes = decoder.bytes
    }

    /// The first value of the parameter called `name`, or nil where there is none.
    package func value(of name: StaticString) -> ArraySlice<UInt8>? {
        // Asked for some twenty names in each request.
        for place in places where place.name.count == name.utf8CodeUnitCount {
            if isEqual(place.name, name) { return bytes[place.value] }
        }
        return nil
    }

    /// Whether there is a parameter called `name`.
    package func has(_ name: StaticString) -> Bool { value(of: name) != nil }

    /// The same for a name that is not known beforehand.
    package func has(named name: String) -> Bool {
        // Asked for all settings of an object in each request.
        let count = name.utf8.count
        return places.contains {
            $0.name.count == count && bytes[$0.name].elementsEqual(name.utf8)
        }
    }

    /// Whether a part of `bytes`, which is as long, is `text`.
    func isEqual(_ range: Range<Int>, _ text: StaticString) -> Bool {
        bytes.withUnsafeBytes { bytes in
            memcmp(bytes.baseAddress! + range.lowerBound, text.utf8Start, range.count) == 0
        }
    }

    private static func afterAuthority(_ text: ArraySlice<UInt8>) throws(S3Failure)
        -> ArraySlice<UInt8>
    {
        for scheme in ["http://", "https://"] where text.starts(with: scheme.utf8) {
            let rest = text.dropFirst(scheme.utf8.count)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
            guard let end else { return [UInt8(ascii: "/")] }
            return rest[end] == UInt8(ascii: "/")
                ? rest[end...] : [UInt8(ascii: "/")] + rest[end...]
        }
        throw S3Failure(.invalidURI)
    }

    private static func parameters(
        _ text: ArraySlice<UInt8>, _ decoder: inout Decoder
    ) throws(S3Failure) -> [Place] {
        var places: [Place] = []
        places.reserveCapacity(8)
        var start = text.startIndex
        while start < text.endIndex {
            let end = text[start...].firstIndex(of: UInt8(ascii: "&")) ?? text.endIndex
            defer { start = end + 1 }
            let part = text[start..<end]
            if part.isEmpty { continue }
            guard places.count < mostParameters else {
                throw S3Failure(.invalidURI, "The query has more than 256 parameters.")
            }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? end
            let name = try decoder.append(part[..<equals], plusIsSpace: true)
            let value = try decoder.append(part[equals...].dropFirst(), plusIsSpace: true)
            places.append(Place(name: name, value: value))
        }
        return places
    }

    /// Decodes parts of a target into one buffer.
    private struct Decoder {
        private(set) var bytes: [UInt8] = []

        init(capacity: Int) { bytes.reserveCapacity(capacity) }

        /// Appends a part, and tells where it stands.
        mutating func append(
            _ text: ArraySlice<UInt8>, plusIsSpace: Bool
        ) throws(S3Failure) -> Range<Int> {
            let start = bytes.count
            var index = text.startIndex
            var isASCII = true
            while index < text.endIndex {
                var byte = text[index]
                index += 1
                if byte == UInt8(ascii: "%") {
                    guard index + 1 < text.endIndex, let high = Hex.value(text[index]),
                        let low = Hex.value(text[index + 1])
                    else { throw S3Failure(.invalidURI) }
                    byte = high << 4 | low
                    index += 2
                } else if plusIsSpace && byte == UInt8(ascii: "+") {
                    byte = 0x20
                }
                // No file's name has it, XML cannot say it, and what reads C strings would stop at
                // it.
                guard byte != 0 else { throw S3Failure(.invalidURI) }
                isASCII = isASCII && byte < 0x80
                bytes.append(byte)
            }
            let range = start..<bytes.count
            guard isASCII || RequestTarget.isUTF8(bytes[range]) else {
                throw S3Failure(.invalidURI)
            }
            return range
        }
    }

    private static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }
}
