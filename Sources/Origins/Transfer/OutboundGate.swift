internal import VolumeModel

/// The one place that decides whom an origin root may talk to.
///
/// A URL is judged by its scheme and host before a transfer starts and again at each redirect; the
/// address is judged where the socket is opened and before each request on an open connection, so
/// that a name which suddenly leads to a private address leads nowhere.
package struct OutboundGate: Hashable, Sendable {
    /// What an admin allows for one host.
    package struct Host: Hashable, Sendable {
        /// Its name in lower case, or its address.
        package let name: String
        /// Whether `http` is allowed too.
        package let allowsClearText: Bool
        /// Whether it may lie on this machine or in a private network.
        package let allowsLocal: Bool

        /// Names a host.
        package init(_ name: String, allowsClearText: Bool = false, allowsLocal: Bool = false) {
            self.name = name.lowercased()
            self.allowsClearText = allowsClearText
            self.allowsLocal = allowsLocal
        }
    }

    private let hosts: [String: Host]

    /// Allows the hosts given, and no other.
    package init(_ hosts: [Host]) {
        self.hosts = Dictionary(hosts.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    }

    /// What is allowed of the host that `address` leads to.
    ///
    /// - Throws: `.originDenied` for a host that is not listed, and for clear text where that is not
    ///   allowed.
    func rule(for address: WebAddress) throws(PerigeeError) -> Host {
        guard let host = hosts[address.host] else {
            throw PerigeeError(
                .originDenied,
                "the host \(Printable.quoted(address.host)) is not one that this origin may ask",
                remedy: "if the data do lie there, allow it for the root: --redirect-host")
        }
        guard address.isEncrypted || host.allowsClearText else {
            throw PerigeeError(
                .originDenied,
                "\(Printable.quoted(address.host)) would be asked over http, which anybody on the "
                    + "way can read and change",
                remedy: "use https, or allow http for its root: --allow-http")
        }
        return host
    }
}

extension OutboundGate.Host {
    /// Whether a connection of this host may lead to `address`; nil, where curl knows none, is no.
    func admits(_ address: NetworkAddress?) -> Bool {
        switch address?.reach {
        case .global: true
        case .local: allowsLocal
        case .never, nil: false
        }
    }
}
