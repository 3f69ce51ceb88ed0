internal import AccessControl
internal import Crypto
internal import Logging
internal import S3Protocol
internal import VolumeModel
internal import VolumeService

/// Answers requests: who asks, for what, and what he may have. Blocks on the disk; knows no
/// connection.
struct Responder: Sendable {
    let service: any VolumeService
    let authenticator: any RequestAuthenticator
    let settings: GatewaySettings
    let tokenKey: SymmetricKey
    let logger: Logger

    /// A request that is to be answered.
    struct Question: Sendable {
        let request: S3Request
        let isSecure: Bool
        let hasBody: Bool
        let id: String
    }

    /// An answer, and what is logged with it.
    struct Outcome: Sendable {
        var answer: Answer
        /// S3's name of the call.
        var operation = "Unknown"
        /// Who asked; nil where that could not be told.
        var principal: Principal?
    }

    /// Answers; what goes wrong is an answer too.
    func answer(_ question: Question, at now: Timestamp) -> Outcome {
        var outcome = Outcome(answer: Answer())
        do throws(S3Failure) {
            let request = question.request
            let address = try S3Address(
                request.target, host: request.field("host"), domains: settings.domains)
            let operation = try S3Operation(request, at: address)
            outcome.operation = operation.name
            // A browser asks without credentials, before it sends them.
            if case .preflight = operation {
                outcome.answer = try preflight(request)
            } else {
                let principal = try authenticator.principal(
                    of: request, hasBody: question.hasBody, at: now)
                outcome.principal = principal
                outcome.answer = try answer(operation, address, request, principal)
            }
            share(&outcome.answer, with: request)
        } catch {
            outcome.answer = Answer(
                error, resource: question.request.target.path, requestID: question.id)
            share(&outcome.answer, with: question.request)
        }
        return outcome
    }

    private func answer(
        _ operation: S3Operation, _ address: S3Address, _ request: S3Request,
        _ principal: Principal
    ) throws(S3Failure) -> Answer {
        switch operation {
        case .write:
            throw S3Failure(.accessDenied, "This gateway is read-only.")
        case .unknown: throw S3Failure(.notImplemented)
        case .notAllowed, .preflight: throw S3Failure(.methodNotAllowed)
        case .listBuckets(let query): return try buckets(query, principal)
        default: break
        }
        guard let name = address.bucket else { throw S3Failure(.methodNotAllowed) }
        switch operation {
        case .headBucket:
            _ = try bucket(name, for: principal)
            var answer = Answer()
            answer.fields.add("x-amz-bucket-region", settings.region)
            return answer
        case .bucketSetting(let setting):
            _ = try bucket(name, for: principal)
            return Answer(xml: try setting.document(bucket: name, region: settings.region))
        case .listKeys(let query):
            return try listing(query, name, principal)
        default: break
        }
        let key = address.key ?? []
        let place = try place(name)
        switch operation {
        case .headObject(let query):
            let file = try readable(key, of: place, principal)
            return try object(file, key, query, request, principal, isHead: true)
        case .getObject(let query):
            let file = try readable(key, of: place, principal)
            return try object(file, key, query, request, principal, isHead: false)
        case .getObjectAttributes(_, let wanted):
            return attributes(wanted, of: try readable(key, of: place, principal).file)
        case .objectSetting(let setting, _):
            _ = try readable(key, of: place, principal)
            return Answer(xml: try setting.document())
        default: throw S3Failure(.notImplemented)
        }
    }

    private func buckets(
        _ query: BucketsQuery, _ principal: Principal
    ) throws(S3Failure) -> Answer {
        do throws(PerigeeError) {
            let buckets = try service.volumes(for: principal).map { snapshot in
                BucketsDocument.Bucket(name: snapshot.name.string, created: snapshot.created)
            }
            return Answer(
                xml: BucketsDocument.bytes(buckets, query: query, region: settings.region))
        } catch {
            throw failure(error)
        }
    }

    /// What is answered for an error, which goes to the log where it is one of ours.
    func failure(_ error: PerigeeError) -> S3Failure {
        let failure = S3Failure(error)
        if failure.code.status >= 500 {
            logger.error("a request failed", metadata: ["error": "\(error)"])
        }
        return failure
    }
}
