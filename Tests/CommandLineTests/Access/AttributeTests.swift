import AccessControl
import ControlStore
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct AttributeTests {
        private func store(_ site: Site) throws -> SQLiteControlStore {
            try SQLiteControlStore(try StateFolder(path: site.state))
        }

        /// Closes to everybody what has an attribute.
        private func close(_ site: Site, _ key: String, _ value: String) throws {
            try store(site).perform(
                [
                    .setRule(
                        try VolumeName("vol"),
                        AccessRule(
                            name: "closed", effect: .denial(.none), subject: .anyone,
                            conditions: [.attribute(try AttributeKey(key), equals: value)]),
                        label: nil)
                ], at: nil)
        }

        private func table(_ site: Site, _ name: String, _ lines: [String]) throws -> String {
            let path = "\(site.folder)/\(name)"
            try DiskFile.write(
                path, Array(lines.joined(separator: "\n").replacing(" ", with: "\t").utf8))
            return path
        }

        private func files(_ site: Site, _ reference: String) throws -> [String] {
            try site.ok("ls -R \(reference)").lines.filter { !$0.hasSuffix("/") }
        }

        private func withVolume(_ body: (Site) throws -> Void) throws {
            try withSite { site in
                for path in ["p1/a", "p1/b", "p2/c"] { try site.write(path, path) }
                try site.publish()
                try site.write("p2/new", "n")
                try site.scanAndPublish()
                try body(site)
            }
        }

        @Test func `a table closes and opens entries of all revisions without a new one`() throws {
            try withVolume { site in
                try close(site, "team", "b")
                let first = try table(site, "t.tsv", ["glob key value", "p1 team a", "p2 team b"])
                // Both rows of the folder whose time has changed among them.
                let done = try site.ok("volume scan vol --attributes \(first)")
                #expect(done.text.contains("7 entries got other attributes, in all revisions"))
                #expect(try files(site, "vol") == ["p1/a", "p1/b"])
                #expect(try files(site, "vol@r1") == ["p1/a", "p1/b"])
                let second = try table(site, "u.tsv", ["glob key value", "p1 team b", "p2 team a"])
                let json = try site.ok("volume scan vol --json --attributes \(second)")
                #expect(json.text.contains(#""reassigned":7"#))
                #expect(json.text.contains(#""candidate""#) == false)
                #expect(try files(site, "vol") == ["p2/c", "p2/new"])
                #expect(try files(site, "vol@r1") == ["p2/c"])
                #expect(try site.run("cat vol:p1/a").status == 1)
            }
        }

        @Test func `a table that is off changes nothing, and says where`() throws {
            try withVolume { site in
                let good = (0..<20).map { "p1 k\($0) v" }
                let table = try table(site, "t.tsv", ["glob key value"] + good)
                try site.ok("volume scan vol --attributes \(table)")
                let epoch = try store(site).snapshot().epoch
                func refused(_ lines: [String], _ flags: String = "") throws -> Finished {
                    let path = try self.table(site, "bad.tsv", ["glob key value"] + lines)
                    return try site.run("volume scan vol --attributes \(path) \(flags)")
                }
                let fault = try refused(["p1 Key v"])
                #expect(fault.status == 64)
                #expect(fault.errorText.contains("bad.tsv:2: 'Key' is no attribute key"))
                #expect(try refused(Array(good.dropLast(3))).status == 1)
                #expect(try refused(good + ["nowhere k v"], "--strict").status == 1)
                #expect(try refused(good + ["** k0 w"]).status == 1)
                #expect(try store(site).snapshot().epoch == epoch)
                #expect(try site.run("volume scan vol --force").status == 64)

                let unused = try refused(good + (0..<12).map { "no/\($0) k v" })
                #expect(unused.status == 0)
                #expect(unused.text.contains("12 rows of the attribute table match nothing:"))
                #expect(unused.text.contains("line 31: 'no/9' k"))
                #expect(unused.text.contains("'no/10'") == false)
                #expect(unused.text.contains("and 2 more"))
                #expect(try refused(Array(good.dropLast(3)), "--force").status == 0)
            }
        }

        @Test func `release times are set from a table, and a short one needs a word`() throws {
            try withVolume { site in
                let header = "key value metadata_release data_release"
                let rows = (0..<10).map { "proposal \($0) - 2030-01-01" }
                let whole = try table(site, "r.tsv", [header] + rows)
                let done = try site.ok("volume release-dates vol --from \(whole)")
                #expect(done.text.contains("10 attribute values: 10 added, 0 changed, 0 removed"))
                #expect(done.text.contains("10 of them are about nothing"))
                let epoch = try store(site).snapshot().epoch
                try site.ok("volume release-dates vol --from \(whole)")
                #expect(try store(site).snapshot().epoch == epoch)
                let short = try table(site, "s.tsv", [header] + rows.dropLast(2))
                #expect(try site.run("volume release-dates vol --from \(short)").status == 1)
                let forced = try site.ok("volume release-dates vol --from \(short) --force --json")
                #expect(forced.text.contains(#""removed":2"#))
                #expect(try site.run("volume release-dates none --from \(whole)").status == 1)
                #expect(
                    try site.run("volume release-dates vol --from \(site.folder)/x").status == 64)
            }
        }

        @Test func `what is taken down is gone for everybody in every revision until it is undone`()
            throws
        {
            try withVolume { site in
                try DiskFile.link("\(site.origin)/latest", to: "p2")
                try site.scanAndPublish()
                let all = try files(site, "vol")
                #expect(all.contains("latest/c"))
                let done = try site.ok(["volume", "takedown", "vol:p2/**"])
                #expect(
                    done.text == "takedown-1  'p2/**'  covers 2 files and 1 folder of the "
                        + "current revision\n")
                for reference in ["vol", "vol@r1"] {
                    #expect(try files(site, reference) == ["p1/a", "p1/b"])
                }
                #expect(try site.run("cat vol:latest/c").status == 1)
                // The same once more is no second rule.
                try site.ok(["volume", "takedown", "vol:p2/**"])
                try site.ok(["volume", "takedown", "vol:p1/a"])
                let list = try site.ok("volume takedown vol --list").lines
                #expect(list.count == 2)
                #expect(
                    list.last == "takedown-2  'p1/a'  covers 1 file and 0 folders of the "
                        + "current revision")
                try site.ok(["volume", "takedown", "vol:p2/**", "--undo"])
                #expect(try files(site, "vol") == all.filter { $0 != "p1/a" })
                for words in [
                    ["vol:p2/**", "--undo"], ["none:a"], ["vol:a", "--list"], ["vol"],
                    ["vol@r1:a"], ["vol:a//b"],
                ] {
                    #expect(try site.run(["volume", "takedown"] + words).status != 0, "\(words)")
                }
            }
        }

        @Test func `a takedown is in force though somebody writes the catalogue, and says so`()
            throws
        {
            try withVolume { site in
                try store(site).perform(
                    [
                        .setSettings(
                            try VolumeName("vol"),
                            VolumeSettings(expressions: [try PathExpression("p{part}/**")]))
                    ], at: nil)
                let lock = try CatalogueLock(
                    try VolumeName("vol"), in: try StateFolder(path: site.state))
                let done = try site.run(["volume", "takedown", "vol:p1"])
                #expect(done.status == 0, "\(done)")
                #expect(done.errorText.contains("takedown-1 'p1' of vol is in force, but"))
                #expect(done.errorText.contains("once more"))
                #expect(try files(site, "vol") == ["p2/c", "p2/new"])
                let json = try objects(site.ok(["volume", "takedown", "vol:p1", "--json"])).first
                #expect((json?["unfinished"] as? String)?.contains("vol") == true)
                lock.release()
                let again = try site.ok(["volume", "takedown", "vol:p1"])
                #expect(again.errors == [] && again.text.contains("covers 2 files"), "\(again)")
            }
        }

        @Test func `policies that ask for other classes wait for whoever writes the catalogue`()
            throws
        {
            try withVolume { site in
                let path = try site.writePolicy(
                    """
                    kind: Volume
                    name: vol
                    title: vol
                    attributes: [{path: "p{part}/**"}]
                    ---
                    kind: Policy
                    volume: vol
                    rules:
                      - {name: open, grant: read, to: anyone}
                      - {name: closed, deny: none, to: anyone, when: part=1}

                    """)
                let lock = try CatalogueLock(
                    try VolumeName("vol"), in: try StateFolder(path: site.state))
                let epoch = try store(site).snapshot().epoch
                expectRefusal(
                    try site.run(["apply", "-f", path, "--adopt"]), 1,
                    saying: "vol is being written")
                // Nothing is in force, rather than rules about classes that nothing is in.
                #expect(try store(site).snapshot().epoch == epoch)
                lock.release()
                try site.ok(["apply", "-f", path, "--adopt"])
                #expect(try files(site, "vol") == ["p2/c", "p2/new"])
                #expect(try files(site, "vol@r1") == ["p2/c"])
            }
        }

        @Test
        func `an assignment killed at any instant is whole or not there, and done by the next`()
            throws
        {
            var random = SeededRandom(announcing: "kill -9 of assignments")
            try withSite { site in
                for folder in 0..<40 {
                    for file in 0..<50 { try site.write("d\(folder)/f\(file)", "x") }
                }
                try site.publish()
                try site.write("d0/more", "x")
                try site.scanAndPublish()
                try close(site, "batch", "b")
                let tables = try ["a", "b"].map { batch in
                    try table(
                        site, "\(batch).tsv",
                        ["glob key value"]
                            + (0..<40).map { "d\($0)/** batch \(batch)" })
                }
                try site.ok("volume scan vol --quiet --attributes \(tables[0])")
                var length = 0.05
                for round in 0..<20 {
                    let words = "volume scan vol --quiet --attributes \(tables[(round + 1) % 2])"
                    let scan = try site.start(words.words)
                    usleep(UInt32(random.below(Int(length * 1.2e6)) + 1))
                    scan.kill(SIGKILL)
                    let killed = try scan.wait()
                    let seen = try (files(site, "vol").count, files(site, "vol@r1").count)
                    #expect(seen == (2_001, 2_000) || seen == (0, 0), "round \(round)")
                    // Whatever the next scan is, it does what is left to do.
                    let next = try site.ok(round % 3 == 0 ? "volume scan vol --quiet" : words)
                    let isStored =
                        try store(site).attributeSource(of: try VolumeName("vol"))
                        .rows.first?.value == "b"
                    #expect(try files(site, "vol").count == (isStored ? 0 : 2_001))
                    #expect(try files(site, "vol@r1").count == (isStored ? 0 : 2_000))
                    if killed.signal == nil { length = min(length, killed.seconds) }
                    length = max(length, next.seconds)
                    // Every round ends with its own table.
                    try site.ok(words)
                }
            }
        }
    }
}
