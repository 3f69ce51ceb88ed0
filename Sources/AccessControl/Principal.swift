package import VolumeModel

/// The number of a key or token, for ever; 1 and up.
package struct CredentialID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number itself.
    package let value: Int64

    /// Wraps a number.
    package init(_ value: Int64) { self.value = value }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    package var description: String { String(value) }
}

/// What is known of a key or token beside its secret.
package struct CredentialFacts: Hashable, Sendable {
    /// Whose it is.
    package var user: UserName
    /// The volumes it is limited to; nil: as its user.
    package var volumes: Set<VolumeName>?
    /// When it ends; nil: never by itself.
    package var expires: Timestamp?

    /// Puts facts together.
    package init(user: UserName, volumes: Set<VolumeName>? = nil, expires: Timestamp? = nil) {
        self.user = user
        self.volumes = volumes
        self.expires = expires
    }
}

/// Who asks, wherever that is known from.
package enum Principal: Hashable, Sendable, CustomStringConvertible {
    /// The owner of the state folder, at the command line: reaches every volume and candidate.
    case owner
    /// Somebody without an identity.
    case anyone
    /// A user: by the owner's word, where there is no credential, or by a key or token, which then
    /// has to hold at each decision.
    case user(UserName, credential: CredentialID?)

    /// As logs and audits name it.
    package var description: String {
        switch self {
        case .owner: "owner"
        case .anyone: "anyone"
        case .user(let name, nil): "user:\(name)"
        case .user(let name, let credential?): "user:\(name) by credential \(credential)"
        }
    }
}
