/// A request that is answered with one of S3's errors.
package struct S3Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// A further element of the error's document, such as `Region` or `ArgumentName`.
    package struct Detail: Hashable, Sendable {
        /// The element's name.
        package let name: String
        /// Its text, not escaped yet.
        package let value: String

        /// Puts an element together.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The code, which says the status too.
    package let code: S3ErrorCode
    /// What happened, for a person.
    package let message: String
    /// What S3 tells beside that, in order.
    package let details: [Detail]

    /// - Parameter message: nil for the sentence that the code has.
    package init(_ code: S3ErrorCode, _ message: String? = nil, details: [Detail] = []) {
        self.code = code
        self.message = message ?? code.message
        self.details = details
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
