/// What a `Range` header asks for, against a size that is known later.
package enum ByteRangeRequest: Hashable, Sendable {
    /// From the first byte to the last one, that included; nil: to the end.
    case span(first: Int64, last: Int64?)
    /// So many bytes at the end.
    case suffix(Int64)

    /// Reads a header with one range of bytes. Anything else is nil, and then the whole object is
    /// the answer (RFC 9110, 14.2: a header that is not understood is ignored), as S3 has it.
    package init?(_ text: String) {
        let text = text.filter { $0 != " " && $0 != "\t" }
        guard text.lowercased().hasPrefix("bytes=") else { return nil }
        let parts = text.dropFirst("bytes=".count).split(
            separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch (Self.number(parts[0]), Self.number(parts[1])) {
        case (.some(let first), .some(let last)):
            guard first <= last else { return nil }
            self = .span(first: first, last: last)
        case (.some(let first), nil):
            guard parts[1].isEmpty else { return nil }
            self = .span(first: first, last: nil)
        case (nil, .some(let count)):
            guard parts[0].isEmpty else { return nil }
            self = .suffix(count)
        case (nil, nil): return nil
        }
    }

    /// Digits; a number beyond 64 bits is the highest one, since no object has that many bytes.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text) ?? .max
    }

    /// The bytes of an object of `size` bytes.
    ///
    /// - Throws: `.invalidRange` where it has none of them.
    package func resolve(size: Int64) throws(S3Failure) -> Range<Int64> {
        switch self {
        case .span(let first, let last):
            guard first < size else { throw unsatisfiable(size) }
            guard let last, last < size else { return first..<size }
            return first..<(last + 1)
        case .suffix(let count):
            guard count > 0, size > 0 else { throw unsatisfiable(size) }
            return max(0, size - count)..<size
        }
    }

    private func unsatisfiable(_ size: Int64) -> S3Failure {
        let text =
            switch self {
            case .span(let first, let last): "bytes=\(first)-\(last.map { String($0) } ?? "")"
            case .suffix(let count): "bytes=-\(count)"
            }
        return S3Failure(
            .invalidRange,
            details: [
                S3Failure.Detail("RangeRequested", text),
                S3Failure.Detail("ActualObjectSize", String(size)),
            ])
    }
}
