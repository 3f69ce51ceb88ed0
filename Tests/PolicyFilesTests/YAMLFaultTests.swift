import PerigeeTesting
import PolicyFiles
import Testing
import VolumeModel
import YAMLFiles

/// What no policy may hold, whatever it says.
@Suite struct YAMLFaultTests {
    @Test func `a tab in the indentation is told where it stands`() {
        expectFault("kind: Team\n\tname: x\n", 2, 1, "tab", "blanks")
        expectFault("kind: Team\nmembers:\n \t- user: x\n", 3, 2, "tab")
    }

    @Test func `bytes that are no UTF-8 are told where they stand`() {
        for (bytes, line, column) in [
            ([0xff], 2, 8), ([0xc3], 2, 8), ([0x80], 2, 8), ([0xed, 0xa0, 0x80], 2, 8),
            ([0xc3, 0xa9, 0xff], 2, 9),
        ] as [([UInt8], Int, Int)] {
            let found = faults([
                YAMLSource(
                    path: "p.yaml", bytes: Array("kind: Team\ntitle: ".utf8) + bytes + [0x0a],
                    purpose: .policy)
            ])
            #expect(found.first?.place == FilePlace(file: "p.yaml", line: line, column: column))
            #expect(found.first?.message == "the file is not UTF-8")
        }
    }

    @Test func `control characters are told where they stand`() {
        expectFault("kind: Team\nname: a\u{0}b\n", 2, 8, "U+0000")
        expectFault("kind: Team\nname: \u{1b}[31m\n", 2, 7, "U+001B")
        expectFault("kind: Team\rname: a\n", 1, 11, "U+000D")
        expectFault("kind: Team # \u{85}\nname: a\n", 1, 14, "U+0085")
        expectFault("kind: Team # \u{2028}\nname: a\n", 1, 14, "U+2028")
        expectFault("kind: Team\nname: \u{feff}a\n", 2, 7, "U+FEFF")
    }

    @Test func `a byte order mark and lines that end in CR LF are taken`() throws {
        let files = try policies("\u{feff}kind: Team\r\nname: a-team\r\n---\r\n")
        #expect(files.teams.map(\.name.value.string) == ["a-team"])
        expectFault("kind: Team\r\nname: a\r\nnaem: b\r\n", 3, 1, "naem")
    }

    @Test func `anchors, aliases, tags and merge keys are refused where they stand`() {
        expectFault("kind: Team\nname: &x a\n", 2, 7, "anchor", "expand")
        expectFault("kind: Team\nname: a\nmembers: &m\n  - user: b\n", 3, 10, "anchor")
        expectFault("&all\nkind: Team\nname: a\n", 1, 1, "anchor")
        expectFault("kind: Team\nname: a\ntitle: &empty\n", 3, 8, "anchor")
        expectFault("kind: Team\nname: &x a\ntitle: *x\n", 3, 8, "alias *x", "expand")
        expectFault("kind: Team\nname: *x\n", 2, 7, "alias", "quotes")
        expectFault("kind: Team\nname: !!str a\n", 2, 7, "tag")
        expectFault("kind: Team\nname: !ruby/object a\n", 2, 7, "tag")
        expectFault("kind: Team\nname: !<tag:yaml.org,2002:str> \"a\"\n", 2, 7, "tag")
        expectFault("kind: Team\nname: a\nmembers: !x\n  - user: b\n", 3, 10, "tag")
        expectFault("kind: Team\nname: a\n<<: {title: b}\n", 3, 1, "merges", "expand")
        expectFault("%TAG ! tag:x,2000:\n---\nkind: !t Team\n", 3, 7, "tag")
    }

    @Test func `what would expand without end is refused before it does`() {
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...40 {
            bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
        }
        expectFault(bomb, 2, 10, "alias *a0", "expand")
        // As a key, which the parser hashes with all that it stands for.
        expectFault(bomb + "? *a40\n: x\n", 2, 10, "alias *a0")
        let keys = String(repeating: "? [", count: 200) + "x"
        expectFault(keys, 1, 193, "keys behind `?`")
    }

    @Test func `a pattern that begins as an alias is told to be quoted`() {
        expectFault("kind: Policy\nvolume: hst\nrules:\n  - path: **/x\n", 4, 11, "in quotes")
        expectFault("kind: Policy\nvolume: hst\nrules:\n  - path: *.fits\n", 4, 11, "in quotes")
        expectFault("kind: Policy\nvolume: hst\nrules:\n  - path: @x\n", 4, 11, "in quotes")
    }

    @Test func `deep nesting is refused, by us and by the parser beneath`() {
        let nested = { (depth: Int) in
            "kind: Team\nname: "
                + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        expectFault(nested(32), 2, 38, "32 deep")
        expectFault(nested(900), 2, 38, "32 deep")
        expectFault(nested(5_000), 2, 8, "32 deep")
        expectFault(
            "kind: Team\nname:\n  " + String(repeating: "- ", count: 4_000) + "x\n", 3, 1_999,
            "deep")
        let block = (0..<40).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        expectFault(block, 32, 32, "32 deep")
    }

    @Test func `too many values are refused`() {
        let members = (0..<5_000).map { "  - user: u\($0)\n" }.joined()
        let found = faults("kind: Team\nname: a\nmembers:\n" + members)
        #expect(found.count == 1)
        #expect(found.first?.message == "the file holds more than 10000 values")
        #expect((3_300..<3_400).contains(found.first?.place.line ?? 0), "\(found)")
    }

    @Test func `a key that stands twice is told at the second`() {
        expectFault("kind: Team\nname: a\ntitle: b\nname: c\n", 4, 1, "'name' stands there twice")
        expectFault(
            "kind: Team\nname: a\nmembers:\n  - user: b\n    role: owner\n  - user: c\n"
                + "    role: owner\n    user: d\n", 8, 5, "'user' stands there twice")
        expectFault("kind: Team\nname: a\n\"name\": c\n", 3, 1, "twice")
        expectFault("kind: Team\n\"name\": a\n\"name\": c\n", 3, 1, "twice")
        expectFault("{kind: Team, name: a, name: b}\n", 1, 14, "twice")
    }

    @Test func `what is no YAML is told where the parser stopped`() {
        expectFault("kind: Team\nname: [a\n", 2, 7, "no YAML")
        expectFault("kind: Team\nname: \"a\n", 2, 7, "no YAML")
        expectFault("kind: Team\n name: a\n", 2, 6, "no YAML", "colon")
        expectFault("kind: Team\nname: a: b\n", 2, 8, "no YAML", "quotes")
        expectFault("kind: Team\nname: a\n]\n", 3, 1, "no YAML")
        expectFault("kind: Team\n- a\n", 2, 1, "no YAML")
        expectFault("kind: Team\nname: %a\n", 2, 7, "no YAML", "quotes")
        expectFault("kind: Team\nname: \"\\x\"\n", 2, 10, "no YAML")
        expectFault("%YAML 9.9\n---\nkind: Team\n", 1, 1, "no YAML")
        expectFault("plain text\n", 1, 1, "kind")
        expectFault("- a\n- b\n", 1, 1, "kind")
        expectFault("? [a, b]\n: c\n", 1, 3, "the key is a list")
        expectFault("kind: Team\n? \n: c\n", 2, 2, "the key is nothing")
    }

    @Test func `files that are too large, no files or not there are refused unread`() throws {
        try withTemporaryFolder { folder in
            try DiskFile.setSize("\(folder)/large.yaml", 50 << 20)
            try DiskFile.setSize("\(folder)/just.yaml", 1 << 20)
            try DiskFile.makePipe("\(folder)/pipe.yaml")
            try DiskFile.makeFolder("\(folder)/folder.yaml")
            try DiskFile.link("\(folder)/dangling.yaml", to: "nowhere")
            try DiskFile.write("\(folder)/other.yml", [])
            try DiskFile.write("\(folder)/.hidden.yaml", [0xff])
            var found: [String] = []
            do throws(FileFaults) {
                _ = try PolicySource.read(folder)
            } catch {
                found = error.first.map { "\($0)".replacing("\(folder)/", with: "") }
            }
            #expect(
                found == [
                    "dangling.yaml:1:1: cannot be read: No such file or directory\n"
                        + "  name a folder or file that this user may read",
                    "folder.yaml:1:1: this is not a file\n"
                        + "  a policy is a regular file, or a link to one",
                    "large.yaml:1:1: the file is larger than 1 MiB\n"
                        + "  split it; teams that an archive knows are fed by perigee team sync",
                    "other.yml:1:1: only files that end in .yaml are read\n"
                        + "  call it other.yaml",
                    "pipe.yaml:1:1: this is not a file\n"
                        + "  a policy is a regular file, or a link to one",
                ])
            #expect(throws: FileFaults.self) { try PolicySource.read("/dev/zero") }
            #expect(throws: FileFaults.self) { try PolicySource.read("\(folder)/nowhere") }
            #expect(try PolicySource.read("\(folder)/just.yaml").first?.bytes.count == 1 << 20)
        }
    }

    @Test func `the files of a folder are read in the order of their bytes, and not those below`()
        throws
    {
        try withTemporaryFolder { folder in
            let policies = "\(folder)/policies"
            try DiskFile.makeFolders("\(policies)/below")
            for name in [
                "b.yaml", "B.yaml", "a-1.yaml", "é.yaml", "a.yaml", "below/c.yaml", "d.txt",
            ] {
                try DiskFile.write("\(policies)/\(name)", Array("# \(name)\n".utf8))
            }
            let names = ["B.yaml", "a-1.yaml", "a.yaml", "b.yaml", "é.yaml"]
            #expect(try PolicySource.read(policies).map(\.name) == names.map { "policies/\($0)" })
            #expect(
                try PolicySource.read("\(policies)/").map(\.path)
                    == names.map { "\(policies)/\($0)" })
            let one = try PolicySource.read("\(policies)/a.yaml")
            #expect(one.map(\.name) == ["policies/a.yaml"])
            try DiskFile.makeFolder("\(folder)/empty")
            #expect(throws: FileFaults.self) { try PolicySource.read("\(folder)/empty") }
        }
    }

    @Test func `many faults are told at once, the first twenty of them in order`() {
        let rules = (0..<30).map { "  - {name: r\($0), grant: write, to: anyone}\n" }.joined()
        do throws(FileFaults) {
            _ = try PolicySet([source("kind: Policy\nvolume: hst\nrules:\n" + rules)])
            Issue.record("there are faults")
        } catch {
            #expect(error.count == 30)
            #expect(error.first.map(\.place.line) == Array(4...23))
            #expect("\(error)".hasSuffix("and 10 more"))
        }
    }
}
