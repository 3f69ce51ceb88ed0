/// What answers the kernel: a file system.
///
/// Calls come from several session threads at once, except `ready` and `destroyed`, which come once
/// each, before the first and after the last of the others.
package protocol FuseHandler: AnyObject, Sendable {
    /// Answers `request` through `reply`, exactly once, now or later, or never if the operation says
    /// that it takes no answer.
    ///
    /// The thread serves nobody else meanwhile, so what must wait is handed on and answered later.
    /// Nothing of `request` may be kept; `reply` may. A handler must never touch its own mount.
    func handle(_ request: borrowing FuseRequest, _ reply: FuseReply)

    /// The caller of the request was interrupted: answer it soon, with EINTR or as if nothing had
    /// happened.
    ///
    /// The kernel sends it for calls that wait for their own request (LOOKUP, GETXATTR, reads with
    /// `directIO`), not for reads that fill the page cache.
    ///
    /// The notice can overtake its request by an instant (another thread reads it first) and can
    /// come after the answer; numbers grow, so one that is above all seen so far is of the first
    /// kind.
    func interrupted(unique: UInt64)

    /// The kernel is connected; requests will come once the session is started.
    func ready(_ capabilities: FuseCapabilities)

    /// No request will come any more. Late replies are harmless.
    ///
    /// Here a handler that holds its session lets go of it.
    func destroyed()
}
