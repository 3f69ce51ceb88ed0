internal import ControlStore
internal import Crypto
internal import VolumeModel

/// What secrets are sealed with at rest: 32 random bytes, which never print.
///
/// AES-256-GCM with a random nonce: safe for 2^32 secrets of one key, of which no state has a
/// thousandth (NIST SP 800-38D, section 8.3).
struct SealingKey: Sendable {
    /// Bytes of a key.
    static let length = 32

    /// Which key it is, for those who have not got it.
    let id: SealingKeyID
    private let key: SymmetricKey

    /// A new key.
    static func random() -> Self { Self(SymmetricKey(size: .bits256)) }

    /// The key of these bytes, or nil where they are not as many as it takes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.init(SymmetricKey(data: bytes))
    }

    private init(_ key: SymmetricKey) {
        self.key = key
        var hash = FramedHash(domain: "perigee.sealing-key.1")
        key.withUnsafeBytes { hash.update(counted: $0) }
        id = SealingKeyID(hash.finalize().prefix(SealingKeyID.length))!
    }

    /// Its bytes as hexadecimal, for the key file.
    func reveal() -> String { key.withUnsafeBytes { Hex.encode($0) } }

    /// A key of 32 bytes for another purpose, which tells nothing of this one (HKDF, RFC 5869).
    func derived(for purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array("perigee.\(purpose)".utf8), outputByteCount: 32)
    }

    /// Seals a secret for one place.
    ///
    /// - Throws: `.storageFailed`, which no input can bring about.
    func seal(_ secret: Secret, for place: SealedPlace) throws(PerigeeError) -> SealedSecret {
        do {
            let box = try secret.withBytes { bytes in
                try AES.GCM.seal(bytes, using: key, authenticating: place.bytes)
            }
            guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
            return SealedSecret(bytes: Array(combined), sealingKey: id)
        } catch {
            throw PerigeeError(.storageFailed, "a secret cannot be sealed", cause: error)
        }
    }

    /// Opens what was sealed with this key for this place.
    ///
    /// - Throws: `.corrupt` where it was changed, or sealed for another place.
    func open(_ sealed: SealedSecret, at place: SealedPlace) throws(PerigeeError) -> Secret {
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.bytes)
            return Secret(try AES.GCM.open(box, using: key, authenticating: place.bytes))
        } catch {
            throw PerigeeError(
                .corrupt,
                "the secret of the key \(place.row) does not open: it was changed, or belongs to"
                    + " another key or user",
                remedy: "remove the key with `perigee key rm` and make a new one")
        }
    }
}

extension SealingKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { "sealing key \(id)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// Where a sealed secret stands, and nowhere else will it open.
struct SealedPlace: Sendable {
    /// The access key ID of the row.
    let row: String
    /// Whose key it is.
    let user: String

    /// What is authenticated beside the secret: table, row, field and user, each with its length.
    fileprivate var bytes: [UInt8] {
        var hash = FramedHash(domain: "perigee.sealed-place.1")
        for part in ["credential", row, "secret", user] {
            Array(part.utf8).withUnsafeBytes { hash.update(counted: $0) }
        }
        return hash.finalize()
    }
}
