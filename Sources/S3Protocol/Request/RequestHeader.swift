/// The fields of a request's header: one buffer, and where each name and value stands in it.
///
/// A gateway reads some fields of each request and looks at none of most, so nothing is made of
/// them before somebody asks.
package struct RequestHeader: Sendable {
    /// Where a field's name, as it was sent, and its value, without the spaces around it, stand.
    package struct Field: Sendable {
        /// Of the name.
        package let name: Range<Int>
        /// Of the value.
        package let value: Range<Int>

        /// Marks a field.
        package init(name: Range<Int>, value: Range<Int>) {
            self.name = name
            self.value = value
        }
    }

    /// The buffer that the fields stand in, among other things perhaps.
    package let bytes: [UInt8]
    /// The fields in the order in which they were sent.
    package let fields: [Field]

    /// Puts a header together; the ranges lie in `bytes`.
    package init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// Writes fields one after the other into a buffer of its own.
    package init(_ fields: [S3Request.Field]) {
        var bytes: [UInt8] = []
        var places: [Field] = []
        for field in fields {
            let start = bytes.count
            bytes.append(contentsOf: field.name.utf8)
            let middle = bytes.count
            bytes.append(contentsOf: field.value.utf8)
            places.append(Field(name: start..<middle, value: middle..<bytes.count))
        }
        self.init(bytes: bytes, fields: places)
    }

    /// Whether a field has a name, given in lower case; names are compared without case.
    package func isNamed(_ field: Field, _ lower: StaticString) -> Bool {
        guard field.name.count == lower.utf8CodeUnitCount else { return false }
        return lower.withUTF8Buffer { hasName(field, $0) }
    }

    /// The same for a name that is not known beforehand.
    func isNamed(_ field: Field, _ lower: ArraySlice<UInt8>) -> Bool {
        guard field.name.count == lower.count else { return false }
        return lower.withUnsafeBufferPointer { hasName(field, $0) }
    }

    /// Whether a field's name begins with so much in lower case.
    func isNamed(_ field: Field, beginning lower: StaticString) -> Bool {
        guard field.name.count >= lower.utf8CodeUnitCount else { return false }
        return lower.withUTF8Buffer { hasName(field, $0) }
    }

    private func hasName(_ field: Field, _ lower: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            for index in 0..<lower.count {
                let byte = bytes[field.name.lowerBound + index]
                let folded = byte &- 65 < 26 ? byte | 0x20 : byte
                if folded != lower[index] { return false }
            }
            return true
        }
    }

    /// The first field called `name`, in lower case.
    package func first(_ name: StaticString) -> Field? { fields.first { isNamed($0, name) } }

    /// A part of the buffer as text.
    package func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
