internal import AccessControl
internal import S3Protocol
internal import VolumeModel
internal import VolumeService

extension Responder {
    /// Answers a request for an object that was read a moment ago and is still open, without waiting
    /// for anything: on an event loop. Nil where that cannot be, and somebody who may wait has to answer.
    ///
    /// The signature, the rights and the version are checked as always.
    func answerNow(_ question: Question, at now: Timestamp) -> Outcome? {
        let request = question.request
        guard !question.hasBody, request.method == "GET" || request.method == "HEAD",
            settings.corsOrigins.isEmpty || request.field("origin") == nil,
            // What goes wrong is told by the other way.
            let address = try? S3Address(
                request.target, host: request.field("host"), domains: settings.domains),
            let name = address.bucket, let key = address.key,
            let operation = try? S3Operation(request, at: address)
        else { return nil }
        let (query, isHead): (ObjectQuery, Bool)
        switch operation {
        case .getObject(let asked): (query, isHead) = (asked, false)
        case .headObject(let asked): (query, isHead) = (asked, true)
        default: return nil
        }
        guard let principal = authenticator.principalNow(of: request, at: now),
            let place = try? place(name),
            let found = service.recall(
                place.prefix.isEmpty ? key : place.prefix + key, in: place.volume,
                at: place.selector, for: principal), found.file.entry.isReadable,
            let (header, range, _) = try? header(found, query, request, principal)
        else { return nil }
        var answer = header
        if !isHead, let range {
            guard let handle = service.openAgain(found) else { return nil }
            if range.count > Self.smallest {
                answer.body = .file(handle, range)
            } else {
                defer { handle.close() }
                guard let bytes = try? handle.bytesNow(range) else { return nil }
                answer.body = .bytes(bytes)
            }
        }
        // Only now is it sure that nobody else answers: one request counts, and is entered, once.
        guard pacer.admits(principal) else {
            answer.discard()
            answer = Answer(
                S3Failure(.slowDown), resource: request.target.path, requestID: question.id)
            return Outcome(answer: answer, operation: operation.name, principal: principal)
        }
        if !isHead, range != nil { service.noteOpened(found) }
        return Outcome(answer: answer, operation: operation.name, principal: principal)
    }
}
