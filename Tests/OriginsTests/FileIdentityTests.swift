import CKernel
import Glibc
import Origins
import Testing

/// The contract of a POSIX root, as a state machine over the answers of fstat.
@Suite("File identity")
struct FileIdentityTests {
    private static var first: perigee_stat {
        var status = perigee_stat()
        status.size = 100
        status.inode = 7
        status.device = 3
        status.mtime_ns = 1_000
        status.ctime_ns = 2_000
        status.mode = 0o100644
        status.link_count = 1
        status.uid = 5
        status.gid = 6
        return status
    }

    private static func changed(_ change: (inout perigee_stat) -> Void) -> perigee_stat {
        var status = first
        status.ctime_ns += 1
        change(&status)
        return status
    }

    @Test("Nothing moved: the same")
    func unmoved() {
        let identity = Judge(Self.first)
        #expect(identity.judge(Self.first) == .same)
    }

    @Test("Size or mtime moved: another content, whatever else moved")
    func content() {
        for change in [
            { $0.size = 99 }, { $0.size = 101 }, { $0.mtime_ns += 1 }, { $0.mtime_ns -= 1 },
            {
                $0.mtime_ns += 1
                $0.link_count = 0
            },
            {
                $0.size = 0
                $0.mode = 0
            },
        ] as [(inout perigee_stat) -> Void] {
            let identity = Judge(Self.first)
            #expect(identity.judge(Self.changed(change)) == .changed)
            // And with a ctime that stood still, as on file systems with coarse times.
            var coarse = Self.first
            change(&coarse)
            let other = Judge(Self.first)
            #expect(other.judge(coarse) == .changed)
        }
    }

    @Test("Link count, mode or owner moved with ctime: the same, from a new base")
    func explained() {
        for change in [
            { $0.link_count = 0 }, { $0.link_count = 2 }, { $0.mode = 0o100600 }, { $0.uid = 0 },
            { $0.gid = 0 },
        ] as [(inout perigee_stat) -> Void] {
            let identity = Judge(Self.first)
            let now = Self.changed(change)
            #expect(identity.judge(now) == .same)
            // The new ctime is the base: it explains nothing a second time.
            #expect(identity.judge(now) == .same)
            var later = now
            later.ctime_ns += 1
            #expect(identity.judge(later) == .needsName)
        }
    }

    @Test(
        "A name that cannot be looked at says neither that it leads here nor that it does not",
        arguments: [
            (0, true), (ENOENT, false), (ENOTDIR, false), (ELOOP, false), (EACCES, nil),
            (EIO, nil), (ESTALE, nil), (ENOTCONN, nil), (ENOMEM, nil),
        ] as [(Int32, Bool?)])
    func named(_ errno: Int32, _ leadsHere: Bool?) {
        #expect(Self.first.isNamed(Self.first, -errno) == leadsHere)
        var other = Self.first
        other.inode += 1
        #expect(Self.first.isNamed(other, -errno) == (errno == 0 ? false : leadsHere))
    }

    @Test("ctime alone moved: the name decides")
    func name() {
        let now = Self.changed { _ in }
        let moved = Judge(Self.first)
        #expect(moved.judge(now) == .needsName)
        #expect(moved.judge(now, nameLeadsHere: false) == .same)
        #expect(moved.judge(now) == .same)
        let rewritten = Judge(Self.first)
        #expect(rewritten.judge(now) == .needsName)
        #expect(rewritten.judge(now, nameLeadsHere: true) == .changed)
        // Not forgiven at the next look.
        #expect(rewritten.judge(now) == .needsName)
    }
}

/// Holds an identity, so that an expectation can call what changes it.
private final class Judge {
    private var identity: FileIdentity

    init(_ first: perigee_stat) { identity = FileIdentity(first) }

    func judge(_ now: perigee_stat) -> FileIdentity.Verdict { identity.judge(now) }

    func judge(_ now: perigee_stat, nameLeadsHere: Bool) -> FileIdentity.Verdict {
        identity.judge(now, nameLeadsHere: nameLeadsHere)
    }
}
