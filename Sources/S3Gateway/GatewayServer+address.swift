internal import Glibc
package import NIOCore
package import NIOPosix
package import VolumeModel

extension GatewayServer {
    /// Where connections come in.
    package enum Address: Hashable, Sendable {
        /// Port 0: one that is free.
        case host(String, port: Int)
        /// A listening socket that somebody else has opened, such as systemd.
        case inherited(Int32)
    }
}

extension GatewayServer.Address {
    /// Begins to listen.
    ///
    /// - Throws: `.busy` where somebody else listens there, `.invalidArgument`.
    package func bind(_ bootstrap: ServerBootstrap) async throws(PerigeeError) -> any Channel {
        do {
            switch self {
            case .host(let host, let port):
                return try await bootstrap.bind(host: host, port: port).get()
            case .inherited(let descriptor):
                return try await bootstrap.withBoundSocket(descriptor).get()
            }
        } catch {
            throw failure(error)
        }
    }

    /// Where a channel of this address listens, as `host:port`.
    package func text(of channel: any Channel) -> String {
        guard let local = channel.localAddress, let host = local.ipAddress, let port = local.port
        else { return description }
        return Self.text(host, port)
    }

    private static func text(_ host: String, _ port: Int) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private func failure(_ error: any Error) -> PerigeeError {
        let code = (error as? IOError)?.errnoCode
        if code == EADDRINUSE {
            return PerigeeError(
                .busy, "another program listens on \(self)",
                remedy: "end it, or listen elsewhere")
        }
        return PerigeeError(
            .invalidArgument, "cannot listen on \(self)",
            remedy: "name an address of this machine, and a port that you may use",
            cause: code.map { SystemError($0) } ?? error)
    }
}

extension GatewayServer.Address: CustomStringConvertible {
    package var description: String {
        switch self {
        case .host(let host, let port): Self.text(host, port)
        case .inherited(let descriptor): "the inherited socket \(descriptor)"
        }
    }
}
