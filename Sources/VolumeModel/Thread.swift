internal import CDispatch
internal import CKernel
internal import Glibc

/// Threads of our own, for calls that block: they stay off the cooperative pool.
package enum Thread {
    /// Starts a detached thread that runs `body` once. Where the system has no thread to give it is
    /// asked again for a second; then the process ends with words: whoever waits for the thread
    /// would wait for ever, and a body that runs for ever must not run on the caller's.
    ///
    /// - Parameter name: at most 15 bytes are shown.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(name: name, run: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        var code = pthread_create(&thread, &attributes, threadMain, box.toOpaque())
        for _ in 0..<50 where code == EAGAIN {
            usleep(20_000)
            code = pthread_create(&thread, &attributes, threadMain, box.toOpaque())
        }
        pthread_attr_destroy(&attributes)
        guard code == 0 else {
            // Fatal, since no caller could go on: some wait for what the body does, and to run one
            // that never ends on the caller's thread would be a hang without words.
            fatalError("cannot start the thread \(name): \(SystemError(code))")
        }
    }
}

private final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

private func threadMain(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pointer else { return nil }
    let body = Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
    perigee_name_thread(body.name)
    body.run()
    return nil
}

/// Nanoseconds of the monotonic clock.
package func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

extension Timestamp {
    /// The time of day now.
    package static var now: Timestamp {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(nanoseconds: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
    }
}
