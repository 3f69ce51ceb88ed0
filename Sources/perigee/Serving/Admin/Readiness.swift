internal import ControlStore
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// Whether this process should be sent requests.
final class Readiness: Sendable {
    /// What a server goes through.
    enum Phase: Sendable {
        case starting
        case serving
        case draining
    }

    private struct State {
        var phase = Phase.starting
        /// The question to the control store that has not been answered, and who waits for it.
        var waiting: [EventLoopPromise<String?>]?
    }

    private let store: SQLiteControlStore
    private let service: LocalVolumeService
    private let threads: NIOThreadPool
    private let state = Mutex(State())

    /// How long the control store may take.
    private static let deadline = TimeAmount.seconds(2)

    /// - Parameters:
    ///   - service: what follows the store's changes.
    ///   - threads: of which one at most waits for the store.
    init(_ store: SQLiteControlStore, of service: LocalVolumeService, threads: NIOThreadPool) {
        self.store = store
        self.service = service
        self.threads = threads
    }

    /// Where the server stands.
    var phase: Phase {
        get { state.withLock(\.phase) }
        set { state.withLock { $0.phase = newValue } }
    }

    /// Why it is not ready, in one line; nil where it is.
    func fault(on loop: any EventLoop) -> EventLoopFuture<String?> {
        switch phase {
        case .starting: return loop.makeSucceededFuture("starting: the S3 listener is not up yet")
        case .draining: return loop.makeSucceededFuture("draining: the process is going to end")
        case .serving: break
        }
        let promise = loop.makePromise(of: String?.self)
        let timer = loop.scheduleTask(in: Self.deadline) {
            promise.succeed("the control store has not answered within 2 s")
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        // One question at a time: a store that hangs would hold a thread for each.
        let isFirst = state.withLock { state in
            defer { state.waiting = (state.waiting ?? []) + [promise] }
            return state.waiting == nil
        }
        if isFirst { threads.submit { [self] _ in ask() } }
        return promise.futureResult
    }

    private func ask() {
        // An open database can be asked after its file has gone, and then tells of the past for
        // ever. What exactly is wrong names paths, and is in the log.
        var isRead = service.controlFault == nil
        do throws(PerigeeError) { _ = try store.stateID() } catch { isRead = false }
        let fault = isRead ? nil : "the control store cannot be read"
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting ?? []
        }
        // A promise whose time was over is kept already.
        for promise in waiting { promise.succeed(fault) }
    }
}
