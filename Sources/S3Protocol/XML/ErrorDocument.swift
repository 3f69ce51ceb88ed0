/// The document that an error is answered with (S3 API reference, "REST error responses").
package enum ErrorDocument {
    /// Its bytes.
    ///
    /// - Parameters:
    ///   - resource: the path that was asked for, decoded.
    ///   - requestID: what the answer's `x-amz-request-id` says.
    package static func bytes(
        _ failure: S3Failure, resource: some Sequence<UInt8>, requestID: String
    ) -> [UInt8] {
        var writer = XMLWriter()
        // S3 gives errors no namespace.
        writer.element("Error") { writer in
            writer.element("Code", failure.code.rawValue)
            writer.element("Message", failure.message)
            for detail in failure.details { writer.element(named: detail.name, detail.value) }
            writer.element("Resource", bytes: resource)
            writer.element("RequestId", requestID)
            writer.element("HostId", requestID)
        }
        return writer.bytes
    }
}
