internal import CCurl
internal import Glibc

/// An address of IPv4 or IPv6, and what kind of network it lies in.
package struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// How far an address reaches, which decides who may be asked to connect to it.
    package enum Reach: Hashable, Sendable {
        /// Routed on the public Internet.
        case global
        /// Of this machine or of a site: loopback, private, shared and unique local addresses.
        case local
        /// Nobody's data lies there: link-local addresses with the metadata services of clouds,
        /// multicast, unspecified and reserved ones.
        case never
    }

    /// 4 or 16 bytes in network order. An address of IPv4 within one of IPv6 is the former: it
    /// leads to the same place.
    package let bytes: [UInt8]

    /// Reads an address as text; nil for anything else, and for a name.
    package init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(bytes: withUnsafeBytes(of: four) { Array($0) })
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(bytes: withUnsafeBytes(of: six) { Array($0) })
        } else {
            return nil
        }
    }

    /// Reads a socket's address; nil for families other than IPv4 and IPv6.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            self.init(
                bytes: address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
                    withUnsafeBytes(of: four.pointee.sin_addr) { Array($0) }
                })
        case AF_INET6:
            self.init(
                bytes: address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
                    withUnsafeBytes(of: six.pointee.sin6_addr) { Array($0) }
                })
        default: return nil
        }
    }

    private init(bytes: [UInt8]) {
        self.bytes = Self.embedded(in: bytes) ?? bytes
    }

    /// The address of IPv4 that one of IPv6 stands for: mapped (RFC 4291), compatible (the same),
    /// translated by NAT64 (RFC 6052) or carried by 6to4 (RFC 3056).
    private static func embedded(in bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count == 16 else { return nil }
        let zeros = [UInt8](repeating: 0, count: 10)
        if bytes.starts(with: zeros + [0xff, 0xff]) { return Array(bytes[12...]) }
        if bytes.starts(with: zeros + [0, 0]), bytes[12...].contains(where: { $0 != 0 }),
            !bytes[12...].elementsEqual([0, 0, 0, 1])
        {
            return Array(bytes[12...])
        }
        if bytes.starts(with: [0, 0x64, 0xff, 0x9b] + zeros.prefix(8)) {
            return Array(bytes[12...])
        }
        return bytes.starts(with: [0x20, 0x02]) ? Array(bytes[2..<6]) : nil
    }

    /// What kind of network it lies in, by the registries of special-purpose addresses of IANA
    /// (RFC 6890 and its updates).
    package var reach: Reach { bytes.count == 4 ? reachOfFour : reachOfSix }

    private var reachOfFour: Reach {
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        // Metadata services outside of the link-local block.
        case (100, 100, 100, 200): .never
        case (127, _, _, _), (10, _, _, _), (172, 16...31, _, _), (192, 168, _, _),
            (100, 64...127, _, _):
            .local
        case (0, _, _, _), (169, 254, _, _), (192, 0, 0, _), (192, 0, 2, _), (198, 18...19, _, _),
            (198, 51, 100, _), (203, 0, 113, _), (224...255, _, _, _):
            .never
        default: .global
        }
    }

    private var reachOfSix: Reach {
        if bytes == Self.loopback { return .local }
        // Amazon's metadata service lies in a block that is else private.
        if bytes == Self.metadata { return .never }
        switch bytes[0] {
        case 0xfc, 0xfd: return .local
        case 0xfe where bytes[1] & 0xc0 == 0xc0: return .local  // site-local, long withdrawn
        // Teredo, and what is for documents.
        case 0x20 where bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0: return .never
        case 0x20 where bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8: return .never
        // Only 2000::/3 is given out.
        case 0x20...0x3f: return .global
        default: return .never
        }
    }

    private static let loopback = [UInt8](repeating: 0, count: 15) + [1]
    private static let metadata: [UInt8] =
        [0xfd, 0x00, 0x0e, 0xc2] + [UInt8](repeating: 0, count: 10) + [0x02, 0x54]

    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        inet_ntop(family, bytes, &text, socklen_t(text.count))
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}
