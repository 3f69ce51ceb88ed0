import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite struct PublicStandingTests {
        @Test(
            arguments: [
                ("", "public", nil, nil, "anyone"),
                (
                    ", until: 2099-01-01", "public until 2099-01-01", nil, "2099-01-01T00:00:00Z",
                    "anyone until 2099-01-01"
                ),
                (
                    ", from: \"2099-01-01T10:00:00Z\"", "private until 2099-01-01T10:00:00Z",
                    "2099-01-01T10:00:00Z", nil,
                    "those that its rules name, and anyone from 2099-01-01T10:00:00Z on"
                ),
                (", until: 2020-01-01", "private", nil, nil, "those that its rules name"),
                (", path: \"**\"", "public", nil, nil, "anyone"),
                (", path: \"a/**\"", "private", nil, nil, "those that its rules name"),
                (", when: embargoed", "private", nil, nil, "those that its rules name"),
            ] as [(String, String, String?, String?, String)])
        func `a volume is listed as what holds now, and until when`(
            _ clause: String, _ words: String, _ from: String?, _ until: String?, _ readers: String
        ) throws {
            try withSite { site in
                try site.addSampleArchive()
                // Whatever the rule is called.
                for name in ["public", "open"] {
                    let path = try site.writePolicy(
                        """
                        kind: Volume
                        name: hst
                        title: HST
                        source: archive:hst
                        embargo: {}
                        ---
                        kind: Policy
                        volume: hst
                        rules:
                          - {name: \(name), grant: read, to: anyone\(clause)}

                        """)
                    try site.ok(["apply", "-f", path, "--prune"])
                    #expect(try site.ok("volume ls").text == "hst\t-\t\(words)\tHST\n")
                    for command in ["volume ls", "volume show hst"] {
                        let found = try #require(
                            try objects(site.ok("\(command) --json")).first)
                        #expect(found["isPublic"] as? Bool == words.hasPrefix("public"))
                        #expect(found["publicFrom"] as? String == from)
                        #expect(found["publicUntil"] as? String == until)
                    }
                    let shown = try site.ok("volume show hst").lines
                    #expect(shown.contains("Readers   \(readers)"), "\(shown)")
                }
            }
        }

        @Test func `a denial of all of it closes it while it holds`() throws {
            try withSite { site in
                try site.addSampleArchive()
                try site.ok("volume add hst --source archive:hst --public")
                let path = try site.writePolicy(
                    """
                    kind: Policy
                    volume: hst
                    rules:
                      - {name: closed, deny: list, to: anyone, until: 2099-01-01}

                    """)
                try site.ok(["apply", "-f", path])
                #expect(try site.ok("volume ls").text == "hst\t-\tprivate until 2099-01-01\thst\n")
            }
        }
    }
}
