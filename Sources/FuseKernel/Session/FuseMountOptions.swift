/// How a session is mounted.
///
/// Read-only, nosuid, nodev and noatime always hold.
package struct FuseMountOptions: Hashable, Sendable {
    /// The source that `mount` and `df` show; no line breaks.
    package var fsname = "perigee"
    /// The type is `fuse.<subtype>`; letters, digits and `-`.
    package var subtype = "perigee"
    /// Users other than the one who mounts may enter; without root it needs `user_allow_other` in
    /// /etc/fuse.conf.
    package var allowOther = false
    /// The kernel checks permission bits itself, and sends no ACCESS.
    package var defaultPermissions = true
    /// Programs on the mount cannot be executed.
    package var noExecute = false
    /// The handler answers LOOKUP of "." and ".." for any node it ever named, as an NFS export of
    /// the mount needs.
    package var exportSupport = false
    /// Every listing brings the entries' attributes. Otherwise the kernel chooses: bare names are
    /// listed faster, but programs that list a large folder first and look at its entries
    /// afterwards pay one LOOKUP for each.
    package var alwaysReaddirplus = false
    /// The kernel's read-ahead in KiB, as in /sys/class/bdi/MAJOR:MINOR/read_ahead_kb; nil keeps the
    /// system's. Needs root. More helps one sequential reader and hurts many.
    package var readAheadKiB: Int?
    /// Passthrough is asked for; false serves every read through the handler.
    package var passthrough = true
    /// How long the kernel may take to begin after the mount.
    package var handshakeTimeout = Duration.seconds(20)

    /// The defaults above.
    package init() {}

    /// The argument of libfuse's `-o`.
    var mountArgument: String {
        var options = ["ro", "nosuid", "nodev", "noatime"]
        options.append("fsname=" + FuseMountOptions.escaped(fsname))
        options.append("subtype=" + FuseMountOptions.escaped(subtype))
        if allowOther { options.append("allow_other") }
        if defaultPermissions { options.append("default_permissions") }
        if noExecute { options.append("noexec") }
        return options.joined(separator: ",")
    }

    /// A comma would end the option: libfuse takes it after a backslash.
    private static func escaped(_ value: String) -> String {
        String(value.flatMap { $0 == "," || $0 == "\\" ? ["\\", $0] : [$0] })
    }
}
