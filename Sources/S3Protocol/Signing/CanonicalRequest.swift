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
    static func bytes(of request: S3Request, signedHeaders: SignedHeaders, payload: String)
        -> [UInt8]
    {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(1_024)
        buffer.append(contentsOf: request.method.utf8)
        buffer.append(newline)
        PercentEncoding.append(request.target.path, keepsSlashes: true, to: &buffer)
        buffer.append(newline)
        appendQuery(request.target.query, to: &buffer)
        buffer.append(newline)
        for range in signedHeaders.names {
            let name = signedHeaders.bytes[range]
            buffer.append(contentsOf: name)
            buffer.append(UInt8(ascii: ":"))
            appendValues(of: name, in: request, to: &buffer)
            buffer.append(newline)
        }
        buffer.append(newline)
        buffer.append(contentsOf: signedHeaders.bytes)
        buffer.append(newline)
        buffer.append(contentsOf: payload.utf8)
        return buffer
    }

    /// Appends a query in its canonical form: every name with `=`, ordered by the encoded bytes of
    /// the name and then of the value, without the signature itself.
    static func appendQuery(_ query: [RequestTarget.Parameter], to buffer: inout [UInt8]) {
        if query.isEmpty { return }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(512)
        var parts: [(name: Range<Int>, value: Range<Int>)] = []
        parts.reserveCapacity(query.count)
        for parameter in query where parameter.name != signatureName {
            let start = encoded.count
            PercentEncoding.append(parameter.name, keepsSlashes: false, to: &encoded)
            let middle = encoded.count
            PercentEncoding.append(parameter.value, keepsSlashes: false, to: &encoded)
            parts.append((start..<middle, middle..<encoded.count))
        }
        parts.sort { left, right in
            let names = (encoded[left.name], encoded[right.name])
            return names.0 == names.1
                ? encoded[left.value].lexicographicallyPrecedes(encoded[right.value])
                : names.0.lexicographicallyPrecedes(names.1)
        }
        for (index, part) in parts.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: "&")) }
            buffer.append(contentsOf: encoded[part.name])
            buffer.append(UInt8(ascii: "="))
            buffer.append(contentsOf: encoded[part.value])
        }
    }

    /// Appends the values of all fields of a name in the order they came in, with commas between
    /// them; a field that did not come has an empty value.
    private static func appendValues(
        of name: ArraySlice<UInt8>, in request: S3Request, to buffer: inout [UInt8]
    ) {
        var isFirst = true
        for field in request.fields where S3Request.isSame(field.name, name) {
            if !isFirst { buffer.append(UInt8(ascii: ",")) }
            isFirst = false
            appendFolded(field.value, to: &buffer)
        }
    }

    /// Appends a value without the spaces around it and with one space for each run of them.
    private static func appendFolded(_ value: String, to buffer: inout [UInt8]) {
        var isSpacePending = false
        let start = buffer.count
        for byte in value.utf8 {
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
    private static let signatureName = Array("X-Amz-Signature".utf8)
}
