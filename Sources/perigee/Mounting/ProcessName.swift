internal import Glibc

/// The name of this process in `ps`, `top` and `pgrep`.
enum ProcessName {
    /// Sets it. A process that was started from /proc/self/exe is called `exe`.
    static func set(_ name: String) {
        // Of the whole process, whichever thread writes: prctl names the calling thread alone.
        let file = open("/proc/self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = Array(name.utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
    }
}
