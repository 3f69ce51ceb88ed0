internal import FuseKernel
internal import VolumeModel

/// The right to answer a request that waits, once.
struct PendingAnswer: Sendable {
    let pending: PendingRequests
    private let reply: FuseReply

    init(pending: PendingRequests, reply: FuseReply) {
        self.pending = pending
        self.reply = reply
    }

    /// Calls `body` with the reply, unless the request was answered before.
    func give(_ body: (FuseReply) -> Void) {
        if pending.claim(reply.unique) { body(reply) }
    }
}

/// What answers a request that waits.
struct PendingWork: Sendable {
    let answer: PendingAnswer
    /// Ends when the request was answered by somebody else.
    let withdrawn: AsyncStream<Never>
    let body: @Sendable (PendingAnswer) async throws(PerigeeError) -> Void
    /// Called when the request has been answered and the work is over.
    let ended: @Sendable () -> Void

    /// Runs it to its end, which comes soon after the withdrawal.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do throws(PerigeeError) {
                    try await body(answer)
                } catch {
                    answer.give { $0.error(error.code.errno) }
                }
            }
            group.addTask {
                for await _ in withdrawn {}
            }
            await group.next()
            group.cancelAll()
        }
        ended()
    }
}
