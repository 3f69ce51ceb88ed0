internal import Foundation
internal import Glibc
internal import VolumeModel

/// What the system's administrator lets ordinary users do with mounts.
enum FuseConfiguration {
    /// Refuses `allow_other` where fusermount3 would, which says so to nobody but its own standard
    /// error (mount.fuse3(8), /etc/fuse.conf).
    ///
    /// - Throws: `.accessDenied`.
    static func checkAllowOther(path: String = "/etc/fuse.conf") throws(PerigeeError) {
        guard geteuid() != 0 else { return }
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let isAllowed = text.split(separator: "\n").contains { line in
            line.trimmingCharacters(in: .whitespaces) == "user_allow_other"
        }
        guard !isAllowed else { return }
        throw PerigeeError(
            .accessDenied, "letting other users into a mount is not allowed to ordinary users here",
            remedy: "have root add the line `user_allow_other` to \(path), or leave out "
                + "--allow-other")
    }
}
