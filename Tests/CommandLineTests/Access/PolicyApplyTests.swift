import Foundation
import PerigeeTesting
import Testing
import VolumeModel

/// The folder of sample policies of this package.
let samplePolicies: String = {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return "\(package.path)/policies"
}()

extension Site {
    /// Writes a file of policies below the test's own folder, and gives its path.
    @discardableResult
    func writePolicy(_ text: String, _ name: String = "policies/p.yaml") throws -> String {
        let path = "\(folder)/\(name)"
        try DiskFile.makeFolders(String(path[..<path.lastIndex(of: "/")!]))
        try DiskFile.write(path, Array(text.utf8))
        return path
    }

    /// A sample archive as the root `archive`.
    func addSampleArchive() throws {
        // Small, since the bytes are none of these tests' business.
        let size = ["--files", "20", "--bytes", "200000"]
        try ok(["sample-archive", "\(folder)/sample", "--quiet"] + size)
        try ok(["root", "add", "archive", "--origin", "posix:\(folder)/sample"])
    }
}

extension CommandLineTests {
    @Suite struct PolicyApplyTests {
        private static let hst = """
            kind: Volume
            name: hst
            title: HST
            source: archive:hst
            ---
            kind: Policy
            volume: hst
            rules:
              - {name: public, grant: read, to: anyone}

            """

        @Test func `the sample policies make volumes of the sample archive that are read`() throws {
            try withSite { site in
                try site.addSampleArchive()
                let planned = try site.ok(["apply", "-f", samplePolicies, "--dry-run"])
                #expect(
                    planned.lines.last
                        == "Nothing was done: 21 to add, 0 to change, 0 to remove, 0 unchanged")
                #expect(try site.ok("volume ls").text == "")
                let done = try site.ok(["apply", "-f", samplePolicies])
                #expect(done.lines.last == "Done: 21 added, 0 changed, 0 removed, 0 unchanged")
                #expect(Array(done.lines.dropLast()) == Array(planned.lines.dropLast()))
                let again = try site.ok(["apply", "-f", samplePolicies])
                #expect(
                    again.lines == ["Nothing to do: 0 added, 0 changed, 0 removed, 21 unchanged"])
                let volumes = ["ero-workspace", "euclid-q1", "hst", "jwst", "psa"]
                for volume in volumes { try site.scanAndPublish(volume) }
                let names = try site.ok("volume ls").lines.map { $0.split(separator: "\t")[0] }
                #expect(names == volumes.map { $0[...] })
            }
        }

        @Test func `the assertions about the sample policies hold`() throws {
            try withTemporaryFolder { folder in
                let site = Site(folder: folder)
                let done = try site.ok(["policy", "test", "\(samplePolicies)/tests"])
                #expect(done.text.hasSuffix("assertions, and all hold\n"))
            }
        }

        @Test(.enabled("needs real files") { RealData.folder != nil })
        func `the sample policies apply to the missions' real volumes`() throws {
            let folder = try #require(RealData.folder)
            try withSite { site in
                try site.ok(["root", "add", "archive", "--origin", "posix:\(folder)/volumes"])
                for name in ["jwst", "euclid", "psa"] {
                    try site.ok(["apply", "-f", "\(samplePolicies)/\(name).yaml", "--label", name])
                }
                for volume in ["jwst", "euclid-q1", "psa"] { try site.scanAndPublish(volume) }
            }
        }

        @Test func `a faulty file is told with its places, and nothing is done`() throws {
            try withSite { site in
                try site.addSampleArchive()
                try site.writePolicy(Self.hst, "policies/a.yaml")
                let faulty = try site.writePolicy(
                    "kind: Team\nname: a\nnaem: b\n---\nkind: Team\nname: 12\n", "policies/b.yaml")
                let policies = "\(site.folder)/policies"
                for flags in [[], ["--dry-run"]] {
                    let done = try site.run(["apply", "-f", policies] + flags)
                    expectRefusal(
                        done, 1, saying: "2 faults", "nothing was done", "\(faulty):3:1: ",
                        "\(faulty):6:7: ", "write \"12\"")
                    #expect(done.errorText.hasPrefix("perigee: "))
                }
                let json = try site.run(["apply", "-f", policies, "--json"])
                #expect(json.status == 1 && json.output == [])
                let object = try JSONSerialization.jsonObject(with: Data(json.errors))
                let error = try #require((object as? [String: [String: Any]])?["error"])
                let faults = try #require(error["faults"] as? [[String: Any]])
                #expect(faults.map { $0["line"] as? Int } == [3, 6])
                #expect(faults.map { $0["file"] as? String } == [faulty, faulty])
                #expect(try site.ok("volume ls").text == "")
            }
        }

        @Test func `what the state does not have is told where the file names it`() throws {
            try withSite { site in
                let path = try site.writePolicy(Self.hst)
                expectRefusal(
                    try site.run(["apply", "-f", path]), 1, saying: "\(path):4:9: ",
                    "there is no root archive", "perigee root add archive")
                try site.addSampleArchive()
                try site.writePolicy(Self.hst.replacing("archive:hst", with: "archive:lost"))
                expectRefusal(
                    try site.run(["apply", "-f", path]), 1, saying: "\(path):4:9: ", "'lost'")
                try site.writePolicy(
                    Self.hst + "---\nkind: Team\nname: a\nmembers: [{user: jane}]\n")
                expectRefusal(
                    try site.run(["apply", "-f", path]), 1, saying: "\(path):13:18: ",
                    "no user jane", "perigee user add jane")
                #expect(try site.ok("volume ls").text == "")
            }
        }

        @Test func `a file of 50 MB, a device and a missing folder are refused`() throws {
            try withSite { site in
                try site.writePolicy(Self.hst)
                let large = "\(site.folder)/policies/large.yaml"
                try DiskFile.setSize(large, 50 << 20)
                for path in ["\(site.folder)/policies", large] {
                    let done = try site.run(["apply", "-f", path], within: 10)
                    expectRefusal(done, 1, saying: "\(large):1:1: ", "larger than 1 MiB")
                }
                expectRefusal(
                    try site.run("apply -f /dev/zero", within: 10), 1, saying: "not a file")
                expectRefusal(
                    try site.run(["apply", "-f", "\(site.folder)/nowhere"]), 1,
                    saying: "nowhere:1:1")
                let empty = try site.writePolicy("# nothing\n", "empty/e.yaml")
                for path in [empty, "\(site.folder)/empty"] {
                    expectRefusal(
                        try site.run(["apply", "-f", path, "--prune"]), 1, saying: "no document")
                }
                expectRefusal(
                    try site.run(["apply", "-f", empty, "--label", "No Label"]), 64, saying: "label"
                )
            }
        }

        @Test func `policies may come through a pipe`() throws {
            try withSite { site in
                try site.addSampleArchive()
                let path = try site.writePolicy(Self.hst)
                let shell = "'\(Site.program)' apply -f <(cat '\(path)')"
                let done = try Child(["bash", "-c", shell], environment: site.environment).wait()
                #expect(done.status == 0, "\(done)")
                #expect(done.lines.last == "Done: 2 added, 0 changed, 0 removed, 0 unchanged")
            }
        }

        @Test func `what others made is left alone unless adopted, and prune is explicit`() throws {
            try withSite { site in
                try site.addSampleArchive()
                try site.ok("volume add hst --source archive:hst --title HST --public")
                let path = try site.writePolicy(Self.hst)
                expectRefusal(
                    try site.run(["apply", "-f", path]), 1, saying: "\(path):2:7: ",
                    "there is a volume hst already, made by a command", "--adopt",
                    "there is a rule hst/public already")
                try site.ok(["apply", "-f", path, "--adopt"])
                try site.ok(["apply", "-f", path])
                try site.writePolicy("kind: Policy\nvolume: hst\nrules: []\n")
                let kept = try site.ok(["apply", "-f", path])
                #expect(
                    kept.lines == [
                        "= volume hst: in no file, kept; --prune lets go of it",
                        "= rule hst/public: in no file, kept; --prune removes it",
                        "Nothing to do: 0 added, 0 changed, 0 removed, 0 unchanged",
                    ])
                let pruned = try objects(site.ok(["apply", "-f", path, "--prune", "--json"]))
                let changes = try #require(pruned.first?["changes"] as? [[String: Any]])
                #expect(changes.map { $0["action"] as? String } == ["remove", "remove"])
                #expect(changes.map { $0["name"] as? String } == ["hst", "hst/public"])
                #expect(try site.ok("volume ls").text.contains("private"))
            }
        }

        @Test func `of many who apply at once each does all of it or nothing`() throws {
            try withSite { site in
                try site.addSampleArchive()
                try site.ok(["apply", "-f", try site.writePolicy(Self.hst)])
                let labels = (0..<6).map { "set-\($0)" }
                for label in labels {
                    let rules = (0..<20).map {
                        "  - {name: \(label)-r\($0), grant: list, to: anyone}\n"
                    }
                    try site.writePolicy(
                        "kind: Policy\nvolume: hst\nrules:\n" + rules.joined(), "\(label)/p.yaml")
                }
                let words = { (label: String) in
                    ["apply", "-f", "\(site.folder)/\(label)", "--label", label, "--json"]
                }
                let running = try labels.map { try site.start(words($0)) }
                for (label, child) in zip(labels, running) {
                    let done = try child.wait(60)
                    let left = try #require(
                        try objects(site.ok(words(label) + ["--dry-run"])).first?["changes"]
                            as? [Any])
                    if done.status == 0 {
                        #expect(left.isEmpty)
                    } else {
                        expectError(done, 1)
                        #expect(done.errorText.contains("changed meanwhile"), "\(done)")
                        #expect(left.count == 20)
                    }
                }
                for label in labels { try site.ok(words(label)) }
                for label in labels {
                    let again = try objects(site.ok(words(label))).first
                    #expect(again?["unchanged"] as? Int == 20)
                }
            }
        }
    }
}
