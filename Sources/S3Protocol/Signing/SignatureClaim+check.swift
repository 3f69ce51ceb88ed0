package import VolumeModel

extension SignatureClaim {
    /// How far a signer's clock may be from ours, in seconds: 15 minutes.
    package static let allowedSkew: Int64 = 900

    /// Checks all of the claim that takes no key: it comes first, so that whoever keeps keys holds
    /// few days of each, of our region alone, whatever strangers send.
    ///
    /// - Parameters:
    ///   - request: the one that the claim was read from.
    ///   - region: ours.
    ///   - now: our clock.
    /// - Throws: `.invalidToken`, `.authorizationHeaderMalformed` or
    ///   `.authorizationQueryParametersError` with the region, `.requestTimeTooSkewed`,
    ///   `.accessDenied`.
    private func checkTerms(
        of request: S3Request, region: String, at now: Timestamp
    ) throws(S3Failure) {
        // Session tokens come with keys that we do not make.
        guard !hasSecurityToken else { throw S3Failure(.invalidToken) }
        guard credential.region.elementsEqual(region.utf8) else {
            throw place.credentialFailure(
                "the region '\(scope.region)' is wrong; expecting '\(region)'",
                details: [.init("Region", region)])
        }
        try checkTime(at: now)
        try checkCoverage(of: request)
    }

    /// Checks that the claim is true, current and covers the request it was read from: its terms,
    /// then the signature, and last the body's hash.
    ///
    /// - Parameters:
    ///   - key: what `accessKeyID`'s secret and `scope` make; asked for behind the terms.
    ///   - hasBody: false where the request came without a body, so that a hash of one is false.
    /// - Throws: as `checkTerms`, `.signatureDoesNotMatch`, `.contentSHA256Mismatch`, and what `key`
    ///   throws.
    package func check(
        _ request: S3Request, region: String, at now: Timestamp, hasBody: Bool,
        key: () throws(S3Failure) -> SigningKey
    ) throws(S3Failure) {
        try checkTerms(of: request, region: region, at: now)
        let key = try key()
        let canonical = CanonicalRequest.bytes(
            of: request, signedHeaders: signedHeaders, payload: payload)
        let stringToSign = StringToSign.bytes(
            time: time, scope: credential.scopeText, canonical: canonical)
        guard signature.count == 64, let bytes = Hex.decode(signature),
            key.isValid(bytes, of: stringToSign)
        else { throw doesNotMatch(canonical: canonical, stringToSign: stringToSign) }
        if !hasBody { try payload.checkIsOfNothing() }
    }

    private var place: SignaturePlace { kind == .header ? .header : .query }

    private func checkTime(at now: Timestamp) throws(S3Failure) {
        let seconds = now.secondsSinceEpoch
        switch kind {
        case .header:
            guard abs(seconds - time.seconds) <= Self.allowedSkew else {
                throw S3Failure(
                    .requestTimeTooSkewed,
                    details: [
                        .init("RequestTime", time.text), .init("ServerTime", Self.iso(seconds)),
                        .init("MaxAllowedSkewMilliseconds", String(Self.allowedSkew * 1_000)),
                    ])
            }
        case .presigned(let expires):
            guard time.seconds - seconds <= Self.allowedSkew else {
                throw S3Failure(
                    .accessDenied, "Request is not yet valid",
                    details: [
                        .init("X-Amz-Date", time.text), .init("ServerTime", Self.iso(seconds)),
                    ])
            }
            let end = time.seconds + Int64(expires)
            guard seconds < end || seconds == end && now.nanoseconds % 1_000_000_000 == 0 else {
                throw S3Failure(
                    .accessDenied, "Request has expired",
                    details: [
                        .init("X-Amz-Expires", String(expires)), .init("Expires", Self.iso(end)),
                        .init("ServerTime", Self.iso(seconds)),
                    ])
            }
        }
    }

    /// Checks that the signature covers the host and whatever else bears on what is asked for.
    ///
    /// S3 takes `x-amz-content-sha256` without a signature, because its value stands in the
    /// canonical request anyhow, and wants `content-md5` signed.
    private func checkCoverage(of request: S3Request) throws(S3Failure) {
        var missing: [String] = []
        if !signedHeaders.hasHost { missing.append("host") }
        let header = request.header
        for field in header.fields {
            guard Self.mustBeSigned(field, header), !signedHeaders.contains(field, of: header)
            else { continue }
            let name = header.text(field.name).lowercased()
            if !missing.contains(name) { missing.append(name) }
        }
        guard missing.isEmpty else {
            throw S3Failure(
                .accessDenied, "There were headers present in the request which were not signed",
                details: [.init("HeadersNotSigned", missing.joined(separator: ", "))])
        }
    }

    private static func mustBeSigned(
        _ field: RequestHeader.Field, _ header: RequestHeader
    ) -> Bool {
        header.isNamed(field, beginning: "x-amz-")
            && !header.isNamed(field, "x-amz-content-sha256")
            || header.isNamed(field, "content-md5")
    }

    /// What S3 tells to those who debug a signer: all of it is made of what the client sent.
    private func doesNotMatch(canonical: [UInt8], stringToSign: [UInt8]) -> S3Failure {
        S3Failure(
            .signatureDoesNotMatch,
            details: [
                .init("AWSAccessKeyId", accessKeyID),
                .init("StringToSign", String(decoding: stringToSign, as: UTF8.self)),
                .init("SignatureProvided", String(decoding: signature, as: UTF8.self)),
                .init("StringToSignBytes", Self.spaced(stringToSign)),
                .init("CanonicalRequest", String(decoding: canonical, as: UTF8.self)),
                .init("CanonicalRequestBytes", Self.spaced(canonical)),
            ])
    }

    private static func spaced(_ bytes: [UInt8]) -> String {
        bytes.map { Hex.encode([$0]) }.joined(separator: " ")
    }

    private static func iso(_ seconds: Int64) -> String {
        Timestamp(secondsSinceEpoch: seconds).iso8601
    }
}
