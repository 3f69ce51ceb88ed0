internal import Crypto
internal import Glibc
internal import VolumeModel

/// The key that signs requests of one access key, day, region and service. It never prints.
///
/// Deriving it takes four HMACs, so callers keep it by access key and scope. It is wiped when the
/// last copy goes.
package struct SigningKey: Sendable {
    private let key: SymmetricKey
    /// The two digests of an HMAC (RFC 2104) with nothing but the key in them: each signature goes on
    /// from copies. The library's own HMAC takes bytes by way of generic code that is not compiled for
    /// them, which costs more than the digest.
    private let inner: SHA256, outer: SHA256

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
        (inner, outer) = (Self.begun(with: key, 0x36), Self.begun(with: key, 0x5c))
    }

    /// A digest of the key, filled up to a block, with a pad upon it.
    private static func begun(with key: SymmetricKey, _ pad: UInt8) -> SHA256 {
        var digest = SHA256()
        withUnsafeTemporaryAllocation(byteCount: SHA256.blockByteCount, alignment: 1) { block in
            block.initializeMemory(as: UInt8.self, repeating: pad)
            key.withUnsafeBytes { bytes in
                for index in bytes.indices { block[index] ^= bytes[index] }
            }
            digest.update(bufferPointer: UnsafeRawBufferPointer(block))
            if let base = block.baseAddress { explicit_bzero(base, block.count) }
        }
        return digest
    }

    /// The 32 bytes of the signature of a string to sign.
    package func signature(of stringToSign: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: stringToSign, using: key))
    }

    /// Whether `signature` is that of a string to sign, in a time that does not depend on where the
    /// two differ.
    package func isValid(_ signature: [UInt8], of stringToSign: [UInt8]) -> Bool {
        var (inner, outer) = (inner, outer)
        stringToSign.withUnsafeBytes { inner.update(bufferPointer: $0) }
        inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
        return outer.finalize().withUnsafeBytes { code in
            guard code.count == signature.count else { return false }
            // All bytes are looked at, wherever the first difference is.
            var difference: UInt8 = 0
            for index in 0..<code.count { difference |= code[index] ^ signature[index] }
            return difference == 0
        }
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
        var digest = SHA256()
        canonical.withUnsafeBytes { digest.update(bufferPointer: $0) }
        digest.finalize().withUnsafeBytes { Hex.append($0, to: &buffer) }
        return buffer
    }
}
