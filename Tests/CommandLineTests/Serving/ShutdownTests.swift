import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// How a server ends.
    @Suite struct ShutdownTests {
        /// More than fits into the buffers of sockets.
        private let content = pattern(48 << 20, version: 1)

        @Test(arguments: [SIGTERM, SIGINT])
        func `a slow download goes on to its last byte, and nobody new comes in`(
            _ signal: Int32
        ) throws {
            try withSite { site in
                try site.write("f", content)
                try site.publish()
                try site.withServed { served in
                    let talk = try HTTPTalk(to: served.s3[0], receiveBuffer: 64 << 10)
                    talk.request("/vol/f")
                    #expect(talk.receive(1 << 20).count >= 1 << 20)
                    let idle = try HTTPTalk(to: served.s3[0])
                    served.child.kill(signal)
                    #expect(served.logs("told to end"))
                    #expect(
                        eventually(within: 5) { (try? HTTPTalk(to: served.s3[0])) == nil },
                        "a new connection is refused")
                    #expect(idle.receive().isEmpty, "one that asks for nothing is closed")
                    let ready = try HTTPTalk.get(served.admin, "/readyz")
                    #expect(ready.status == 503 && ready.text.hasPrefix("draining"))
                    #expect(served.child.poll() == nil)
                    let answer = try talk.answer()
                    #expect(answer.status == 200)
                    let isWhole = answer.body == content
                    #expect(isWhole, "\(answer.body.count) bytes")
                    let ended = try served.child.wait(10)
                    #expect(ended.status == 0, "\(ended)")
                }
            }
        }

        @Test func `a second signal ends at once`() throws {
            try withSite { site in
                try site.write("f", content)
                try site.publish()
                try site.withServed { served in
                    let talk = try HTTPTalk(to: served.s3[0], receiveBuffer: 64 << 10)
                    talk.request("/vol/f")
                    #expect(talk.receive(1 << 20).count >= 1 << 20)
                    served.child.kill(SIGTERM)
                    #expect(served.logs("told to end"))
                    served.child.kill(SIGTERM)
                    #expect(try served.child.wait(5).status == 128 + SIGTERM)
                }
            }
        }

        @Test func `what takes longer than the patience is cut off`() throws {
            try withSite { site in
                try site.write("f", content)
                try site.publish()
                try site.withServed(Site.anyPorts + ["--shutdown", "200ms"]) { served in
                    let talk = try HTTPTalk(to: served.s3[0], receiveBuffer: 64 << 10)
                    talk.request("/vol/f")
                    #expect(talk.receive(1 << 20).count >= 1 << 20)
                    served.child.kill(SIGTERM)
                    let ended = try served.child.wait(10)
                    #expect(ended.status == 0, "\(ended)")
                    #expect(ended.errorText.contains("answers were cut off"))
                    #expect(talk.receive().count < content.count)
                }
            }
        }
    }
}
