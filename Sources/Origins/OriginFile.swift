internal import CKernel
internal import Glibc
internal import Synchronization
package import VolumeModel

/// A file of a POSIX root, open at the version that was asked for.
///
/// The descriptor is opened beneath the root, never through a link; the same descriptor is checked
/// and served.
package final class OriginFile: Sendable {
    /// Where it is, for telling whether the name still leads here, and for messages.
    private let root: POSIXRoot
    private let path: [UInt8]
    /// The number that segments and the kernel are given, valid until `close()`.
    private let descriptor: Int32
    /// INVARIANT: once `isStale` is set it stays so, and no byte is confirmed after.
    private let state: Mutex<State>

    private struct State {
        var identity: FileIdentity
        var isStale = false
        /// Nil once closed. A check holds on to it, so that the number is not given to another file
        /// while it looks.
        var held: OpenDescriptor?
    }

    init(root: POSIXRoot, path: [UInt8], descriptor: Int32, first: perigee_stat) {
        self.root = root
        self.path = path
        self.descriptor = descriptor
        state = Mutex(
            State(
                identity: FileIdentity(first),
                held: OpenDescriptor(descriptor, closingOn: root.pool)))
    }

    /// A descriptor that the kernel may read for itself: not of a root whose files are rewritten,
    /// nor of one that may never answer.
    package var passthroughDescriptor: Int32? {
        root.files == .replaced && !root.isNetwork ? descriptor : nil
    }

    /// Whether the kernel may keep pages.
    package var mayKeepPages: Bool { root.files == .replaced }

    /// The bytes of `range` as a segment of the file itself; nil on a network root.
    ///
    /// - Throws: `.stale`.
    package func segmentsNow(_ range: ByteRange) throws(PerigeeError) -> [Segment]? {
        guard !root.isNetwork else { return nil }
        if state.withLock({ $0.isStale }) { throw staleError() }
        return range.count == 0
            ? [] : [.file(descriptor: descriptor, offset: range.offset, count: range.count)]
    }

    /// The bytes of `range`; on a network root read and confirmed by the root's own pool.
    ///
    /// - Throws: `.stale`, `.timedOut`, `.originUnavailable`.
    package func segments(_ range: ByteRange) async throws(PerigeeError) -> [Segment] {
        if let now = try segmentsNow(range) { return now }
        if range.count == 0 { return [] }
        return try await root.waiting { () throws(PerigeeError) in
            let bytes = try self.read(range)
            try self.confirm()
            return [.bytes(bytes)]
        }
    }

    /// Checks by fstat, on the descriptor that serves, that the content is still the one that was
    /// opened. Of a closed file there is nothing to say.
    ///
    /// - Throws: `.stale`, `.originUnavailable`.
    package func confirm() throws(PerigeeError) {
        guard let held = state.withLock({ $0.held }) else { return }
        var now = perigee_stat()
        let code = perigee_stat_descriptor(held.value, &now)
        guard code == 0 else {
            throw PerigeeError(
                .originUnavailable, "cannot check \(Printable.quoted(path)) at its origin",
                cause: SystemError(code))
        }
        let verdict = state.withLock { state -> FileIdentity.Verdict in
            state.isStale ? .changed : state.identity.judge(now)
        }
        switch verdict {
        case .same: return
        case .changed: break
        case .needsName:
            var named = perigee_stat()
            let code = root.stat(path, &named)
            guard let leadsHere = now.isNamed(named, code) else {
                throw PerigeeError(
                    .originUnavailable, "cannot check \(Printable.quoted(path)) at its origin",
                    cause: SystemError(code))
            }
            let final = state.withLock { state -> FileIdentity.Verdict in
                // Another thread may have found it changed meanwhile.
                state.isStale ? .changed : state.identity.judge(now, nameLeadsHere: leadsHere)
            }
            if final == .same { return }
        }
        state.withLock { $0.isStale = true }
        throw staleError()
    }

    /// Whether a check has found another content, without making one.
    package var isKnownStale: Bool { state.withLock { $0.isStale } }

    /// The same check for a caller that must not wait: on a network root by the root's pool.
    ///
    /// - Throws: as `confirm()`, and `.timedOut`.
    package func confirmWaiting() async throws(PerigeeError) {
        guard root.isNetwork else { return try confirm() }
        try await root.waiting { () throws(PerigeeError) in try self.confirm() }
    }

    /// Whether calls on it can wait on another machine.
    package var isNetwork: Bool { root.isNetwork }

    /// Gives the descriptor back, once a check or a read under way has ended; a second call does
    /// nothing.
    package func close() {
        state.withLock { $0.held = nil }
    }

    /// Reads as much as `buffer` holds at `offset`, on this thread, however long it takes; 0 at the
    /// end. What was read counts only after `confirm()`.
    ///
    /// - Throws: `.originUnavailable`.
    package func readBlocking(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64)
        throws(PerigeeError) -> Int
    {
        guard let held = state.withLock({ $0.held }) else {
            throw PerigeeError(.invalidArgument, "\(Printable.quoted(path)) is closed")
        }
        var count = 0
        while count < buffer.count {
            let got = pread(
                held.value, buffer.baseAddress! + count, buffer.count - count,
                Int(offset) + count)
            if got == 0 { break }
            if got > 0 {
                count += got
            } else if errno != EINTR {
                throw PerigeeError(
                    .originUnavailable, "cannot read \(Printable.quoted(path)) at its origin",
                    cause: SystemError(errno))
            }
        }
        return count
    }

    /// Fills `buffer` with what is in memory at `offset`; false where that is less, on a network root,
    /// or where the file is closed. What was read counts only after `confirm()`.
    package func readNow(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        guard !root.isNetwork, let held = state.withLock({ $0.held }) else { return false }
        return perigee_read_now(held.value, buffer.baseAddress, buffer.count, offset)
            == buffer.count
    }

    private func read(_ range: ByteRange) throws(PerigeeError) -> [UInt8] {
        var failure: PerigeeError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            do throws(PerigeeError) {
                count = try readBlocking(
                    into: UnsafeMutableRawBufferPointer(buffer), at: range.offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        if bytes.count < range.count { throw staleError() }
        return bytes
    }

    private func staleError() -> PerigeeError {
        PerigeeError(
            .stale, "\(Printable.quoted(path)) was changed at its origin after it was published",
            remedy: "scan and publish the volume again; open the file again after that")
    }
}
