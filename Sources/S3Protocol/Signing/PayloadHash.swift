internal import VolumeModel

/// What `x-amz-content-sha256` says of a request's body.
package enum PayloadHash: Hashable, Sendable {
    /// The signature does not cover the body.
    case unsigned
    /// SHA-256 of the body, 64 hexadecimal digits as they were sent.
    case sha256(String)
    /// The body comes in chunks, signed or with a trailer; the name says how.
    case streaming(String)

    /// The hash of nothing.
    package static let ofNothing =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private static let streamingNames: Set<String> = [
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    ]

    /// Reads a value of `x-amz-content-sha256`.
    ///
    /// - Throws: `.invalidArgument` for one that S3 does not know.
    package init(_ text: String) throws(S3Failure) {
        if text.utf8.count == 64, text.utf8.allSatisfy(Hex.isDigit) {
            self = .sha256(text)
        } else if text == "UNSIGNED-PAYLOAD" {
            self = .unsigned
        } else if Self.streamingNames.contains(text) {
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
                    .init("ArgumentName", "x-amz-content-sha256"), .init("ArgumentValue", text),
                ])
        }
    }

    /// The value as it was sent, which is what a canonical request ends with.
    package var text: String {
        switch self {
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .sha256(let text), .streaming(let text): text
        }
    }

    /// Checks the hash of a request that came without a body.
    ///
    /// - Throws: `.contentSHA256Mismatch` for the hash of anything but nothing.
    package func checkIsOfNothing() throws(S3Failure) {
        guard case .sha256(let text) = self, text != Self.ofNothing,
            text.lowercased() != Self.ofNothing
        else { return }
        throw S3Failure(
            .contentSHA256Mismatch,
            details: [
                .init("ClientComputedContentSHA256", text),
                .init("S3ComputedContentSHA256", Self.ofNothing),
            ])
    }
}
