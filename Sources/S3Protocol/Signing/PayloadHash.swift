internal import VolumeModel

/// What `x-amz-content-sha256` says of a request's body.
package enum PayloadHash: Hashable, Sendable {
    /// The signature does not cover the body.
    case unsigned
    /// SHA-256 of the body, 64 hexadecimal digits as they were sent.
    case sha256(ArraySlice<UInt8>)
    /// The body comes in chunks, signed or with a trailer; the name says how.
    case streaming(ArraySlice<UInt8>)

    /// The hash of nothing.
    package static let ofNothing: StaticString =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// The hash of nothing, as a signer sends it.
    static let ofNothingSigned = PayloadHash.sha256(Array("\(ofNothing)".utf8)[...])

    private static let streamingNames: [StaticString] = [
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    ]

    /// Reads a value of `x-amz-content-sha256`.
    ///
    /// - Throws: `.invalidArgument` for one that S3 does not know.
    package init(_ text: ArraySlice<UInt8>) throws(S3Failure) {
        if text.count == 64, text.allSatisfy(Hex.isDigit) {
            self = .sha256(text)
        } else if Self.isEqual(text, Self.unsignedName) {
            self = .unsigned
        } else if Self.streamingNames.contains(where: { Self.isEqual(text, $0) }) {
            self = .streaming(text)
        } else {
            throw S3Failure(
                .invalidArgument,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                    + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                    + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
                    + "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, "
                    + "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
                details: [
                    .init("ArgumentName", "x-amz-content-sha256"),
                    .init("ArgumentValue", String(decoding: text, as: UTF8.self)),
                ])
        }
    }

    private static let unsignedName: StaticString = "UNSIGNED-PAYLOAD"

    /// Appends the value as it was sent, which is what a canonical request ends with.
    func append(to buffer: inout [UInt8]) {
        switch self {
        case .unsigned: Self.unsignedName.withUTF8Buffer { buffer.append(contentsOf: $0) }
        case .sha256(let text), .streaming(let text): buffer.append(contentsOf: text)
        }
    }

    /// Checks the hash of a request that came without a body.
    ///
    /// - Throws: `.contentSHA256Mismatch` for the hash of anything but nothing.
    package func checkIsOfNothing() throws(S3Failure) {
        guard case .sha256(let text) = self, !Self.isEqual(text, Self.ofNothing),
            // Digits come in either case.
            !Self.isEqual(text.map { $0 | 0x20 }[...], Self.ofNothing)
        else { return }
        throw S3Failure(
            .contentSHA256Mismatch,
            details: [
                .init("ClientComputedContentSHA256", String(decoding: text, as: UTF8.self)),
                .init("S3ComputedContentSHA256", "\(Self.ofNothing)"),
            ])
    }

    private static func isEqual(_ text: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
        name.withUTF8Buffer { text.elementsEqual($0) }
    }
}
