import Foundation
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct PolicyExplainTests {
        private func withSamples(_ body: (Site) throws -> Void) throws {
            try withSite { site in
                try site.addSampleArchive()
                try site.ok(["apply", "-f", samplePolicies])
                try body(site)
            }
        }

        private func explain(_ site: Site, _ words: String) throws -> [String: Any] {
            try #require(try objects(site.ok("policy explain \(words) --json")).first)
        }

        @Test func `the rule, the file and the nearest rule are named for each pattern`() throws {
            try withSamples { site in
                for (words, level, rule, nearest) in [
                    ("hst:README.txt", "read", "public", nil),
                    ("psa:MARS-EXPRESS", "read", "public", nil),
                    ("euclid-q1 --at 2025-01-01", "discover", "announced", "before-release"),
                    ("euclid-q1 --at 2025-03-19T11:00:00Z", "read", "public", nil),
                    ("ero-workspace", "none", nil, "members"),
                    ("jwst:hlsp/x", "read", "no-period.3", nil),
                ] as [(String, String, String?, String?)] {
                    let found = try explain(site, words)
                    #expect(found["level"] as? String == level, "\(words): \(found)")
                    let grant = found["grant"] as? [String: Any]
                    #expect(grant?["name"] as? String == rule, "\(words): \(found)")
                    if rule != nil {
                        let volume = words.prefix { $0 != ":" && $0 != " " }
                        let file = volume == "euclid-q1" ? "euclid" : String(volume)
                        #expect(grant?["place"] as? String == "policies/\(file).yaml")
                    }
                    let missed = found["nearest"] as? [String: Any]
                    #expect(missed?["name"] as? String == nearest, "\(words): \(found)")
                }
            }
        }

        @Test func `a path that is not there goes by its expressions, and is said to be absent`()
            throws
        {
            try withSamples { site in
                let found = try explain(site, "jwst:jw01288/x.fits --at 2027-01-01")
                #expect(found["isAbsent"] as? Bool == true)
                #expect(found["attributes"] as? [String: String] == ["proposal_id": "01288"])
                #expect(found["level"] as? String == "list", "no release time is known")
                let text = try site.ok("policy explain jwst:jw01288/x.fits --at 2027-01-01").lines
                #expect(text.first?.hasPrefix("there is no such entry in jwst") == true)
                #expect(text.contains("its attributes: proposal_id '01288'"), "\(text)")
                try site.scanAndPublish("hst")
                #expect(try explain(site, "hst:README.txt")["isAbsent"] as? Bool == false)
                #expect(try explain(site, "hst:README")["isAbsent"] as? Bool == true)
            }
        }

        @Test func `an expression that comes later is in force at once, also in old revisions`()
            throws
        {
            try withSite { site in
                try site.write("p/42/file", "text")
                try site.ok("root add here --origin posix:\(site.origin)")
                let head = "kind: Volume\nname: vol\ntitle: x\nsource: \"here:\"\n"
                let rules =
                    "---\nkind: Policy\nvolume: vol\nrules:\n"
                    + "  - {name: some, grant: read, to: anyone, when: proposal_id=42}\n"
                let path = try site.writePolicy(head + rules)
                try site.ok(["apply", "-f", path])
                try site.scanAndPublish()
                #expect(try explain(site, "vol@r1:p/42/file")["level"] as? String == "none")
                try site.writePolicy(
                    head + "attributes: [{path: \"p/{proposal_id}/**\"}]\n" + rules)
                let done = try objects(site.ok(["apply", "-f", path, "--json"])).first
                let assigned = done?["assigned"] as? [String: Int]
                #expect((assigned?["vol"] ?? 0) > 0)
                let found = try explain(site, "vol@r1:p/42/file")
                #expect(found["level"] as? String == "read", "\(found)")
                #expect(found["isAbsent"] as? Bool == false)
            }
        }

        @Test func `words that are off are refused`() throws {
            try withSamples { site in
                expectRefusal(
                    try site.run("policy explain nowhere:a"), 1, saying: "no volume nowhere")
                expectRefusal(
                    try site.run("policy explain hst@r7:a"), 1, saying: "hst@r7")
                expectRefusal(try site.run("policy explain hst --as Jane"), 64, saying: "Jane")
                expectRefusal(
                    try site.run("policy explain hst --at tomorrow"), 64, saying: "tomorrow")
                expectRefusal(
                    try site.run("policy explain hst --as nobody"), 1, saying: "no user nobody")
            }
        }

        @Test func `what is explained as a user is in the audit, as what is read as one is`() throws
        {
            try withSamples { site in
                try site.ok("user add ada")
                func acted() throws -> [[String: any Sendable]] {
                    try objects(site.ok("audit --json")).filter {
                        $0["action"] as? String == "acted-as"
                    }
                }
                try site.ok("policy explain hst:a")
                try site.ok("policy explain hst:a --as anyone")
                #expect(try acted().isEmpty)
                for name in ["ada", "user:ada"] {
                    try site.ok("policy explain hst:a --as \(name)")
                }
                let events = try acted()
                #expect(events.count == 2)
                #expect(events.allSatisfy { $0["subject"] as? String == "ada" }, "\(events)")
                #expect(events.allSatisfy { $0["detail"] as? String == "policy explain hst:a" })
            }
        }
    }
}
