import VolumeModel

/// What libFuzzer calls with each input: the text of a request's head, `METHOD target` and then one
/// `Name: value` a line. Compiled into the module S3Protocol, whose inner parts it calls.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let lines = UnsafeBufferPointer(start: start, count: count).split(
        separator: 0x0a, omittingEmptySubsequences: false)
    guard let first = lines.first else { return 0 }
    let space = first.firstIndex(of: 0x20) ?? first.endIndex
    guard let target = try? RequestTarget(parsing: Array(first[space...].dropFirst())[...]) else { return 0 }
    checkTarget(target)
    let request = S3Request(
        method: String(decoding: first[..<space], as: UTF8.self), target: target,
        fields: lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            return S3Request.Field(
                String(decoding: line[..<colon], as: UTF8.self),
                String(decoding: line[(colon + 1)...].drop { $0 == 0x20 }, as: UTF8.self))
        })
    checkOverrides(of: request)
    if let claim = try? SignatureClaim(of: request) { checkCanonicalForm(of: request, claim) }
    return 0
}

/// A target's canonical form says the same target, and is its own canonical form.
private func checkTarget(_ target: RequestTarget) {
    precondition(target.path.first == UInt8(ascii: "/"), "a path has its slash")
    precondition(!target.path.contains(0), "no path has a zero byte")
    let canonical = text(of: target)
    guard canonical.count <= RequestTarget.longest else { return }
    guard let again = try? RequestTarget(parsing: canonical[...]) else {
        preconditionFailure("a canonical form is a target")
    }
    precondition(again.path == target.path, "a path survives its encoding")
    let kept = target.query.filter { !$0.name.elementsEqual("X-Amz-Signature".utf8) }
    precondition(
        again.query.count == kept.count && Set(again.query) == Set(kept),
        "a query survives its encoding")
    precondition(text(of: again) == canonical, "a canonical form is its own")
}

private func text(of target: RequestTarget) -> [UInt8] {
    var text: [UInt8] = []
    PercentEncoding.append(target.path, keepsSlashes: true, to: &text)
    text.append(UInt8(ascii: "?"))
    CanonicalRequest.appendQuery(of: target, to: &text)
    return text
}

/// No value that is let through could end its line.
private func checkOverrides(of request: S3Request) {
    guard let overrides = try? ResponseOverrides(of: request, isAnonymous: false) else { return }
    for field in overrides.fields {
        precondition(
            !field.value.isEmpty && field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f },
            "an override is one line")
    }
}

/// A canonical request has as many lines as it has parts, so that none can pass for another.
private func checkCanonicalForm(of request: S3Request, _ claim: SignatureClaim) {
    let canonical = CanonicalRequest.bytes(
        of: request, signedHeaders: claim.signedHeaders, payload: claim.payload)
    let ends = canonical.count { $0 == 0x0a }
    precondition(ends == claim.signedHeaders.names.count + 5, "each part has its line")
    precondition(claim.time.date == claim.scope.date, "the scope's day is the time's")
    precondition(claim.time == SigningTime(claim.time.timestamp), "a time is written one way")
    if case .presigned(let expires) = claim.kind {
        precondition((1...SignatureClaim.longestExpiry).contains(expires), "an expiry is bounded")
    }
}
