/// The day, region and service that a signing key is made for.
///
/// Written `20130524/us-east-1/s3/aws4_request`.
package struct CredentialScope: Hashable, Sendable {
    /// The day in UTC, as eight digits: `20130524`.
    package let date: String
    /// The region, such as `us-east-1`.
    package let region: String
    /// The service: `s3`, or the claim would not have been read.
    package let service: String

    /// What every scope ends with.
    package static let terminator = "aws4_request"

    /// Puts a scope together.
    package init(date: String, region: String, service: String = "s3") {
        self.date = date
        self.region = region
        self.service = service
    }

    /// The scope as a string to sign has it.
    package var text: String { "\(date)/\(region)/\(service)/\(Self.terminator)" }
}

/// Where a signature is written, which decides how S3 words what is wrong with it.
enum SignaturePlace {
    /// In the `Authorization` field.
    case header
    /// In the query.
    case query

    /// An error about the credential.
    func credentialFailure(_ sentence: String, details: [S3Failure.Detail] = []) -> S3Failure {
        switch self {
        case .header: headerFailure(sentence, details: details)
        case .query:
            S3Failure(
                .authorizationQueryParametersError,
                "Error parsing the X-Amz-Credential parameter; \(sentence)", details: details)
        }
    }

    /// An error about anything else.
    func failure(_ sentence: String) -> S3Failure {
        switch self {
        case .header: headerFailure(sentence, details: [])
        case .query: S3Failure(.authorizationQueryParametersError, sentence)
        }
    }

    private func headerFailure(_ sentence: String, details: [S3Failure.Detail]) -> S3Failure {
        S3Failure(
            .authorizationHeaderMalformed, "The authorization header is malformed; \(sentence)",
            details: details)
    }
}

/// An access key's id and the scope beside it: `AKID/20130524/us-east-1/s3/aws4_request`.
struct Credential {
    let accessKeyID: String
    let scope: CredentialScope

    /// Reads a credential.
    ///
    /// - Throws: S3's code for a malformed one at `place`, and for a service or a last part that is
    ///   not ours. The region is left to the check, because the caller knows it.
    init(_ text: ArraySlice<UInt8>, at place: SignaturePlace) throws(S3Failure) {
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 5, !parts[0].isEmpty, !parts[2].isEmpty else {
            throw place.credentialFailure(
                "the Credential is mal-formed; expecting "
                    + "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        }
        guard parts[1].count == 8, parts[1].allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw place.credentialFailure(
                "incorrect date format \"\(Self.text(parts[1]))\". This date in the credential must be in the "
                    + "format \"yyyyMMdd\".")
        }
        guard parts[3].elementsEqual("s3".utf8) else {
            throw place.credentialFailure(
                "incorrect service \"\(Self.text(parts[3]))\". This endpoint belongs to \"s3\".")
        }
        guard parts[4].elementsEqual(CredentialScope.terminator.utf8) else {
            throw place.credentialFailure(
                "incorrect terminal \"\(Self.text(parts[4]))\". This endpoint uses "
                    + "\"\(CredentialScope.terminator)\".")
        }
        accessKeyID = Self.text(parts[0])
        scope = CredentialScope(date: Self.text(parts[1]), region: Self.text(parts[2]))
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
