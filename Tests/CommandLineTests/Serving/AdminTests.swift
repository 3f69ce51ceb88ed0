import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// What the admin listener tells.
    @Suite struct AdminTests {
        @Test func `health, readiness and metrics are told, and nothing else`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try site.withServed { served in
                    #expect(try HTTPTalk.get(served.admin, "/healthz").status == 200)
                    let ready = try HTTPTalk.get(served.admin, "/readyz")
                    #expect(ready.status == 200 && ready.text == "ready\n")
                    #expect(try HTTPTalk.get(served.admin, "/").status == 404)
                    #expect(try HTTPTalk.get(served.admin, "/metrics/").status == 404)
                    let post = try HTTPTalk.get(served.admin, "/healthz", method: "POST")
                    #expect(post.status == 405 && post.field("allow") == "GET, HEAD")
                    let head = try HTTPTalk.get(served.admin, "/readyz", method: "HEAD")
                    #expect(head.status == 200 && head.body.isEmpty)
                    #expect(head.field("content-length") == "6")
                }
            }
        }

        @Test func `a control store that cannot be read is told, and what is published goes on`()
            throws
        {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try site.withServed { served in
                    let store = "\(site.state)/control.sqlite"
                    #expect(rename(store, "\(site.folder)/away") == 0)
                    let isTold = try eventually(within: 5) {
                        let ready = try HTTPTalk.get(served.admin, "/readyz")
                        return ready.status == 503
                            && ready.text == "the control store cannot be read\n"
                    }
                    #expect(isTold)
                    #expect(served.logs("control store cannot be read", store))
                    #expect(try HTTPTalk.get(served.admin, "/healthz").status == 200)
                    #expect(try served.get("/vol/f").text == "text")
                    #expect(rename("\(site.folder)/away", store) == 0)
                    #expect(
                        try eventually(within: 5) {
                            try HTTPTalk.get(served.admin, "/readyz").status == 200
                        })
                }
            }
        }

        @Test func `requests are counted by operation, and no user is named`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try site.withServed { served in
                    #expect(try served.get("/vol/f").text == "text")
                    #expect(try served.get("/vol/g").status == 404)
                    let metrics = try HTTPTalk.get(served.admin, "/metrics")
                    #expect(
                        metrics.field("content-type")
                            == "text/plain; version=0.0.4; charset=utf-8")
                    for line in [
                        "# TYPE perigee_s3_requests_total counter",
                        #"perigee_s3_requests_total{operation="GetObject"} 2"#,
                        #"perigee_s3_sent_bytes_total{operation="GetObject"}"#,
                        #"perigee_s3_errors_total{operation="GetObject",kind="client"} 1"#,
                        #"perigee_s3_request_duration_seconds_count{operation="GetObject"} 2"#,
                        "# TYPE perigee_s3_request_duration_seconds histogram",
                        #"perigee_build_info{version="0.1.0"} 1"#,
                        "# TYPE process_resident_memory_bytes gauge",
                    ] {
                        #expect(metrics.text.contains(line), "\(line) in:\n\(metrics.text)")
                    }
                    #expect(!metrics.text.contains("anyone"))
                }
            }
        }

        @Test func `a connection without a request ends`() throws {
            try withSite { site in
                try site.withServed { served in
                    let talk = try HTTPTalk(to: served.admin)
                    talk.send("GET /healthz HTTP/1.1\r\n")
                    #expect(talk.receive().isEmpty)
                }
            }
        }
    }
}
