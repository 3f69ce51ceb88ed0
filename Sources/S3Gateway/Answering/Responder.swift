internal import AccessControl
internal import Crypto
internal import Logging
internal import S3Protocol
internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// Answers requests: who asks, for what, and what he may have. Blocks on the disk; knows no
/// connection.
final class Responder: Sendable {
    let service: any VolumeService
    let authenticator: any RequestAuthenticator
    let settings: GatewaySettings
    let tokenKey: SymmetricKey
    let pacer: Pacer
    let logger: Logger
    /// What names of buckets stand for, once they were read.
    let places = Mutex<[String: BucketPlace]>([:])

    init(
        service: any VolumeService, authenticator: any RequestAuthenticator,
        settings: GatewaySettings, tokenKey: SymmetricKey, pacer: Pacer, logger: Logger
    ) {
        self.service = service
        self.authenticator = authenticator
        self.settings = settings
        self.tokenKey = tokenKey
        self.pacer = pacer
        self.logger = logger
    }

    /// A request that is to be answered.
    struct Question: Sendable {
        let request: S3Request
        let hasBody: Bool
        let id: RequestID
    }

    /// An answer, and what is logged with it.
    struct Outcome: Sendable {
        var answer: Answer
        /// S3's name of the call.
        var operation = "Unknown"
        /// Who asked; nil where that could not be told.
        var principal: Principal?
        /// Whether the connection cannot be used any more.
        var isLast = false
        /// What the answer was made by.
        var shape: GatewayShape?
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
                // Before anything is done for him.
                guard pacer.admits(principal) else { throw S3Failure(.slowDown) }
                outcome.answer = try answer(operation, address, question, principal)
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
        _ operation: S3Operation, _ address: S3Address, _ question: Question,
        _ principal: Principal
    ) throws(S3Failure) -> Answer {
        switch operation {
        case .write: throw S3Failure(.accessDenied, "This gateway is read-only.")
        case .unknown: throw S3Failure(.notImplemented)
        case .notAllowed, .preflight: throw S3Failure(.methodNotAllowed)
        case .listBuckets(let query): return try buckets(query, principal)
        case .headBucket:
            _ = try bucket(try place(address), for: principal)
            var answer = Answer()
            answer.fields.add("x-amz-bucket-region", settings.region)
            return answer
        case .bucketSetting(let setting):
            let place = try place(address)
            _ = try bucket(place, for: principal)
            return Answer(xml: try setting.document(bucket: place.name, region: settings.region))
        case .listKeys(let query):
            return try listing(query, try place(address), principal)
        case .headObject(let query):
            let (place, key) = (try place(address), address.key ?? [])
            let file = try readable(key, of: place, principal)
            return try object(file, query, question, principal, isHead: true)
        case .getObject(let query):
            let (place, key) = (try place(address), address.key ?? [])
            let file = try found(key, of: place, principal)
            try authorise(file)
            return try object(file, query, question, principal, isHead: false)
        case .getObjectAttributes(let wanted):
            let place = try place(address)
            return attributes(
                wanted, of: try readable(address.key ?? [], of: place, principal).file)
        case .objectSetting(let setting):
            _ = try readable(address.key ?? [], of: try place(address), principal)
            return Answer(xml: try setting.document())
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
