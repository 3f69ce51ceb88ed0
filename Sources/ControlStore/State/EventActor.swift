internal import Glibc

/// Who changes the store, as events name him.
struct EventActor: Sendable {
    /// The real user ID.
    let user: UInt32
    /// What the user database calls it; empty where it does not know it.
    let name: String

    init(user: UInt32) {
        self.user = user
        name = Self.name(of: user) ?? ""
    }

    /// What the user database calls a user, or nil.
    static func name(of user: uid_t) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4_096)
        guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil,
            let name = entry.pw_name
        else { return nil }
        return String(cString: name)
    }
}
