internal import Dispatch
internal import FuseKernel
internal import Synchronization
internal import VolumeFileSystem
internal import VolumeModel
internal import VolumeService

/// Puts windows of open files into the kernel's page cache, beside the reads that are answered.
///
/// A store waits for a page while a READ of that page is under way. So none is made by a session
/// thread, which may be the one to answer that READ: they go out one after the other from a queue
/// of their own, and only for files whose reads the session threads answer at once.
///
/// What is stored was read and checked like any read of the handle. A node stands for one version,
/// so bytes that were right when they were read are right for that node whenever they arrive.
final class PageFiller: Sendable {
    /// Windows that wait, each some 50 us of work; what comes beyond them is left to the kernel's
    /// own requests.
    private static let longestQueue = 64

    private let queue = DispatchQueue(label: "perigee.pages")
    /// What a window is read into. It takes no memory before the first one.
    // nonisolated(unsafe): only what runs on `queue` touches it, and a serial queue does one thing at
    // a time.
    private nonisolated(unsafe) let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: ReadAround.window, alignment: 4096)
    private let state = Mutex(State())

    private struct State {
        var waiting = 0
        var isClosed = false
    }

    deinit { memory.deallocate() }

    /// Reads `window` of `file` and gives it to the kernel, some time soon, or not at all.
    func fill(_ window: ByteRange, of file: OpenFile, _ session: FuseSession) {
        let isTaken = state.withLock { state in
            guard !state.isClosed, state.waiting < Self.longestQueue else { return false }
            state.waiting += 1
            return true
        }
        guard isTaken else { return }
        queue.async { [self] in
            if !state.withLock({ $0.isClosed }) { store(window, of: file, session) }
            state.withLock { $0.waiting -= 1 }
        }
    }

    /// Ends what is under way; nothing is stored any more. Waits for at most one window, whose
    /// pages nobody holds once the connection has ended.
    func close() {
        state.withLock { $0.isClosed = true }
        queue.sync {}
    }

    private func store(_ window: ByteRange, of file: OpenFile, _ session: FuseSession) {
        let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<window.count])
        do throws(PerigeeError) {
            try file.file.read(at: window.offset, count: window.count, into: bytes)
        } catch {
            // Whoever asks for these bytes gets this error from a read of their own.
            return
        }
        session.store(
            NodeID(rawValue: file.node.value), offset: UInt64(window.offset),
            UnsafeRawBufferPointer(bytes))
        // Found changed meanwhile: the notice that drops its pages may have gone out before the store,
        // and a file that was ESTALE stays so.
        if file.file.isKnownStale {
            session.invalidateInode(
                NodeID(rawValue: file.node.value), offset: window.offset,
                length: Int64(window.count))
        }
    }
}
