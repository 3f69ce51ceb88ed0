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
package struct Credential: Hashable, Sendable {
    /// As it was sent.
    package let text: ArraySlice<UInt8>
    /// Where the id ends, and the region begins and ends.
    private let idEnd: Int, regionStart: Int, regionEnd: Int

    /// Reads a credential.
    ///
    /// - Throws: S3's code for a malformed one at `place`, and for a service or a last part that is
    ///   not ours. The region is left to the check, because the caller knows it.
    init(_ text: ArraySlice<UInt8>, at place: SignaturePlace) throws(S3Failure) {
        let slash = UInt8(ascii: "/")
        var ends: [Int] = []
        for index in text.indices where text[index] == slash { ends.append(index) }
        guard ends.count == 4, ends[0] > text.startIndex, ends[2] > ends[1] + 1 else {
            throw place.credentialFailure(
                "the Credential is mal-formed; expecting "
                    + "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        }
        let day = text[(ends[0] + 1)..<ends[1]]
        guard day.count == 8, day.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw place.credentialFailure(
                "incorrect date format \"\(Self.text(day))\". This date in the credential must be "
                    + "in the format \"yyyyMMdd\".")
        }
        let service = text[(ends[2] + 1)..<ends[3]]
        guard service.elementsEqual("s3".utf8) else {
            throw place.credentialFailure(
                "incorrect service \"\(Self.text(service))\". This endpoint belongs to \"s3\".")
        }
        let terminator = text[(ends[3] + 1)...]
        guard terminator.elementsEqual(CredentialScope.terminator.utf8) else {
            throw place.credentialFailure(
                "incorrect terminal \"\(Self.text(terminator))\". This endpoint uses "
                    + "\"\(CredentialScope.terminator)\".")
        }
        self.text = text
        (idEnd, regionStart, regionEnd) = (ends[0], ends[1] + 1, ends[2])
    }

    package static func == (left: Credential, right: Credential) -> Bool {
        left.text == right.text
    }

    package func hash(into hasher: inout Hasher) {
        text.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    /// The same in a buffer of its own.
    package var detached: Credential {
        Credential(
            text: Array(text)[...], idEnd: idEnd - text.startIndex,
            regionStart: regionStart - text.startIndex, regionEnd: regionEnd - text.startIndex)
    }

    private init(text: ArraySlice<UInt8>, idEnd: Int, regionStart: Int, regionEnd: Int) {
        (self.text, self.idEnd) = (text, idEnd)
        (self.regionStart, self.regionEnd) = (regionStart, regionEnd)
    }

    /// The id of the access key.
    package var accessKeyID: String { Self.text(text[..<idEnd]) }
    /// The scope.
    package var scope: CredentialScope {
        CredentialScope(date: Self.text(day), region: Self.text(region))
    }
    /// The scope as it was sent.
    var scopeText: ArraySlice<UInt8> { text[(idEnd + 1)...] }
    /// The region as it was sent.
    var region: ArraySlice<UInt8> { text[regionStart..<regionEnd] }

    private var day: ArraySlice<UInt8> { text[(idEnd + 1)..<(regionStart - 1)] }

    /// Checks that a request was signed on the credential's day.
    ///
    /// - Parameter time: when that was, in the basic form.
    func checkDay(_ time: ArraySlice<UInt8>, at place: SignaturePlace) throws(S3Failure) {
        guard day.elementsEqual(time.prefix(8)) else {
            throw place.failure(
                "Invalid credential date \"\(Self.text(day))\". This date is not the same "
                    + "as X-Amz-Date: \"\(Self.text(time.prefix(8)))\".")
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
