internal import Synchronization
internal import VolumeModel

/// A transfer as it is handed to the transfer thread, with the one answer to its caller.
final class TransferJob: Sendable {
    let number: UInt64
    let request: HTTPRequest
    let host: OutboundGate.Host
    let limits: TransferLimits
    let certificates: String?
    /// When it ends, on the monotonic clock in nanoseconds.
    let deadline: UInt64
    let pace: ReadPace?
    /// Judges the header, on the transfer thread, before any byte of the body goes anywhere.
    let accept: @Sendable (HTTPHead) throws(PerigeeError) -> BodyPlan
    /// Takes bytes, on the transfer thread.
    let deliver: @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    private let answer: Mutex<Answer>

    typealias Outcome = Result<HTTPTransfers.Outcome, TransferFailure>

    /// INVARIANT: the continuation is resumed once, by whoever takes the state out of `waiting`.
    private enum Answer {
        case open(isCancelled: Bool)
        case waiting(CheckedContinuation<Outcome, Never>, isCancelled: Bool)
        case early(Outcome)
        case given
    }

    init(
        number: UInt64, request: HTTPRequest, host: OutboundGate.Host, limits: TransferLimits,
        certificates: String?, deadline: UInt64, pace: ReadPace?,
        accept: @escaping @Sendable (HTTPHead) throws(PerigeeError) -> BodyPlan,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) {
        self.number = number
        self.request = request
        self.host = host
        self.limits = limits
        self.certificates = certificates
        self.deadline = deadline
        self.pace = pace
        self.accept = accept
        self.deliver = deliver
        answer = Mutex(.open(isCancelled: false))
    }

    /// Whether its caller has withdrawn.
    var isCancelled: Bool {
        answer.withLock { answer in
            switch answer {
            case .open(let isCancelled), .waiting(_, let isCancelled): isCancelled
            case .early, .given: false
            }
        }
    }

    /// The caller withdraws; the transfer thread answers.
    func cancel() {
        answer.withLock { answer in
            switch answer {
            case .open: answer = .open(isCancelled: true)
            case .waiting(let continuation, _):
                answer = .waiting(continuation, isCancelled: true)
            case .early, .given: break
            }
        }
    }

    /// Waits for the outcome; to be called once.
    func outcome() async -> Outcome {
        await withCheckedContinuation { continuation in
            let early = answer.withLock { answer -> Outcome? in
                switch answer {
                case .open(let isCancelled):
                    answer = .waiting(continuation, isCancelled: isCancelled)
                    return nil
                case .early(let outcome):
                    answer = .given
                    return outcome
                case .waiting, .given:
                    preconditionFailure("a transfer's outcome is waited for once")
                }
            }
            if let early { continuation.resume(returning: early) }
        }
    }

    /// Answers the caller; nothing is delivered after this.
    func finish(_ outcome: Outcome) {
        let waiting = answer.withLock { answer -> CheckedContinuation<Outcome, Never>? in
            switch answer {
            case .open:
                answer = .early(outcome)
                return nil
            case .waiting(let continuation, _):
                answer = .given
                return continuation
            case .early, .given: return nil
            }
        }
        waiting?.resume(returning: outcome)
    }

    /// A failure before anything was sent.
    func fail(_ kind: TransferFailure.Kind, _ error: PerigeeError) {
        finish(
            .failure(
                TransferFailure(kind: kind, error: error, wasAnswered: false, delivered: 0)))
    }
}
