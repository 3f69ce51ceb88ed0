package import CKernel
internal import Glibc

/// What was true of a served file when it was opened, and whether it still is: the contract of a
/// POSIX root, without any system call of its own.
///
/// Files are replaced by rename and never rewritten. So size and mtime never change under an open
/// descriptor; ctime changes also by renaming, linking, unlinking, chmod and chown, which leave the
/// content alone.
package struct FileIdentity: Sendable {
    private var base: perigee_stat

    /// The first fstat of the descriptor that serves.
    package init(_ first: perigee_stat) {
        base = first
    }

    /// What a later fstat means.
    package enum Verdict: Hashable, Sendable {
        /// The content is the one that was opened.
        case same
        /// ctime alone moved, with nothing in the fstat that explains it: `same` if the name no
        /// longer leads to this inode (it was replaced or moved), else the content was rewritten
        /// and its mtime set back.
        case needsName
        /// The content is another one.
        case changed
    }

    /// Judges a later fstat; where it explains itself, its ctime becomes the new base.
    package mutating func judge(_ now: perigee_stat) -> Verdict {
        guard now.size == base.size, now.mtime_ns == base.mtime_ns, now.inode == base.inode,
            now.device == base.device
        else { return .changed }
        if now.ctime_ns == base.ctime_ns { return .same }
        if now.link_count != base.link_count || now.mode != base.mode || now.uid != base.uid
            || now.gid != base.gid
        {
            base = now
            return .same
        }
        return .needsName
    }

    /// Answers `needsName`: `nameLeadsHere` tells whether the path it was opened by still leads to
    /// this very inode.
    package mutating func judge(_ now: perigee_stat, nameLeadsHere: Bool) -> Verdict {
        if nameLeadsHere { return .changed }
        base = now
        return .same
    }
}

extension perigee_stat {
    /// Whether a name leads to this inode, by what lstat of it said; nil where it said neither: that a
    /// name cannot be looked at must not pass for its leading elsewhere.
    ///
    /// - Parameter code: 0 or an errno, negated.
    package func isNamed(_ named: perigee_stat, _ code: Int32) -> Bool? {
        switch -code {
        case 0: named.inode == inode && named.device == device
        case ENOENT, ENOTDIR, ELOOP: false
        default: nil
        }
    }
}
