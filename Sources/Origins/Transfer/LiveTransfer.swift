internal import CCurl
internal import Glibc
internal import VolumeModel

/// A transfer that runs: curl's handle, and what has come of the answer. It belongs to the transfer
/// thread.
final class LiveTransfer {
    let job: TransferJob
    let handle: UnsafeMutableRawPointer
    private let inbox: TransferInbox
    private let fields: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    private var header = HeaderReader()
    private var body: BodyReader?
    /// What ended it from within a callback.
    private var failure: TransferFailure?
    private var refusedAddress: NetworkAddress?
    private var isPaused = false
    private var isConnected = false
    private var windowStart: UInt64
    private var windowBytes: Int64 = 0

    /// Takes a fresh handle; nil, and the handle is gone, where curl refuses an option.
    init?(
        _ job: TransferJob, handle: UnsafeMutableRawPointer,
        pinned: UnsafeMutablePointer<curl_slist>?, inbox: TransferInbox
    ) {
        self.job = job
        self.handle = handle
        self.inbox = inbox
        windowStart = monotonicNanoseconds()
        let own = [HTTPField("Accept", "*/*"), HTTPField("Accept-Encoding", "identity")]
        fields = curlList(
            (own + job.request.fields).map {
                // Curl takes a name with nothing behind the colon for a field to leave out.
                $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)"
            })
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard configure(pinned: pinned) else {
            curl_easy_cleanup(release())
            return nil
        }
    }

    deinit {
        errorText.deallocate()
        curl_slist_free_all(fields)
    }

    /// The transfer that a handle runs.
    static func of(_ handle: UnsafeMutableRawPointer) -> LiveTransfer? {
        var pointer: UnsafeMutableRawPointer?
        guard perigee_curl_get_pointer(handle, CURLINFO_PRIVATE, &pointer) == CURLE_OK else {
            return nil
        }
        return pointer.map { Unmanaged<LiveTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Wipes the handle, which nothing of this transfer then holds on to.
    func release() -> UnsafeMutableRawPointer {
        curl_easy_reset(handle)
        return handle
    }

    /// Lets a paused transfer go on.
    func resume() {
        guard isPaused else { return }
        isPaused = false
        startWindow(at: monotonicNanoseconds())
        curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    /// When it has to be looked at again, for its deadline or its speed.
    var nextCheck: UInt64 {
        isConnected && !isPaused ? min(job.deadline, windowEnd) : job.deadline
    }

    /// What is too late or too slow about it at `now`, or nil.
    func complaint(at now: UInt64) -> TransferFailure? {
        if now >= job.deadline { return failure(.deadline, TransferLoop.late(job)) }
        guard isConnected, !isPaused, now >= windowEnd else { return nil }
        guard windowBytes < job.limits.slowBytes else {
            startWindow(at: now)
            return nil
        }
        return failure(
            .stalled,
            PerigeeError(
                .timedOut,
                "\(host) sent \(windowBytes) bytes within \(job.limits.slowWindow)",
                remedy: "check that server, and the way to it"))
    }

    private var windowEnd: UInt64 { windowStart + job.limits.slowWindow.wholeNanoseconds }

    private func startWindow(at now: UInt64) {
        windowStart = now
        windowBytes = 0
    }

    private var host: String { Printable.quoted(job.request.address.host) }

    /// A failure of this transfer, as far as it came.
    func failure(_ kind: TransferFailure.Kind, _ error: PerigeeError) -> TransferFailure {
        TransferFailure(
            kind: kind, error: error, wasAnswered: header.head != nil,
            delivered: body?.delivered ?? 0)
    }

    private func fail(_ kind: TransferFailure.Kind, _ error: PerigeeError) {
        if failure == nil { failure = failure(kind, error) }
    }
}

// MARK: What curl tells

extension LiveTransfer {
    /// A line of a header. False ends the transfer.
    func receive(line: UnsafeRawBufferPointer) -> Bool {
        windowBytes += Int64(line.count)
        switch header.add(line) {
        case .more: return true
        case .tooLong:
            fail(
                .final,
                PerigeeError(.originUnavailable, "\(host) sends a header of more than 64 KiB"))
            return false
        case .complete(let head):
            do throws(PerigeeError) {
                body = BodyReader(plan: try job.accept(head))
                return true
            } catch {
                fail(.final, error)
                return false
            }
        }
    }

    /// Bytes of the body: what curl's write callback returns.
    func receive(body bytes: UnsafeRawBufferPointer) -> Int {
        guard body != nil else { return 0 }
        if let pace = job.pace, body?.feedsConsumer == true {
            let (inbox, number) = (inbox, job.number)
            if pace.mustWait({ inbox.post(.resume(number)) }) {
                isPaused = true
                return Int(CURL_WRITEFUNC_PAUSE)
            }
        }
        windowBytes += Int64(bytes.count)
        do throws(PerigeeError) {
            // In place: a copy of the reader would copy what it has kept.
            let isOver = try body?.take(bytes, deliver: job.deliver) ?? true
            return isOver ? 0 : bytes.count
        } catch {
            fail(.final, error)
            return 0
        }
    }

    /// Whether a socket may be opened to an address.
    func admits(_ address: NetworkAddress?) -> Bool {
        if job.host.admits(address) { return true }
        refusedAddress = address
        return false
    }

    /// A connection is there, new or used before, and the request is about to go out: whether it may.
    func beginsRequest(to address: NetworkAddress?) -> Bool {
        isConnected = true
        startWindow(at: monotonicNanoseconds())
        return admits(address)
    }

    /// What became of it, by curl's verdict.
    func outcome(of code: CURLcode) -> TransferJob.Outcome {
        if let failure { return .failure(failure) }
        if let head = header.head, let body {
            if body.isOver || (code == CURLE_OK && body.mayEndHere) {
                return .success(HTTPTransfers.Outcome(head: head, body: body.kept))
            }
            // A body that ends with its connection looks whole wherever it was cut.
            if code == CURLE_OK {
                return .failure(failure(.connection, broken("ended the answer too early")))
            }
        }
        return .failure(failure(of: code))
    }

    private func failure(of code: CURLcode) -> TransferFailure {
        if let address = refusedAddress,
            code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK
        {
            return failure(
                .final,
                PerigeeError(
                    .originDenied,
                    "\(host) leads to \(address), which this origin may not connect to",
                    remedy: address.reach == .local
                        ? "if it does lie on this machine or in your own network, allow that for "
                            + "its root: --allow-private"
                        : "no data lie at such an address; look at what the name leads to"))
        }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            return failure(.connection, broken("is not known to the name service"))
        case CURLE_OPERATION_TIMEDOUT:
            return failure(
                .connection,
                PerigeeError(
                    .timedOut, "no connection to \(host) within \(job.limits.connect)",
                    remedy: "check that server, and the way to it"))
        case CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR:
            return failure(.connection, broken("cannot be connected to"))
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING:
            return failure(.connection, broken("broke off the connection"))
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            return failure(
                .final,
                PerigeeError(
                    .originDenied,
                    "the certificate of \(host) is not to be trusted: \(detail)",
                    remedy: "check the host's name and its certificate; a CA of your own can be "
                        + "named for the origin root"))
        default:
            return failure(.final, broken("sends what is no HTTP"))
        }
    }

    private func broken(_ what: String) -> PerigeeError {
        PerigeeError(
            .originUnavailable, "\(host) \(what)\(detail.isEmpty ? "" : ": \(detail)")",
            remedy: "check that server, and the way to it")
    }

    /// Curl's own words.
    private var detail: String {
        let text = String(cString: errorText)
        return text.isEmpty ? "" : Printable.escaped(Array(text.utf8.prefix(200)))
    }
}

// MARK: Setting up

extension LiveTransfer {
    private func configure(pinned: UnsafeMutablePointer<curl_slist>?) -> Bool {
        let own = Unmanaged.passUnretained(self).toOpaque()
        var isSet = true
        func long(_ option: CURLoption, _ value: Int) {
            isSet = perigee_curl_set_long(handle, option, value) == CURLE_OK && isSet
        }
        func string(_ option: CURLoption, _ value: String) {
            isSet = perigee_curl_set_string(handle, option, value) == CURLE_OK && isSet
        }
        func pointer(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
            isSet = perigee_curl_set_pointer(handle, option, value) == CURLE_OK && isSet
        }
        string(CURLOPT_URL, job.request.address.url)
        string(CURLOPT_PROTOCOLS_STR, "http,https")
        long(CURLOPT_PATH_AS_IS, 1)
        long(CURLOPT_FOLLOWLOCATION, 0)
        // Whatever the environment says: behind a proxy nobody could judge the address.
        string(CURLOPT_PROXY, "")
        if job.request.method == .head { long(CURLOPT_NOBODY, 1) }
        // HTTP/2 is about half as fast for large bodies.
        long(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        string(CURLOPT_USERAGENT, "perigee")
        long(CURLOPT_HTTP_CONTENT_DECODING, 0)
        long(CURLOPT_SSL_VERIFYPEER, 1)
        long(CURLOPT_SSL_VERIFYHOST, 2)
        if let file = job.certificates { string(CURLOPT_CAINFO, file) }
        long(CURLOPT_CONNECTTIMEOUT_MS, max(1, job.limits.connect.wholeMilliseconds))
        long(CURLOPT_BUFFERSIZE, HTTPTransfers.bufferSize)
        long(CURLOPT_NOSIGNAL, 1)
        long(CURLOPT_TCP_KEEPALIVE, 1)
        // Without it, withdrawing while a name is looked up would wait for the name service.
        long(CURLOPT_QUICK_EXIT, 1)
        isSet = perigee_curl_set_list(handle, CURLOPT_HTTPHEADER, fields) == CURLE_OK && isSet
        if let pinned {
            isSet = perigee_curl_set_list(handle, CURLOPT_RESOLVE, pinned) == CURLE_OK && isSet
        }
        pointer(CURLOPT_ERRORBUFFER, errorText)
        pointer(CURLOPT_PRIVATE, own)
        pointer(CURLOPT_HEADERDATA, own)
        pointer(CURLOPT_WRITEDATA, own)
        pointer(CURLOPT_OPENSOCKETDATA, own)
        pointer(CURLOPT_PREREQDATA, own)
        let codes = [
            perigee_curl_set_receiver(handle, CURLOPT_HEADERFUNCTION, headerArrived),
            perigee_curl_set_receiver(handle, CURLOPT_WRITEFUNCTION, bodyArrived),
            perigee_curl_set_socket_opener(handle, openSocket),
            perigee_curl_set_before_request(handle, beforeRequest),
        ]
        return isSet && codes.allSatisfy { $0 == CURLE_OK }
    }
}

private func transfer(_ pointer: UnsafeMutableRawPointer?) -> LiveTransfer? {
    pointer.map { Unmanaged<LiveTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private func headerArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ data: UnsafeMutableRawPointer?
) -> Int {
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return transfer(data)?.receive(line: line) == true ? line.count : 0
}

private func bodyArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ data: UnsafeMutableRawPointer?
) -> Int {
    transfer(data)?.receive(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func openSocket(
    _ data: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let address, let transfer = transfer(data),
        let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr)
    else { return CURL_SOCKET_BAD }
    // The field is only the beginning of the address: it is as long as its family has it.
    let raw = UnsafeRawPointer(address).advanced(by: offset)
    guard transfer.admits(NetworkAddress(raw.assumingMemoryBound(to: sockaddr.self))) else {
        return CURL_SOCKET_BAD
    }
    let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
    return socket(address.pointee.family, kind, address.pointee.protocol)
}

private func beforeRequest(
    _ data: UnsafeMutableRawPointer?, _ remote: UnsafeMutablePointer<CChar>?,
    _ local: UnsafeMutablePointer<CChar>?, _ remotePort: Int32, _ localPort: Int32
) -> Int32 {
    let address = remote.flatMap { NetworkAddress(String(cString: $0)) }
    return transfer(data)?.beginsRequest(to: address) == true
        ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
