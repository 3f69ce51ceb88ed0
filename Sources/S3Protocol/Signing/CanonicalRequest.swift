internal import Glibc
internal import VolumeModel

/// The text of a request that a signature covers, as Signature Version 4 has it for S3: the path is
/// encoded once, and neither dot segments nor empty ones are taken out.
///
/// Amazon S3 API reference, "Signature Calculations for the Authorization Header".
enum CanonicalRequest {
    /// Writes it into one buffer.
    ///
    /// - Parameters:
    ///   - signedHeaders: what the signer listed, in its order.
    ///   - payload: what stands for the body in its last line.
    static func bytes(
        of request: S3Request, signedHeaders: SignedHeaders, payload: PayloadHash
    ) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(1_024)
        buffer.append(contentsOf: request.method.utf8)
        buffer.append(newline)
        PercentEncoding.append(request.target.path, keepsSlashes: true, to: &buffer)
        buffer.append(newline)
        appendQuery(of: request.target, to: &buffer)
        buffer.append(newline)
        for range in signedHeaders.names {
            let name = signedHeaders.bytes[range]
            buffer.append(contentsOf: name)
            buffer.append(UInt8(ascii: ":"))
            appendValues(of: name, in: request.header, to: &buffer)
            buffer.append(newline)
        }
        buffer.append(newline)
        buffer.append(contentsOf: signedHeaders.bytes)
        buffer.append(newline)
        payload.append(to: &buffer)
        return buffer
    }

    /// Where a parameter stands in the encoded query, with the `=` between name and value.
    private struct Part {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// Appends a query in its canonical form: every name with `=`, ordered by the encoded bytes of
    /// the name and then of the value, without the signature itself.
    static func appendQuery(of target: RequestTarget, to buffer: inout [UInt8]) {
        if target.places.isEmpty { return }
        let start = buffer.count
        var parts: [Part] = []
        parts.reserveCapacity(target.places.count)
        var isAscending = true
        for place in target.places where !isSignature(place, target) {
            if !parts.isEmpty { buffer.append(UInt8(ascii: "&")) }
            let name = buffer.count
            PercentEncoding.append(target.bytes[place.name], keepsSlashes: false, to: &buffer)
            let middle = buffer.count
            buffer.append(UInt8(ascii: "="))
            PercentEncoding.append(target.bytes[place.value], keepsSlashes: false, to: &buffer)
            let part = Part(name: name..<middle, value: (middle + 1)..<buffer.count)
            if isAscending, let last = parts.last { isAscending = !precedes(part, last, buffer) }
            parts.append(part)
        }
        // Signers sort what they send, so mostly it stands there as it should.
        if isAscending { return }
        let encoded = Array(buffer[start...])
        parts = parts.map {
            Part(
                name: ($0.name.lowerBound - start)..<($0.name.upperBound - start),
                value: ($0.value.lowerBound - start)..<($0.value.upperBound - start))
        }
        parts.sort { precedes($0, $1, encoded) }
        buffer.removeSubrange(start...)
        for (index, part) in parts.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: "&")) }
            buffer.append(contentsOf: encoded[part.name.lowerBound..<part.value.upperBound])
        }
    }

    private static func isSignature(_ place: RequestTarget.Place, _ target: RequestTarget) -> Bool {
        place.name.count == signatureName.utf8CodeUnitCount
            && target.isEqual(place.name, signatureName)
    }

    /// Whether a part comes before another, by the bytes of the name and then of the value.
    private static func precedes(_ left: Part, _ right: Part, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            let names = compare(bytes[left.name], bytes[right.name])
            return names == 0
                ? compare(bytes[left.value], bytes[right.value]) < 0 : names < 0
        }
    }

    private static func compare(
        _ left: Slice<UnsafeRawBufferPointer>, _ right: Slice<UnsafeRawBufferPointer>
    ) -> Int {
        let count = min(left.count, right.count)
        let (left, right) = (
            UnsafeRawBufferPointer(rebasing: left), UnsafeRawBufferPointer(rebasing: right)
        )
        if count > 0 {
            let order = memcmp(left.baseAddress!, right.baseAddress!, count)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }

    /// Appends the values of all fields of a name in the order they came in, with commas between
    /// them; a field that did not come has an empty value.
    private static func appendValues(
        of name: ArraySlice<UInt8>, in header: RequestHeader, to buffer: inout [UInt8]
    ) {
        var isFirst = true
        for field in header.fields where header.isNamed(field, name) {
            if !isFirst { buffer.append(UInt8(ascii: ",")) }
            isFirst = false
            appendFolded(header.bytes[field.value], to: &buffer)
        }
    }

    /// Appends a value without the spaces around it and with one space for each run of them.
    private static func appendFolded(_ value: ArraySlice<UInt8>, to buffer: inout [UInt8]) {
        var isSpacePending = false
        let start = buffer.count
        for byte in value {
            if byte == 0x20 || byte == 0x09 {
                isSpacePending = buffer.count > start
            } else {
                if isSpacePending { buffer.append(0x20) }
                isSpacePending = false
                buffer.append(byte)
            }
        }
    }

    private static let newline: UInt8 = 0x0a
    private static let signatureName: StaticString = "X-Amz-Signature"
}
