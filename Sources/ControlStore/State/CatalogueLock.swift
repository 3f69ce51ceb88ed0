internal import CKernel
internal import Glibc
internal import Synchronization
package import VolumeModel

/// The right to write one volume's catalogue, which one holder has at a time on this machine.
///
/// A flock(2) on a lock file: the kernel gives it back when the holder ends, however it ends. The
/// file holds the holder's process ID and start time while it is held, and nothing after an orderly
/// release; so who finds text in a file that is not locked knows that its holder died.
package final class CatalogueLock: Sendable {
    /// The volume.
    package let volume: VolumeName
    /// Whether the last holder ended without a release, so what it was writing is unfinished.
    package let previousHolderDied: Bool

    /// The locked descriptor until the release.
    private let descriptor: Mutex<Int32?>

    /// Takes the lock, or fails at once.
    ///
    /// - Throws: `.busy` that names the volume and the holder's process ID; `.storageFailed`.
    package init(_ volume: VolumeName, in state: StateFolder) throws(PerigeeError) {
        let path = state.lockFile(for: volume)
        let descriptor = try Self.lock(path, volume)
        let left = smallFile(descriptor) ?? []
        do throws(PerigeeError) {
            try Self.enter(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        self.volume = volume
        self.descriptor = Mutex(descriptor)
        previousHolderDied = !left.isEmpty
    }

    deinit { release() }

    /// Says that nothing is left unfinished and gives the lock back; a second call does nothing.
    package func release() {
        descriptor.withLock { descriptor in
            guard let held = descriptor else { return }
            // Emptied first: after the release it would be the next holder's text.
            _ = ftruncate(held, 0)
            // A process that is being started has the descriptor too, until it runs another program:
            // closing ours alone would leave it locked for as long.
            _ = perigee_unlock(held)
            close(held)
            descriptor = nil
        }
    }

    private static func lock(_ path: String, _ volume: VolumeName) throws(PerigeeError) -> Int32 {
        while true {
            let descriptor = perigee_open_lock_file(path, 0o600)
            guard descriptor >= 0 else { throw storageFailed(path, -descriptor) }
            let code = perigee_lock(descriptor, 1)
            guard code == 0 else {
                defer { close(descriptor) }
                if code == -EINTR { continue }
                guard code == -EWOULDBLOCK else { throw storageFailed(path, -code) }
                throw busy(volume, holder: smallFile(descriptor) ?? [])
            }
            // The file may have been deleted with its volume before our turn.
            var ours = perigee_stat()
            let code2 = perigee_stat_descriptor(descriptor, &ours)
            if code2 == 0, ours.link_count > 0 { return descriptor }
            close(descriptor)
            if code2 != 0 { throw storageFailed(path, -code2) }
        }
    }

    /// Writes who holds it, durably, so that a power cut is noticed as well.
    private static func enter(_ descriptor: Int32, _ path: String) throws(PerigeeError) {
        let text = Array("\(getpid()) \(startTime() ?? 0)\n".utf8)
        guard ftruncate(descriptor, 0) == 0,
            pwrite(descriptor, text, text.count, 0) == text.count, fdatasync(descriptor) == 0
        else {
            throw PerigeeError(
                .storageFailed, "the lock \(Printable.quoted(path)) cannot be written",
                remedy: "see that the disk has room; nothing was changed",
                cause: SystemError(errno))
        }
    }

    private static func busy(_ volume: VolumeName, holder: [UInt8]) -> PerigeeError {
        // Empty for the instant between the holder's lock and its text.
        let pid = holder.split(separator: UInt8(ascii: " ")).first
            .flatMap { Int32(String(decoding: $0, as: UTF8.self)) }
        let writer = pid.map { "process \($0)" } ?? "another process"
        return PerigeeError(
            .busy, "the catalogue of \(volume) is being written by \(writer)",
            remedy: "wait until that is done and try again")
    }

    /// When this process started, in clock ticks since boot: field 22 of proc(5)'s `stat`, counted
    /// behind the last parenthesis, since a process's name may hold anything.
    private static func startTime() -> UInt64? {
        guard let bytes = smallFile("/proc/self/stat"),
            let close = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19 else { return nil }
        return UInt64(String(decoding: fields[19], as: UTF8.self))
    }
}
