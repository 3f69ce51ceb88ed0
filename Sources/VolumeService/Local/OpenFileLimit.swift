internal import Glibc

/// How many files this process may hold open: each open file of a mount is one descriptor.
package struct OpenFileLimit: Sendable {
    /// What the system lets this process have, everything counted.
    let descriptors: Int
    /// How many of them may be files of volumes.
    ///
    /// The rest is for catalogues, origin folders and the control database: without them a mount
    /// could neither follow a publish nor show a volume that it has not shown yet.
    package let files: Int

    /// Of a process that may have `descriptors` of them.
    package init(descriptors: Int) {
        self.descriptors = descriptors
        files = max(descriptors - min(descriptors / 4, 1_024), 1)
    }

    /// This process's, as it is now.
    package static var current: OpenFileLimit { OpenFileLimit(descriptors: descriptors().now) }

    /// Takes all that the system allows. A shell's limit of 1,024 is for programs that wait in
    /// `select`; a process that serves everybody's files needs more, and does not.
    package static func raise() {
        let (now, allowed) = descriptors()
        guard now < allowed else { return }
        var limit = rlimit(rlim_cur: rlim_t(allowed), rlim_max: rlim_t(allowed))
        // Where that is refused, what there was goes on to hold.
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func descriptors() -> (now: Int, allowed: Int) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return (1_024, 1_024)
        }
        return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
    }
}
