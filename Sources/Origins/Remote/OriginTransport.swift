internal import Synchronization
internal import VolumeModel

/// How one origin root is talked to: gate, signature, redirects, retries, breaker.
package final class OriginTransport: Sendable {
    /// The root's name, for messages.
    let name: String
    let limits: TransferLimits
    private let transfers: HTTPTransfers
    private let gate: OutboundGate
    private let signer: (any RequestSigner)?
    /// Whether requests carry credentials.
    var isSigned: Bool { signer != nil }
    private let certificates: String?
    private let state: Mutex<State>

    private struct State {
        var breaker: Breaker
        var budget = RetryBudget()
    }

    /// The most redirects that one request follows.
    static let mostRedirects = 5

    /// - Parameters:
    ///   - gate: whom this root may talk to, with its own host in it.
    ///   - certificates: a file of CA certificates in place of the system's.
    package init(
        name: String, transfers: HTTPTransfers, gate: OutboundGate,
        signer: (any RequestSigner)? = nil, certificates: String? = nil,
        limits: TransferLimits = TransferLimits(), breaker: Breaker = Breaker(failures: 8)
    ) {
        self.name = name
        self.transfers = transfers
        self.gate = gate
        self.signer = signer
        self.certificates = certificates
        self.limits = limits
        state = Mutex(State(breaker: breaker))
    }

    /// One call: a request that is made until it succeeds, fails for good, or its time is over.
    struct Call: Sendable {
        let method: HTTPMethod
        let address: WebAddress
        /// What it is about, for messages.
        let subject: String
        /// The bytes that are expected, by which its deadline is reckoned.
        var expected: Int64 = 0
        var pace: ReadPace?
        /// Whether a folder's page is meant: an object that redirects to itself with a slash is none.
        var isFolder = false
        /// The fields of a try after so many bytes have been delivered.
        var fields: @Sendable (Int64) -> [HTTPField] = { _ in [] }
        /// Judges the header of an answer with a status of 200 to 299, after so many bytes.
        var accept: @Sendable (HTTPHead, Int64) throws(PerigeeError) -> BodyPlan
        var deliver: @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void = { _ in }
    }

    /// Makes a call.
    ///
    /// - Throws: as `RemoteOrigin` says.
    func run(_ call: Call) async throws(PerigeeError) -> HTTPTransfers.Outcome {
        let deadline =
            monotonicNanoseconds() &+ limits.total(for: call.expected).wholeNanoseconds
        var plan = RetryPlan()
        var random = SystemRandomNumberGenerator()
        var delivered: Int64 = 0
        var mayRenew = signer != nil
        while true {
            // Before anything is signed: credentials that change meanwhile are worth another try.
            let generation = signer?.generation ?? 0
            let attempt = await attempt(call, after: delivered, deadline: deadline)
            delivered += attempt.delivered
            switch attempt.verdict {
            case .success(let outcome):
                state.withLock { $0.budget.succeeded() }
                return outcome
            case .final(let error):
                throw error
            case .refusedCredentials(let error):
                guard mayRenew, let signer else { throw error }
                mayRenew = false
                guard try await signer.renew(after: generation) else { throw error }
            case .transient(let error, let retryAfter):
                let now = monotonicNanoseconds()
                guard
                    let next = plan.next(
                        at: now, madeProgress: attempt.delivered > 0, retryAfter: retryAfter,
                        deadline: deadline, using: &random),
                    state.withLock({ $0.budget.take(at: now) })
                else { throw error }
                do {
                    try await Task.sleep(for: .nanoseconds(next - now))
                } catch {
                    throw TransferLoop.withdrawn
                }
            }
        }
    }

    /// What a try led to.
    struct Attempt {
        enum Verdict {
            case success(HTTPTransfers.Outcome)
            case final(PerigeeError)
            case refusedCredentials(PerigeeError)
            /// With the least wait that the origin asked for, in nanoseconds.
            case transient(PerigeeError, retryAfter: UInt64?)
        }

        let verdict: Verdict
        var delivered: Int64 = 0
    }

    /// One try with the redirects that it is sent through.
    private func attempt(_ call: Call, after delivered: Int64, deadline: UInt64) async -> Attempt {
        guard state.withLock({ $0.breaker.admits(at: monotonicNanoseconds()) }) else {
            return Attempt(
                verdict: .final(
                    PerigeeError(
                        .originUnavailable, "the origin \(Printable.quoted(name)) does not answer",
                        remedy: "check its server; it is asked again every few seconds")))
        }
        var tellsBreaker = true
        // Whatever way this ends, one that was let through as a probe is accounted for.
        defer { if tellsBreaker { state.withLock { $0.breaker.withdrawn() } } }
        var address = call.address
        do throws(TransferError) {
            for _ in 0...Self.mostRedirects {
                let outcome = try await transfer(
                    call, to: address, after: delivered, deadline: deadline)
                state.withLock { $0.breaker.answered() }
                tellsBreaker = false
                guard (300...399).contains(outcome.head.status) else {
                    let isWhole = (200...299).contains(outcome.head.status)
                    return isWhole
                        ? Attempt(
                            verdict: .success(outcome),
                            // Counted by whoever asked; no further try depends on it.
                            delivered: 0)
                        : Attempt(verdict: verdict(of: outcome, about: call))
                }
                address = try redirect(outcome.head, from: address, about: call)
            }
        } catch {
            switch error {
            case .refused(let error): return Attempt(verdict: .final(error))
            case .failed(let failure):
                if failure.kind == .stalled || (failure.kind == .connection && !failure.wasAnswered)
                {
                    state.withLock { _ = $0.breaker.timedOut(at: monotonicNanoseconds()) }
                    tellsBreaker = false
                } else if failure.wasAnswered {
                    state.withLock { $0.breaker.answered() }
                    tellsBreaker = false
                }
                let isTransient = failure.kind == .connection || failure.kind == .stalled
                let told = about(call, failure.error)
                return Attempt(
                    verdict: isTransient ? .transient(told, retryAfter: nil) : .final(told),
                    delivered: failure.delivered)
            }
        }
        return Attempt(
            verdict: .final(
                PerigeeError(
                    .originUnavailable,
                    "\(call.subject) is redirected more than \(Self.mostRedirects) times",
                    remedy: "check that server's redirects")))
    }

    private enum TransferError: Error {
        case refused(PerigeeError)
        case failed(TransferFailure)
    }

    private func transfer(
        _ call: Call, to address: WebAddress, after delivered: Int64, deadline: UInt64
    ) async throws(TransferError) -> HTTPTransfers.Outcome {
        let rule: OutboundGate.Host
        var request = HTTPRequest(call.method, address, call.fields(delivered))
        do throws(PerigeeError) {
            rule = try gate.rule(for: address)
            // Only for the server that they are for, wherever it redirects to.
            if let signer, address.isSameServer(as: call.address) {
                request.fields += try signer.fields(for: request.signable, at: .now)
            }
            guard request.fields.allSatisfy(\.isWellFormed) else {
                throw PerigeeError(
                    .invalidArgument, "a field of a request for \(call.subject) cannot be sent")
            }
        } catch {
            throw .refused(error)
        }
        do throws(TransferFailure) {
            return try await transfers.run(
                request, host: rule, limits: limits, certificates: certificates,
                deadline: deadline, pace: call.pace,
                accept: { (head) throws(PerigeeError) in
                    guard (200...299).contains(head.status) else { return .excerpt(16_384) }
                    return try call.accept(head, delivered)
                }, deliver: call.deliver)
        } catch {
            throw .failed(error)
        }
    }

    /// Where a redirect leads, which is then judged as any other address.
    private func redirect(_ head: HTTPHead, from address: WebAddress, about call: Call)
        throws(TransferError) -> WebAddress
    {
        guard [301, 302, 303, 307, 308].contains(head.status), let location = head["location"],
            let next = address.following(location)
        else {
            throw .refused(
                PerigeeError(
                    .originUnavailable,
                    "\(call.subject) is redirected (\(head.status)) to nowhere that can be asked",
                    remedy: "check the address of the origin root, and for a bucket its region"))
        }
        if !call.isFolder, next.target == "\(address.target)/", next.isSameServer(as: address) {
            throw .refused(PerigeeError(.notFound, "\(call.subject) is a folder"))
        }
        if address.isEncrypted && !next.isEncrypted {
            throw .refused(
                PerigeeError(
                    .originDenied,
                    "\(call.subject) is redirected from https to http at "
                        + Printable.quoted(next.host),
                    remedy: "check that server's redirects"))
        }
        return next
    }

    /// The same error with what it was about in front.
    private func about(_ call: Call, _ error: PerigeeError) -> PerigeeError {
        // What judged the answer has said it already.
        if error.message.hasPrefix(call.subject) { return error }
        return PerigeeError(
            error.code, "\(call.subject): \(error.message)", remedy: error.remedy,
            cause: error.cause)
    }
}

extension HTTPRequest {
    /// The request as a signer sees it.
    var signable: SignableRequest {
        let parts = address.target.utf8.split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? parts[1].split(separator: UInt8(ascii: "&")) : []
        return SignableRequest(
            method: method, authority: address.authority,
            path: PercentEncoding.decode(parts[0]) ?? Array(parts[0]),
            query: query.map { part in
                let pair = part.split(
                    separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                return (
                    PercentEncoding.decode(pair[0]) ?? [],
                    pair.count > 1 ? PercentEncoding.decode(pair[1]) ?? [] : []
                )
            }, fields: fields)
    }
}
