internal import Crypto
internal import Glibc
internal import VolumeModel

/// The key that signs requests of one access key, day, region and service. It never prints.
///
/// Deriving it takes four HMACs, so callers keep it by access key and scope. It is wiped when the
/// last copy goes.
package struct SigningKey: Sendable {
    private let key: SymmetricKey
    /// An HMAC with nothing but the key in it: each signature goes on from a copy.
    private let keyed: HMAC<SHA256>

    /// Derives the key from the access key's secret.
    package init(secret: some Sequence<UInt8>, scope: CredentialScope) {
        var start = Array("AWS4".utf8)
        start.append(contentsOf: secret)
        var key = SymmetricKey(data: start)
        start.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
        }
        for part in [scope.date, scope.region, scope.service, CredentialScope.terminator] {
            let code = HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key)
            key = SymmetricKey(data: code)
        }
        self.key = key
        keyed = HMAC<SHA256>(key: key)
    }

    /// The 32 bytes of the signature of a string to sign.
    package func signature(of stringToSign: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: stringToSign, using: key))
    }

    /// Whether `signature` is that of a string to sign, in a time that does not depend on where the
    /// two differ.
    package func isValid(_ signature: [UInt8], of stringToSign: [UInt8]) -> Bool {
        var code = keyed
        code.update(data: stringToSign)
        // The comparison of a code is in constant time.
        return code.finalize() == signature
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The text that is signed: algorithm, time, scope and the digest of the canonical request.
enum StringToSign {
    static func bytes(
        time: SigningTime, scope: some Sequence<UInt8>, canonical: [UInt8]
    ) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(192)
        buffer.append(contentsOf: SignatureClaim.algorithm.utf8)
        buffer.append(0x0a)
        time.append(to: &buffer)
        buffer.append(0x0a)
        buffer.append(contentsOf: scope)
        buffer.append(0x0a)
        Hex.append(SHA256.hash(data: canonical), to: &buffer)
        return buffer
    }
}
