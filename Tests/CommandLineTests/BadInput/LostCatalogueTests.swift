import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite struct LostCatalogueTests {
        @Test(arguments: [
            "ls vol@candidate --owner", "stat vol@candidate:f --owner",
            "cat vol@candidate:f --owner",
            "volume diff vol vol@candidate", "volume verify vol",
        ])
        func `before any scan each command says to scan`(_ words: String) throws {
            try withSite { site in
                try site.ok("volume add vol --origin posix:\(site.origin)")
                let done = try site.run(words)
                expectRefusal(
                    done, 1, saying: "nothing of vol has been scanned", "perigee volume scan vol")
                #expect(!done.errorText.contains("SQLite"))
            }
        }

        enum Loss: String, CaseIterable, CustomTestStringConvertible {
            case gone, empty

            var testDescription: String { rawValue }
        }

        @Test(arguments: Loss.allCases)
        func `a lost catalogue is told alike by all, and no command puts another in its place`(
            _ loss: Loss
        ) throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                let path = Database.catalogue.path(site)
                unlink(path)
                if loss == .empty { try DiskFile.write(path, []) }
                for words in [
                    "ls vol", "cat vol:f", "stat vol@r1:f", "ls vol@candidate --owner",
                    "volume scan vol",
                    "volume scan vol --prefix f", "volume publish vol", "volume show vol",
                    "volume verify vol", "volume diff vol@r1 vol", "volume rm vol@candidate",
                ] {
                    expectRefusal(
                        try site.run(words), 1, saying: path, "is \(loss.rawValue)", "up to r1",
                        "backup", "perigee volume rm vol", "--source vol: --reuse-name")
                    #expect(DiskFile.exists(path) == (loss == .empty), "\(words)")
                }
                // What the message says can be done as it stands.
                try site.ok("volume rm vol")
                try site.ok("volume add vol --source vol: --reuse-name --public")
                try site.scanAndPublish()
                #expect(try site.ok("cat vol:f").text == "text")
            }
        }

        @Test func `a catalogue that is restored serves what it served`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                let path = Database.catalogue.path(site)
                try DiskFile.move(path, to: "\(site.folder)/backup")
                expectRefusal(try site.run("volume scan vol"), 1, saying: "backup")
                try DiskFile.move("\(site.folder)/backup", to: path)
                #expect(try site.ok("cat vol:f").text == "text")
                #expect(try site.ok("volume scan vol").text.contains("Nothing differs"))
            }
        }
    }
}
