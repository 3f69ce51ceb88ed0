internal import CCurl
internal import CKernel
internal import Glibc
internal import Synchronization
package import VolumeModel

/// HTTP transfers of this process: libcurl's multi interface on one thread of its own.
///
/// It keeps connections open between requests, and knows nothing of retries, redirects and
/// versions: those are `OriginTransport`'s. Bytes go straight from curl's buffer to the consumer, on
/// the transfer thread, which must therefore not wait: one that has too much pauses by its
/// `ReadPace`.
package final class HTTPTransfers: Sendable {
    /// A transfer that came to its end.
    package struct Outcome: Sendable {
        /// The answer's header.
        package let head: HTTPHead
        /// What the plan kept of the body.
        package let body: [UInt8]
    }

    /// The most bytes that one delivery brings, and that a paused transfer holds.
    package static let bufferSize = 512 * 1_024

    private let inbox: TransferInbox
    private let next = Atomic<UInt64>(0)

    /// Starts the thread.
    ///
    /// - Parameter pinnedAddresses: `HOST:PORT:ADDRESS`, as curl's `--resolve` takes it: where a
    ///   host lies, whatever the name service says. The gate judges those addresses as well.
    /// - Throws: `.tooManyOpen` where the system has no descriptor to give, `.originUnavailable` where
    ///   it has no memory.
    package init(pinnedAddresses: [String] = []) throws(PerigeeError) {
        guard curlIsReady else {
            throw PerigeeError(.originUnavailable, "libcurl cannot be initialised")
        }
        let inbox = try TransferInbox()
        self.inbox = inbox
        guard let made = curl_multi_init() else {
            throw PerigeeError(.originUnavailable, "no memory is left for reading remote origins")
        }
        // nonisolated(unsafe): nobody but the thread uses it from here on.
        nonisolated(unsafe) let multi = made
        Thread.start(name: "transfers") {
            TransferLoop(multi: multi, inbox: inbox, pinnedAddresses: pinnedAddresses).run()
        }
    }

    deinit { inbox.post(.stop) }

    /// Makes one request.
    ///
    /// - Parameters:
    ///   - host: what the gate allows of the request's host.
    ///   - certificates: a file of CA certificates in place of the system's.
    ///   - deadline: when it ends, on the monotonic clock in nanoseconds.
    ///   - accept: judges the header, on the transfer thread, before any byte of the body goes
    ///     anywhere; what it throws ends the transfer.
    ///   - deliver: takes the bytes, on the transfer thread, and never after this call has returned.
    func run(
        _ request: HTTPRequest, host: OutboundGate.Host, limits: TransferLimits,
        certificates: String? = nil, deadline: UInt64, pace: ReadPace? = nil,
        accept: @escaping @Sendable (HTTPHead) throws(PerigeeError) -> BodyPlan,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(TransferFailure) -> Outcome {
        let number = next.wrappingAdd(1, ordering: .relaxed).newValue
        let job = TransferJob(
            number: number, request: request, host: host, limits: limits,
            certificates: certificates, deadline: deadline, pace: pace, accept: accept,
            deliver: deliver)
        inbox.post(.start(job))
        let outcome = await withTaskCancellationHandler {
            await job.outcome()
        } onCancel: {
            job.cancel()
            inbox.post(.cancel(number))
        }
        return try outcome.get()
    }
}

/// curl's global state, made once: what it makes by itself on first use is not safe among threads.
private let curlIsReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

/// What other threads have for the transfer thread.
final class TransferInbox: Sendable {
    enum Message: Sendable {
        case start(TransferJob)
        case cancel(UInt64)
        case resume(UInt64)
        case stop
    }

    /// An eventfd that wakes the thread: curl's own wake-up wants its handle, which is the thread's.
    let descriptor: Int32
    private let messages = Mutex<[Message]>([])

    init() throws(PerigeeError) {
        descriptor = perigee_make_event()
        guard descriptor >= 0 else {
            throw PerigeeError(
                .tooManyOpen, "no descriptor is left for reading remote origins",
                cause: SystemError(descriptor))
        }
    }

    deinit { close(descriptor) }

    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        perigee_raise_event(descriptor)
    }

    /// All messages since the last call, in their order.
    func take() -> [Message] {
        perigee_clear_event(descriptor)
        return messages.withLock { messages in
            defer { messages.removeAll(keepingCapacity: true) }
            return messages
        }
    }
}
