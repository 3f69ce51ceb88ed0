internal import CKernel
internal import Glibc

/// Starts threads for loops that block in system calls.
enum FuseThread {
    /// Runs `body` on a detached thread of its own.
    ///
    /// Signals are blocked there, so that they go to the threads that own them; those that report a
    /// crash are not, or the report would be lost.
    ///
    /// - Parameter name: shown by `ps -L`, at most 15 bytes.
    /// - Throws: `FuseSessionError` if the system has no more threads.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws {
        let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var blocked = sigset_t()
        var previous = sigset_t()
        sigfillset(&blocked)
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] {
            sigdelset(&blocked, signal)
        }
        pthread_sigmask(SIG_BLOCK, &blocked, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        var thread = pthread_t()
        let error = pthread_create(&thread, nil, threadBody, start.toOpaque())
        guard error == 0 else {
            start.release()
            throw FuseSessionError(.thread, "cannot start the thread \(name)", errno: error)
        }
        pthread_detach(thread)
    }
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

/// A global function, since a closure handed to C may inherit an actor and then die on this thread.
private func threadBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    perigee_fuse_name_thread(start.name)
    start.body()
    return nil
}
