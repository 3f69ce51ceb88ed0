internal import Dispatch
internal import Glibc
internal import Logging

extension FuseSession {
    /// Mounts and agrees with the kernel on a protocol; the handler's `ready` is called here.
    ///
    /// From now on whoever enters the mount waits for `start`.
    ///
    /// - Throws: `FuseSessionError`; then nothing is left mounted, and the session is finished.
    @discardableResult
    package func mount() throws -> FuseCapabilities {
        try move(from: .idle, to: .mounting)
        do {
            let connection = try connect()
            state.update {
                $0.connection = connection
                $0.attached = connection.number
                $0.phase = .mounted
            }
            handler.ready(connection.capabilities)
            return connection.capabilities
        } catch {
            state.update { $0.phase = .finished }
            throw error
        }
    }

    /// Starts the session threads and returns.
    ///
    /// - Throws: `FuseSessionError` if not even one thread can be started; then the mount is
    ///   detached and the session is finished.
    package func start() throws {
        try move(from: .mounted, to: .running)
        guard let connection = state.read().connection else { return }
        // The threads that are counted before they exist cannot end the session too early.
        state.update { $0.loops = threads }
        do {
            try FuseThread.start("fuse-notify") { [self] in
                connection.notifier.run()
                finish()
            }
        } catch {
            state.update { $0.loops = 0 }
            detach()
            finish()
            throw error
        }
        let turn = DispatchSemaphore(value: 1)
        for index in 0..<threads {
            let clone = index == 0 ? connection.channel : connection.channel.clone()
            if clone == nil {
                logger.info("Session threads share one descriptor, /dev/fuse cannot be opened")
            }
            let loop = FuseLoop(
                channel: clone ?? connection.channel, turn: turn, handler: handler,
                maximumRead: Int(connection.capabilities.maximumRead), logger: logger)
            do {
                try FuseThread.start("fuse-\(index)") { [self] in
                    loop.run()
                    endLoop(connection)
                }
            } catch {
                logger.warning("Fewer threads serve the mount", metadata: ["error": "\(error)"])
                if index == 0 { detach() }
                for _ in index..<threads { endLoop(connection) }
                if index == 0 { throw error }
                break
            }
        }
    }

    /// Waits until the connection has ended and the handler's `destroyed` has returned.
    ///
    /// - Parameter timeout: nil waits for ever.
    /// - Returns: false if the time ran out.
    package func waitUntilFinished(timeout: Duration?) -> Bool {
        state.wait(timeout: timeout) { $0.phase == .finished ? true : nil } ?? false
    }

    /// The last loop lets the notifier go, and the notifier ends the session.
    private func endLoop(_ connection: FuseConnection) {
        let left = state.update { state in
            state.loops -= 1
            return state.loops
        }
        if left == 0 { connection.notifier.close() }
    }

    private func finish() {
        handler.destroyed()
        state.update {
            $0.connection = nil
            $0.phase = .finished
        }
        logger.info("The mount has ended", metadata: ["mountPoint": "\(mountPoint ?? "-")"])
    }

    private func move(from old: Phase, to new: Phase) throws {
        try state.update { state in
            guard state.phase == old else {
                throw FuseSessionError(.state, "the session is \(state.phase), not \(old)")
            }
            state.phase = new
        }
    }

    private func connect() throws -> FuseConnection {
        let channel = try adopted ?? mountChannel()
        let number = FuseConnection.number(of: channel, mountPoint: mountPoint)
        do {
            var capabilities = try FuseHandshake(options: options).perform(on: channel)
            if capabilities.passthrough {
                capabilities.passthroughError = FuseConnection.probePassthrough(
                    on: channel, probe: passthroughProbe)
                capabilities.passthrough = capabilities.passthroughError == nil
            }
            setReadAhead(number)
            let connection = FuseConnection(
                channel: channel, notifier: FuseNotifier(channel: channel, logger: logger),
                number: number, capabilities: capabilities)
            log(connection)
            return connection
        } catch {
            if adopted == nil, let mountPoint { try? FuseMountTable.detach(mountPoint) }
            throw error
        }
    }

    private func mountChannel() throws -> FuseChannel {
        guard let mountPoint else { throw FuseSessionError(.state, "no mount point") }
        return FuseChannel(
            owning: try FuseMounter.mount(at: mountPoint, options: options), logger: logger)
    }

    private func setReadAhead(_ number: UInt32?) {
        guard let size = options.readAheadKiB, let number else { return }
        // A FUSE mount has no device of its own: its major number is 0.
        let file = open("/sys/class/bdi/0:\(number)/read_ahead_kb", O_WRONLY | O_CLOEXEC)
        let text = "\(size)"
        guard file >= 0, write(file, text, text.utf8.count) > 0 else {
            logger.warning("Cannot set the read-ahead", metadata: ["errno": "\(errno)"])
            if file >= 0 { close(file) }
            return
        }
        close(file)
    }

    private func log(_ connection: FuseConnection) {
        let capabilities = connection.capabilities
        var metadata: Logger.Metadata = [
            "mountPoint": "\(mountPoint ?? "-")", "protocol": "7.\(capabilities.minor)",
            "connection": "\(connection.number.map { "\($0)" } ?? "unknown")",
            "threads": "\(threads)",
            "reads": capabilities.passthrough ? "kernel passthrough" : "through this process",
        ]
        if let error = capabilities.passthroughError {
            metadata["passthroughError"] = "\(String(cString: strerror(error)))"
        }
        logger.info("Mounted", metadata: metadata)
    }
}
