internal import NIOCore
internal import S3Protocol
internal import VolumeService

/// What a request is answered with, before it is sent.
struct Answer: Sendable {
    /// What comes behind the header.
    enum Body: Sendable {
        case nothing
        case bytes([UInt8])
        /// Bytes of an open file, which whoever sends them closes.
        case file(ReadHandle, Range<Int64>)
        /// Bytes of a file that has to be opened by somebody who can wait.
        case unopened(Unopened)
    }

    /// A file that is on another machine, or whose opening has to be written down first.
    struct Unopened: Sendable {
        let file: RecalledFile
        let range: Range<Int64>
        let namesVersion: Bool
        /// What was asked.
        let question: Responder.Question
    }

    var status: Int
    var fields: HeaderFields
    var body: Body
    /// What `Content-Length` says; the body may be left out, as for HEAD.
    var length: Int64
    /// S3's code, where it is an error.
    var error: S3ErrorCode?

    /// An answer without a body.
    init(_ status: Int = 200, _ fields: HeaderFields = HeaderFields()) {
        self.status = status
        self.fields = fields
        body = .nothing
        length = 0
    }

    /// A document.
    init(xml document: [UInt8]) {
        self.init()
        fields.add(lines: "Content-Type: application/xml\r\n")
        body = .bytes(document)
        length = Int64(document.count)
    }

    /// An error's document.
    init(_ failure: S3Failure, resource: some Sequence<UInt8>, requestID: RequestID) {
        self.init(failure.code.status)
        error = failure.code
        // This status has no body.
        if failure.code == .notModified { return }
        let document = ErrorDocument.bytes(failure, resource: resource, requestID: "\(requestID)")
        fields.add(lines: "Content-Type: application/xml\r\n")
        if failure.code == .slowDown || failure.code == .serviceUnavailable {
            fields.add(lines: "Retry-After: 1\r\n")
        }
        body = .bytes(document)
        length = Int64(document.count)
    }

    /// Gives back what it holds, where it is not going to be sent.
    func discard() {
        if case .file(let handle, _) = body { handle.close() }
    }
}
