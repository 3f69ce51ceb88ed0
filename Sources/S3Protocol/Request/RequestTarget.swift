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

    /// The path's bytes, decoded, with its leading slash.
    package let path: [UInt8]
    /// The parameters in the order in which they were sent.
    package let query: [Parameter]

    /// Puts a target together.
    package init(path: [UInt8], query: [Parameter]) {
        self.path = path
        self.query = query
    }

    /// Reads a request line's target: `/path?query`, or an absolute `http://host/path?query`.
    ///
    /// In the path, `%XX` stands for a byte and `+` for itself; in the query `+` is a space. Empty
    /// parts of a query are left out.
    ///
    /// - Throws: `.invalidURI` for an escape that is none, a path without a leading slash, a zero byte
    ///   (also as `%00`), bytes that are not UTF-8, or where a bound above is passed.
    package init(parsing text: some Collection<UInt8>) throws(S3Failure) {
        guard text.count <= Self.longest else {
            throw S3Failure(.invalidURI, "The request target is longer than 16,384 bytes.")
        }
        var rest = Array(text)[...]
        if rest.first != UInt8(ascii: "/") { rest = try Self.afterAuthority(rest) }
        let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        path = try Self.decoded(rest[..<mark], plusIsSpace: false)
        query = mark == rest.endIndex ? [] : try Self.parameters(rest[(mark + 1)...])
    }

    /// The first value of the parameter called `name`, or nil where there is none.
    package func value(of name: String) -> [UInt8]? {
        var name = name
        return name.withUTF8 { name in
            // Asked for some twenty names in each request.
            for parameter in query where parameter.name.count == name.count {
                if parameter.name.elementsEqual(name) { return parameter.value }
            }
            return nil
        }
    }

    /// Whether there is a parameter called `name`.
    package func has(_ name: String) -> Bool { value(of: name) != nil }

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

    private static func parameters(_ text: ArraySlice<UInt8>) throws(S3Failure) -> [Parameter] {
        var parameters: [Parameter] = []
        for part in text.split(separator: UInt8(ascii: "&")) {
            guard parameters.count < mostParameters else {
                throw S3Failure(.invalidURI, "The query has more than 256 parameters.")
            }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            parameters.append(
                Parameter(
                    name: try decoded(part[..<equals], plusIsSpace: true),
                    value: equals == part.endIndex
                        ? [] : try decoded(part[(equals + 1)...], plusIsSpace: true)))
        }
        return parameters
    }

    private static func decoded(
        _ text: ArraySlice<UInt8>, plusIsSpace: Bool
    ) throws(S3Failure) -> [UInt8] {
        if !text.contains(where: {
            $0 >= 0x80 || $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") || $0 == 0
        }) {
            return Array(text)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
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
            // No file's name has it, XML cannot say it, and what reads C strings would stop at it.
            guard byte != 0 else { throw S3Failure(.invalidURI) }
            bytes.append(byte)
        }
        guard isUTF8(bytes) else { throw S3Failure(.invalidURI) }
        return bytes
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }
}
