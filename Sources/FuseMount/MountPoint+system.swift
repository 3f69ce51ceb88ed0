internal import FuseKernel
internal import Glibc
internal import VolumeModel

/// What the system has to allow before anything can be mounted.
extension MountPoint {
    /// - Throws: `.notFound` where the device or fusermount3 is missing, `.accessDenied` where this
    ///   user may not open the one or mount on `folder`.
    static func checkSystem(mountingOn folder: String) throws(PerigeeError) {
        switch FuseObstacle.find() {
        case .noDevice(let errno):
            throw PerigeeError(
                .notFound, "there is no device /dev/fuse, without which nothing can be mounted",
                remedy: "load its module (modprobe fuse); start a container with "
                    + "--device /dev/fuse --cap-add SYS_ADMIN",
                cause: SystemError(errno))
        case .deviceDenied(let errno):
            throw PerigeeError(
                .accessDenied, "the device /dev/fuse cannot be opened by this user",
                remedy: "let root give it the mode that Debian does (chmod 666 /dev/fuse), or "
                    + "mount as root; start a container with --device /dev/fuse",
                cause: SystemError(errno))
        case .noHelper:
            throw PerigeeError(
                .notFound, "there is no fusermount3, by which ordinary users mount",
                remedy: "install the package fuse3, or mount as root")
        case nil: break
        }
        // fusermount3's own rule, which it tells on standard error only.
        guard geteuid() == 0 || access(folder, W_OK) == 0 else {
            throw PerigeeError(
                .accessDenied,
                "the folder \(Printable.quoted(folder)) is not this user's to mount on",
                remedy: "name an empty folder that you can write, or mount as root",
                cause: SystemError(errno))
        }
    }
}
