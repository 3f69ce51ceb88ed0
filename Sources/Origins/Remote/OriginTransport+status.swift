internal import VolumeModel

extension OriginTransport {
    /// What an answer with a status other than 200 to 299 means.
    func verdict(of outcome: HTTPTransfers.Outcome, about call: Call) -> Attempt.Verdict {
        let status = outcome.head.status
        let code = ErrorExcerpt.code(in: outcome.body)
        let answered =
            "\(call.subject): the origin answers \(status)" + (code.map { " (\($0))" } ?? "")
        switch status {
        case 404, 410:
            return .final(PerigeeError(.notFound, "\(call.subject) is not there (\(status))"))
        case 412, 416:
            return .final(AnswerCheck.stale(call.subject))
        case 400 where Self.credentialCodes.contains(code ?? ""), 401, 403:
            return .refusedCredentials(
                PerigeeError(.originDenied, answered, remedy: Self.remedy(for: code)))
        case 400 where call.method == .head && isSigned:
            // An answer to HEAD has no body that could tell; expired tokens are told this way.
            return .refusedCredentials(
                PerigeeError(.originDenied, answered, remedy: Self.remedy(for: "ExpiredToken")))
        case 408, 429, 500, 502, 503, 504:
            return .transient(
                PerigeeError(
                    .originUnavailable, answered,
                    remedy: "the origin has trouble or is overloaded; it was asked again"),
                retryAfter: outcome.head["retry-after"].flatMap(Self.nanoseconds(retryAfter:)))
        default:
            return .final(
                PerigeeError(
                    .originUnavailable, answered, remedy: "check the address of the origin root"))
        }
    }

    private static let credentialCodes: Set<String> = [
        "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId",
        "RequestExpired", "AuthorizationHeaderMalformed",
    ]

    private static func remedy(for code: String?) -> String {
        switch code {
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestExpired":
            "the credentials have expired: put new ones into the root's credentials file"
        case "RequestTimeTooSkewed": "this machine's clock is off: set it"
        case "SignatureDoesNotMatch", "InvalidAccessKeyId":
            "check the root's credentials file: the key or its secret is wrong"
        case "AuthorizationHeaderMalformed": "check the region of the origin root"
        default: "check what the root's credentials may read, or that the bucket is public"
        }
    }

    /// A `Retry-After` (RFC 9110, 10.2.3): seconds or an instant; nil for anything else.
    static func nanoseconds(retryAfter text: String) -> UInt64? {
        if let seconds = HTTPHead.number(text) {
            return UInt64(min(seconds, 1 << 33)) * 1_000_000_000
        }
        guard let instant = CalendarText.parse(http: text) else { return nil }
        let (wait, overflows) = instant.nanoseconds.subtractingReportingOverflow(
            Timestamp.now.nanoseconds)
        return overflows ? nil : UInt64(max(0, wait))
    }
}

/// The code in an error's document of S3.
enum ErrorExcerpt {
    /// What stands in the first `<Code>`, if that is a plain word.
    static func code(in body: [UInt8]) -> String? {
        guard let start = body.firstRange(of: Array("<Code>".utf8))?.upperBound,
            let end = body[start...].firstIndex(of: UInt8(ascii: "<"))
        else { return nil }
        let word = body[start..<end]
        let isWord = word.allSatisfy { byte in
            (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || (0x30...0x39).contains(byte)
        }
        return isWord && (1...64).contains(word.count) ? String(decoding: word, as: UTF8.self) : nil
    }
}
