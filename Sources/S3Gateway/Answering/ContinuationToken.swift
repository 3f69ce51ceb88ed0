internal import AccessControl
internal import Crypto
internal import Foundation
internal import VolumeModel
internal import VolumeService

/// Where a listing goes on: sealed, since it may name what its bearer may not see, and bound to
/// what the listing was about and to who made it.
struct ContinuationToken: Hashable, Sendable {
    /// What a token holds for.
    struct Scope: Hashable, Sendable {
        /// What the bucket's name stood for: an alias can be given another meaning.
        let place: BucketPlace
        let prefix: [UInt8]
        let delimiter: [UInt8]
        let principal: Principal
    }

    /// The revision in which the listing began.
    let revision: RevisionNumber
    /// Where its next page begins.
    let start: KeyWalk.Start

    private static let version: UInt8 = 1

    /// The token's text.
    func sealed(for scope: Scope, with key: SymmetricKey) -> String? {
        var plain: [UInt8] = []
        switch start {
        case .beginning: plain = [0]
        case .after(let key): plain = [1] + key
        case .from(let key): plain = [2] + key
        }
        let number = withUnsafeBytes(of: Int64(revision.value).bigEndian) { Array($0) }
        let box = try? AES.GCM.seal(number + plain, using: key, authenticating: scope.bytes)
        return box?.combined.map { (Data([Self.version]) + $0).base64EncodedString() }
    }

    /// Opens a token's text; nil where it is no token for this scope.
    init?(opening text: String, for scope: Scope, with key: SymmetricKey) {
        guard let bytes = Data(base64Encoded: text), bytes.first == Self.version,
            let box = try? AES.GCM.SealedBox(combined: bytes.dropFirst()),
            let plain = (try? AES.GCM.open(box, using: key, authenticating: scope.bytes)).map(
                Array.init),
            plain.count > 8
        else { return nil }
        let number = plain.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard let revision = RevisionNumber(Int(number)) else { return nil }
        self.revision = revision
        let rest = Array(plain.dropFirst(9))
        switch plain[8] {
        case 0: start = .beginning
        case 1: start = .after(rest)
        default: start = .from(rest)
        }
    }

    init(revision: RevisionNumber, start: KeyWalk.Start) {
        self.revision = revision
        self.start = start
    }
}

extension ContinuationToken.Scope {
    /// Each part with its length before it.
    fileprivate var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for part in [
            Array(place.name.utf8), Array("\(place.volume)\(place.selector)".utf8), place.prefix,
            prefix, delimiter, Array("\(principal)".utf8),
        ] {
            withUnsafeBytes(of: UInt32(part.count).bigEndian) { bytes += $0 }
            bytes += part
        }
        return bytes
    }
}
