internal import CKernel
internal import Glibc

/// Whether this process may read a file, told from its mode where that suffices.
struct ReadAccess {
    private let user: uid_t
    private let groups: Set<gid_t>

    init(user: uid_t = geteuid()) {
        self.user = user
        var groups = Set([getegid()])
        let count = getgroups(0, nil)
        if count > 0 {
            var list = [gid_t](repeating: 0, count: Int(count))
            if getgroups(count, &list) == count { groups.formUnion(list) }
        }
        self.groups = groups
    }

    /// The mode decides for most files; where it says no, the kernel is asked, since an access
    /// control list may say yes.
    func isDenied(_ found: perigee_stat, in folder: Int32, _ name: UnsafePointer<CChar>) -> Bool {
        if user == 0 { return false }
        let bit: UInt32 =
            found.uid == user ? 0o400 : groups.contains(found.gid) ? 0o040 : 0o004
        if found.mode & bit != 0 { return false }
        return faccessat(folder, name, R_OK, Int32(AT_EACCESS)) != 0
    }
}
