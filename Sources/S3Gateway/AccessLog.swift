internal import AccessControl
internal import S3Protocol
internal import VolumeModel

/// A line of JSON for each request, without what stands in queries: that may be a signature.
package struct AccessLog: Sendable {
    /// What is told of a request.
    package struct Line: Sendable {
        let time: Timestamp
        let request: RequestID
        let peer: String
        let principal: Principal?
        let method: String
        let path: ArraySlice<UInt8>
        let operation: String
        let status: Int
        let error: S3ErrorCode?
        let bytes: Int
        let duration: Duration
        let isWhole: Bool
    }

    private let sink: (@Sendable ([UInt8]) -> Void)?

    /// - Parameter sink: takes whole lines, from any thread, and does not wait; nil: there is no log.
    package init(_ sink: (@Sendable ([UInt8]) -> Void)?) { self.sink = sink }

    func write(_ line: Line) {
        guard let sink else { return }
        var text: [UInt8] = []
        text.reserveCapacity(320)
        text.append(contentsOf: #"{"time":""#.utf8)
        text.append(contentsOf: line.time.iso8601.utf8)
        Self.append("requestId", line.request.description.utf8, to: &text)
        Self.append("remote", line.peer.utf8, to: &text)
        Self.append("principal", (line.principal.map { "\($0)" } ?? "unknown").utf8, to: &text)
        Self.append("method", line.method.utf8, to: &text)
        Self.append("path", line.path, to: &text)
        Self.append("operation", line.operation.utf8, to: &text)
        if let error = line.error { Self.append("error", error.rawValue.utf8, to: &text) }
        let microseconds = Int(line.duration / .microseconds(1))
        text.append(
            contentsOf: (#"","status":\#(line.status),"bytes":\#(line.bytes),"#
                + #""microseconds":\#(microseconds),"complete":\#(line.isWhole)}"#).utf8)
        text.append(UInt8(ascii: "\n"))
        sink(text)
    }

    /// `","name":"value`, escaped: control characters and what is not ASCII by a reference, so that
    /// no byte of a client's reaches a terminal as it is.
    private static func append(
        _ name: StaticString, _ value: some Sequence<UInt8>, to text: inout [UInt8]
    ) {
        text.append(contentsOf: #"",""#.utf8)
        name.withUTF8Buffer { text.append(contentsOf: $0) }
        text.append(contentsOf: #"":""#.utf8)
        for byte in value {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0x20..<0x7f: text.append(byte)
            default:
                // Paths come percent-encoded; a byte beyond ASCII stands for itself in Latin-1.
                text.append(contentsOf: #"\u00"#.utf8)
                Hex.append(CollectionOfOne(byte), to: &text)
            }
        }
    }
}
