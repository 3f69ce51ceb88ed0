internal import Glibc
internal import S3Gateway
internal import VolumeModel

/// Listening sockets that systemd opened and handed over (sd_listen_fds(3)).
struct InheritedSockets: Sendable {
    /// Those that S3 clients connect to: named `s3`, or not named.
    private(set) var s3: [GatewayServer.Address] = []
    /// That of the admin listener: named `admin`.
    private(set) var admin: GatewayServer.Address?

    /// The first descriptor that is handed over.
    private static let first: Int32 = 3

    /// Takes what was handed over to this process; nothing where that was another one.
    ///
    /// - Throws: `.invalidArgument` for a descriptor that is no listening socket of TCP, or a name
    ///   that is not known.
    init(environment: [String: String]) throws(PerigeeError) {
        guard environment["LISTEN_PID"] == "\(getpid())",
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0
        else { return }
        let names = (environment["LISTEN_FDNAMES"] ?? "")
            .split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        for index in 0..<count {
            let descriptor = Self.first + index
            // No process that this one starts is to hold it open.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            try Self.check(descriptor)
            let name = Int(index) < names.count ? names[Int(index)] : ""
            switch name {
            // What systemd and its systemd-socket-activate call a socket that nobody named.
            case "s3", "", "unknown", "connection": s3.append(.inherited(descriptor))
            case _ where name.hasSuffix(".socket"): s3.append(.inherited(descriptor))
            case "admin" where admin == nil: admin = .inherited(descriptor)
            default:
                throw PerigeeError(
                    .invalidArgument,
                    "the service manager hands over a socket \(Printable.quoted(name))",
                    remedy:
                        "FileDescriptorName= is s3, for any number of sockets, or admin, for one")
            }
        }
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
    }

    private static func check(_ descriptor: Int32) throws(PerigeeError) {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length) == 0
            }
        }
        var isListening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let isAsked =
            getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0
        let isInternet =
            name.ss_family == sa_family_t(AF_INET) || name.ss_family == sa_family_t(AF_INET6)
        guard isKnown, isAsked, isListening != 0, isInternet else {
            throw PerigeeError(
                .invalidArgument,
                "the descriptor \(descriptor) from the service manager is no listening TCP socket",
                remedy: "the unit needs ListenStream= with an address and port, and Accept=no")
        }
    }
}
