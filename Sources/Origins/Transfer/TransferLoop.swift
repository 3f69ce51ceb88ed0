internal import CCurl
internal import Glibc
internal import VolumeModel

/// The transfer thread's life. Everything in it belongs to that thread.
final class TransferLoop {
    private let inbox: TransferInbox
    private let multi: UnsafeMutableRawPointer
    /// What `--resolve` would be, for all transfers.
    private let pinned: UnsafeMutablePointer<curl_slist>?
    private var live: [UInt64: LiveTransfer] = [:]
    private var queue = TransferQueue<TransferJob>()
    /// Handles between two transfers: making one costs more than wiping it.
    private var spare: [UnsafeMutableRawPointer] = []

    /// - Parameter multi: what `curl_multi_init` made; the loop's own from now on.
    init(multi: UnsafeMutableRawPointer, inbox: TransferInbox, pinnedAddresses: [String]) {
        self.inbox = inbox
        self.multi = multi
        pinned = curlList(pinnedAddresses)
        // Open connections that wait for their next request, over all servers.
        _ = perigee_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
    }

    deinit {
        for handle in spare { curl_easy_cleanup(handle) }
        curl_multi_cleanup(multi)
        curl_slist_free_all(pinned)
    }

    /// Runs until it is told to stop.
    func run() {
        while true {
            guard takeMessages() else { return stopAll() }
            startWaiting()
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            finishDone()
            expire(at: monotonicNanoseconds())
            startWaiting()
            var wake = curl_waitfd(
                fd: inbox.descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
            curl_multi_poll(multi, &wake, 1, milliseconds(), nil)
        }
    }

    /// False where the end has come.
    private func takeMessages() -> Bool {
        for message in inbox.take() {
            switch message {
            case .start(let job):
                queue.add(
                    job, server: Self.server(of: job), limit: job.limits.transfersPerServer)
            case .cancel(let number):
                for job in queue.remove(where: { $0.number == number }) { cancel(job) }
                if let transfer = live[number] {
                    end(transfer, .failure(transfer.failure(.cancelled, Self.withdrawn)))
                }
            case .resume(let number): live[number]?.resume()
            case .stop: return false
            }
        }
        return true
    }

    private func startWaiting() {
        for job in queue.ready() {
            if job.isCancelled {
                cancel(job)
            } else if let handle = spare.popLast() ?? curl_easy_init(),
                let transfer = LiveTransfer(job, handle: handle, pinned: pinned, inbox: inbox)
            {
                live[job.number] = transfer
                let code = curl_multi_add_handle(multi, handle)
                if code == CURLM_OK { continue }
                end(transfer, .failure(transfer.failure(.connection, Self.noMemory)))
                continue
            } else {
                job.fail(.connection, Self.noMemory)
            }
            queue.ended(server: Self.server(of: job))
        }
    }

    private func finishDone() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle
            else { continue }
            let code = perigee_curl_result(message)
            guard let transfer = LiveTransfer.of(handle) else { continue }
            end(transfer, transfer.outcome(of: code))
        }
    }

    /// Ends what is past its deadline or too slow.
    private func expire(at now: UInt64) {
        for job in queue.remove(where: { $0.deadline <= now }) {
            job.fail(.deadline, Self.late(job))
        }
        for transfer in live.values {
            if let error = transfer.complaint(at: now) { end(transfer, .failure(error)) }
        }
    }

    private func end(_ transfer: LiveTransfer, _ outcome: TransferJob.Outcome) {
        live[transfer.job.number] = nil
        queue.ended(server: Self.server(of: transfer.job))
        curl_multi_remove_handle(multi, transfer.handle)
        let handle = transfer.release()
        if spare.count < 16 { spare.append(handle) } else { curl_easy_cleanup(handle) }
        transfer.job.finish(outcome)
    }

    private func stopAll() {
        for transfer in live.values {
            end(transfer, .failure(transfer.failure(.cancelled, Self.withdrawn)))
        }
        for job in queue.remove(where: { _ in true }) { cancel(job) }
    }

    /// How long there is nothing to do, if nothing comes.
    private func milliseconds() -> Int32 {
        let deadlines = live.values.map(\.nextCheck) + queue.elements.map(\.deadline)
        guard let first = deadlines.min() else { return 60_000 }
        let now = monotonicNanoseconds()
        return first <= now ? 0 : Int32(min(60_000, (first - now) / 1_000_000 + 1))
    }

    private func cancel(_ job: TransferJob) { job.fail(.cancelled, Self.withdrawn) }

    private static func server(of job: TransferJob) -> String {
        "\(job.request.address.scheme)://\(job.request.address.authority)"
    }

    static let withdrawn = PerigeeError(.cancelled, "a read of an origin was withdrawn")
    private static let noMemory = PerigeeError(
        .originUnavailable, "libcurl cannot start a transfer: no memory is left")

    static func late(_ job: TransferJob) -> PerigeeError {
        PerigeeError(
            .timedOut,
            "\(Printable.quoted(job.request.address.host)) did not answer in time",
            remedy: "check that server, and the way to it")
    }
}

/// A list as curl takes it; nil for none.
func curlList(_ lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
    lines.reduce(nil) { curl_slist_append($0, $1) }
}
