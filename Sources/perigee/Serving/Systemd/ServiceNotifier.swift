internal import Glibc
internal import VolumeModel

/// Tells the service manager where the process stands, as sd_notify(3) does; nobody where no one
/// asked.
struct ServiceNotifier: Sendable {
    private let address: String?

    /// - Parameter environment: says in NOTIFY_SOCKET where to.
    init(environment: [String: String]) { address = environment["NOTIFY_SOCKET"] }

    /// Requests are answered.
    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }

    /// The configuration is being read again; `ready` comes behind it.
    func reloading() {
        // systemd compares it with the time at which it asked.
        send("RELOADING=1\nMONOTONIC_USEC=\(monotonicNanoseconds() / 1_000)")
    }

    /// The process is going to end.
    func stopping() { send("STOPPING=1\nSTATUS=Answers under way come to their end") }

    /// The process is well.
    func alive() { send("WATCHDOG=1") }

    private func send(_ text: String) {
        guard let address, !address.isEmpty else { return }
        let socket = Glibc.socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return }
        defer { close(socket) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var path = Array(address.utf8)
        // An abstract name begins with a NUL byte, and has no end but its length.
        let isAbstract = path[0] == UInt8(ascii: "@")
        if isAbstract { path[0] = 0 }
        let isTooLong = withUnsafeMutableBytes(of: &name.sun_path) { room in
            guard path.count < room.count else { return true }
            room.copyBytes(from: path)
            return false
        }
        guard !isTooLong else { return }
        let length = MemoryLayout<sa_family_t>.size + path.count + (isAbstract ? 0 : 1)
        let bytes = Array(text.utf8)
        _ = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    socket, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0,
                    socklen_t(length))
            }
        }
    }
}
