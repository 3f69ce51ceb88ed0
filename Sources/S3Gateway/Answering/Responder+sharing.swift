internal import S3Protocol

/// Which pages of other sites may read answers (the Fetch standard's CORS protocol).
extension Responder {
    /// Answers a browser that asks whether it may ask.
    ///
    /// - Throws: `.accessForbidden` where the page's origin is not one that may.
    func preflight(_ request: S3Request) throws(S3Failure) -> Answer {
        guard let origin = request.field("origin"),
            let method = request.field("access-control-request-method")
        else {
            throw S3Failure(
                .badRequest, "Insufficient information. Origin request header needed.")
        }
        guard allows(origin), method == "GET" || method == "HEAD" else {
            throw S3Failure(.accessForbidden)
        }
        var answer = Answer()
        answer.fields.add(
            lines: "Access-Control-Allow-Methods: GET, HEAD\r\nAccess-Control-Max-Age: 3000\r\n")
        if let wanted = request.field("access-control-request-headers"), isPlain(wanted) {
            answer.fields.add("Access-Control-Allow-Headers", wanted)
        }
        return answer
    }

    /// Tells the browser of the page that asked that it may have the answer.
    func share(_ answer: inout Answer, with request: S3Request) {
        guard !settings.corsOrigins.isEmpty, let origin = request.field("origin") else { return }
        answer.fields.add(lines: "Vary: Origin\r\n")
        guard allows(origin), isPlain(origin) else { return }
        answer.fields.add("Access-Control-Allow-Origin", origin)
        answer.fields.add(
            "Access-Control-Expose-Headers",
            "ETag, Content-Range, Accept-Ranges, Content-Length, Last-Modified, x-amz-request-id")
    }

    /// Whether text can stand in a field's value.
    private func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }
    }

    private func allows(_ origin: String) -> Bool {
        settings.corsOrigins.contains { $0 == "*" || $0 == origin }
    }
}
