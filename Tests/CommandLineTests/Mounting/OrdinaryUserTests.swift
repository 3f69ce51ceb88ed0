import Foundation
import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// A user without rights mounts through fusermount3, in a mount namespace where the device and
    /// the configuration allow it.
    @Suite(.needsMounts(), .needs("unshare"), .needs("setpriv"), .needs("fusermount3"))
    struct OrdinaryUserTests {
        /// Runs a script of the user's; `$P` is the program, `$W` his folder.
        private func asUser(
            _ site: Site, allowOther: Bool = false, asRoot before: String = "", _ script: String
        ) throws -> Finished {
            let home = try site.makeFolder("home")
            try tool("chown", "-R", "\(OrdinaryUser.uid):\(OrdinaryUser.uid)", home, site.origin)
            try tool("chmod", "755", site.folder)
            try tool("cp", Site.program, "\(site.folder)/perigee")
            let conf = "\(site.folder)/fuse.conf"
            try DiskFile.write(conf, Array((allowOther ? "user_allow_other\n" : "\n").utf8))
            let outer = """
                set -e
                mount --make-rprivate /
                d=$(mktemp -d)
                mount -t tmpfs -o mode=755 none $d
                mknod -m 666 $d/fuse c 10 229
                mount --bind $d/fuse /dev/fuse
                touch /etc/fuse.conf
                mount --bind \(conf) /etc/fuse.conf
                export W=\(home) P=\(site.folder)/perigee PERIGEE_STATE=\(home)/state HOME=\(home)
                cd \(home)
                \(before)
                exec setpriv --reuid=\(OrdinaryUser.uid) --regid=\(OrdinaryUser.uid) \
                    --clear-groups --inh-caps=-all -- sh -ec '\(script)'
                """
            // The namespace ends with its last process, and every mount in it with it.
            let child = try Child(
                ["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", outer])
            return try child.wait(60)
        }

        private let publish = """
            $P init -q
            $P volume add vol --origin posix:\("$ORIGIN") --public -q
            $P volume scan vol -q
            $P volume publish vol -q
            mkdir $W/mnt
            """

        private func publish(_ site: Site) -> String {
            publish.replacing("$ORIGIN", with: site.origin)
        }

        @Test func `he publishes, mounts, reads and unmounts what is his`() throws {
            try withSite { site in
                let content = String(repeating: "0123456789abcdef", count: 50_000)
                try site.write("d/f", content)
                let done = try asUser(
                    site,
                    publish(site) + """

                        $P mount $W/mnt -q
                        cmp $W/mnt/vol/d/f \(site.origin)/d/f
                        id -u
                        $P stat $W/mnt/vol/d/f --json
                        stat -c %u:%a $W/mnt/vol/d/f
                        grep " $W/mnt " /proc/self/mountinfo
                        ls $W/mnt
                        if touch $W/mnt/vol/new 2> $W/err; then exit 9; fi
                        grep -q "Read-only" $W/err
                        $P unmount $W/mnt -q
                        ls -A $W/mnt
                        """)
                #expect(done.status == 0, "\(done) \(done.text)")
                let lines = done.lines
                #expect(lines.first == "\(OrdinaryUser.uid)")
                #expect(lines.contains("\(OrdinaryUser.uid):444"), "\(lines)")
                #expect(
                    lines.contains { $0.contains("fuse.perigee") && $0.contains("ro,nosuid,nodev") }
                )
                #expect(!done.text.contains("\"serving\":\"passthrough\""))
                #expect(lines.last == "vol")
            }
        }

        @Test func `passthrough that was demanded is refused, and nothing stays mounted`() throws {
            try withSite { site in
                try site.write("f", "text")
                let done = try asUser(
                    site,
                    publish(site) + """

                        if $P mount $W/mnt --passthrough on; then exit 9; fi
                        ! grep " $W/mnt " /proc/self/mountinfo
                        """)
                #expect(done.status == 0, "\(done)")
                #expect(done.errorText.contains("without --passthrough on"), "\(done)")
            }
        }

        @Test func `--allow-other without leave in fuse.conf says so, and works with it`() throws {
            try withSite { site in
                try site.write("f", "text")
                let denied = try asUser(
                    site,
                    publish(site) + "\nif $P mount $W/mnt --allow-other; then exit 9; fi")
                #expect(denied.status == 0, "\(denied)")
                #expect(denied.errorText.contains("user_allow_other"), "\(denied)")
            }
            try withSite { site in
                try site.write("f", "text")
                let allowed = try asUser(
                    site, allowOther: true,
                    publish(site) + "\n$P mount $W/mnt --allow-other; cat $W/mnt/vol/f")
                #expect(allowed.status == 0, "\(allowed)")
                #expect(allowed.text.contains("text"))
            }
        }

        @Test(arguments: [
            ("chmod 600 /dev/fuse", ["/dev/fuse cannot be opened", "chmod 666 /dev/fuse"]),
            (
                "mount --bind /dev/null /usr/bin/fusermount3",
                ["no fusermount3", "install the package fuse3"]
            ),
            ("chown root: $W/mnt", ["not this user", "that you can write"]),
        ])
        func `what keeps him from mounting is said in the terminal, once, with what to do`(
            _ obstacle: String, _ words: [String]
        ) throws {
            try withSite { site in
                try site.write("f", "text")
                let done = try asUser(
                    site, asRoot: "mkdir $W/mnt; chown \(OrdinaryUser.uid) $W/mnt; \(obstacle)",
                    publish(site).replacing("mkdir $W/mnt", with: "")
                        + """

                        for flag in "" --foreground; do
                            if $P mount $W/mnt $flag; then exit 9; fi
                        done
                        ! grep " $W/mnt " /proc/self/mountinfo
                        """)
                #expect(done.status == 0, "\(done)")
                for word in words {
                    // Once by the command in the background, once by that in the front.
                    let count = done.errorText.components(separatedBy: word).count - 1
                    #expect(count == 2, "\(word): \(done)")
                }
            }
        }

        @Test func `a mount of another user's is told as such`() throws {
            try withSite { site in
                try site.publish()
                try site.withMount(["--allow-other"]) { mount in
                    try tool("chmod", "755", site.folder)
                    let words = OrdinaryUser.words([Site.program, "unmount", mount])
                    let done = try run(words, environment: site.environment)
                    expectRefusal(done, 1, saying: "belongs to another user", "or as root")
                }
            }
        }

        @Test func `a mount whose process was killed is mounted again by him`() throws {
            try withSite { site in
                try site.write("f", "text")
                let done = try asUser(
                    site,
                    publish(site) + """

                        $P mount $W/mnt --foreground 2> $W/log &
                        n=0
                        until grep -q " $W/mnt " /proc/self/mountinfo; do
                            sleep 0.1; n=$((n+1)); test $n -lt 100
                        done
                        sleep 0.3
                        kill -9 $!
                        wait || true
                        if cat $W/mnt/vol/f 2> $W/err; then exit 9; fi
                        $P mount $W/mnt
                        cat $W/mnt/vol/f
                        """)
                #expect(done.status == 0, "\(done) \(done.text)")
                #expect(done.text.hasSuffix("text"))
            }
        }
    }
}
