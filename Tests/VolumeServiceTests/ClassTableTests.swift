import AccessControl
import ControlStore
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Tables of attributes and release times")
struct ClassTableTests {
    private func attributes(_ text: String) throws(PerigeeError) -> [AttributeRow] {
        try AttributeTable.parse(Array(text.utf8), named: "t.tsv")
    }

    private func releases(_ text: String) throws(PerigeeError) -> [ReleaseRow] {
        try ReleaseTable.parse(Array(text.utf8), named: "r.tsv")
    }

    @Test("Rows are read whatever lines end with, comments and repetitions left out")
    func attributes() throws {
        let rows = try attributes(
            "\u{feff}# proposals\r\nglob\tkey\tvalue\tdata_release\r\n\r\n"
                + "a/**\tpi\tJosé Ω, #1\t-\r\n# a/** pi nobody\r\na/**\tpi\tJosé Ω, #1\t2026-09-01\r\n"
                + "b\t\t\t2026-09-01T12:00:00.5+01:00")
        #expect(rows.map(\.pattern.text) == ["a/**", "a/**", "b"])
        #expect(rows.map(\.key.string) == ["pi", "data_release", "data_release"])
        #expect(
            rows.map(\.value) == ["José Ω, #1", "2026-09-01", "2026-09-01T12:00:00.5+01:00"])
        #expect(rows.map(\.line) == [4, 6, 7])
        #expect(try attributes("glob\tkey\tvalue\n").isEmpty)
    }

    @Test(
        "What is off in an attribute table is told with its file and line",
        arguments: [
            ("", 1, "header"),
            ("glob key value\n", 1, "header"),
            ("glob\tvalue\tkey\n", 1, "header"),
            ("glob\tkey\tvalue\tother\n", 1, "header"),
            ("glob\tkey\tvalue\tdata_release\tdata_release\n", 1, "header"),
            ("# c\n\nglob\tkey\tvalue\n\na\tk\n", 5, "2 fields"),
            ("glob\tkey\tvalue\na\tk\tv\tw\n", 2, "4 fields"),
            ("glob\tkey\tvalue\n\tk\tv\n", 2, "no glob"),
            ("glob\tkey\tvalue\na/../b\tk\tv\n", 2, "'a/../b'"),
            ("glob\tkey\tvalue\na{b\tk\tv\n", 2, "'a{b'"),
            ("glob\tkey\tvalue\na\tK\tv\n", 2, "'K'"),
            ("glob\tkey\tvalue\na\tk\t-\n", 2, "key and no value"),
            ("glob\tkey\tvalue\na\t\tv\n", 2, "value and no key"),
            ("glob\tkey\tvalue\na\t\t\n", 2, "says nothing"),
            ("glob\tkey\tvalue\na\tk\tb\u{7}\n", 2, "control"),
            ("glob\tkey\tvalue\na\tdata_release\ttomorrow\n", 2, "'tomorrow'"),
            ("glob\tkey\tvalue\tdata_release\na\t\t\t2026-02-30\n", 2, "'2026-02-30'"),
            ("glob\tkey\tvalue\na\tk\tv\nb\tk\tv\na\tk\tw\n", 4, "line 2"),
            (
                "glob\tkey\tvalue\tdata_release\na\tdata_release\t2026-01-01\t2026-01-02\n", 2,
                "line 2"
            ),
        ])
    func faults(_ text: String, _ line: Int, _ part: String) {
        let error = failure { _ = try attributes(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("t.tsv:\(line): ") == true, "\(String(describing: error))")
        #expect(error?.message.contains(part) == true, "\(String(describing: error))")
    }

    @Test("A value has up to 256 bytes, and is UTF-8")
    func values() throws {
        let longest = String(repeating: "é", count: 128)
        #expect(try attributes("glob\tkey\tvalue\na\tk\t\(longest)").first?.value == longest)
        #expect(
            failure { _ = try attributes("glob\tkey\tvalue\na\tk\t\(longest)x") }?.code
                == .invalidArgument)
        let bytes = Array("glob\tkey\tvalue\na\tk\t".utf8) + [0xff]
        let error = failure { _ = try AttributeTable.parse(bytes, named: "new\nline") }
        #expect(error?.message == "new\\nline:2: the value '\\xff' is not UTF-8")
    }

    @Test("Release times are read in one order, whatever the file's")
    func releases() throws {
        let header = "key\tvalue\tmetadata_release\tdata_release\n"
        let rows = try releases(
            header + "p\t2\t-\t2026-01-02\np\t10\t2026-01-01\t\np\t3\t-\t-\na\t1\t-\t2026-01-01\n")
        #expect(rows.map { "\($0.key)=\($0.value)" } == ["a=1", "p=10", "p=2"])
        #expect(try rows[1].metadata == Timestamp(parsing: "2026-01-01") && rows[1].data == nil)
        #expect(try rows[2].metadata == nil && rows[2].data == Timestamp(parsing: "2026-01-02"))
        for (text, line) in [
            ("key\tvalue\tdata_release\tmetadata_release\n", 1), (header + "p\t\t-\t-\n", 2),
            (header + "p\t1\tsoon\t-\n", 2), (header + "P\t1\t-\t-\n", 2),
            (header + "p\t1\t-\t2026-01-01\np\t1\t-\t2026-01-02\n", 3),
        ] {
            let error = failure { _ = try releases(text) }
            #expect(error?.message.hasPrefix("r.tsv:\(line): ") == true, "\(text)")
        }
    }

    @Test(
        "A table of release times takes the place of the one before, and the same changes nothing")
    func setReleases() throws {
        try withClasses { volume in
            try volume.write("a/x")
            try volume.scan(["a/** p 1"])
            _ = try volume.publisher.publish(volume.volume)
            let header = "key\tvalue\tmetadata_release\tdata_release\n"
            func rows(_ count: Int, _ day: Int = 1) throws -> [ReleaseRow] {
                try releases(
                    header + (0..<count).map { "p\t\($0)\t-\t2026-01-0\(day)\n" }.joined())
            }
            func set(_ rows: [ReleaseRow], isForced: Bool = false) throws
                -> Publisher.ReleaseChange
            {
                try volume.publisher.setReleases(rows, of: volume.volume, isForced: isForced)
            }
            let first = try set(rows(20))
            #expect((first.rows, first.added, first.removed, first.unused) == (20, 20, 0, 19))
            #expect(try volume.policy().releases == rows(20))
            let epoch = try volume.fixture.store.snapshot().epoch
            #expect(try set(rows(20)).added == 0)
            #expect(try volume.fixture.store.snapshot().epoch == epoch)
            #expect(failure { _ = try set(rows(17)) }?.code == .conflict)
            #expect(try volume.fixture.store.snapshot().epoch == epoch)
            let second = try set(rows(18, 2))
            #expect((second.added, second.changed, second.removed) == (0, 18, 2))
            #expect(try set([], isForced: true).removed == 18)
            #expect(try volume.policy().releases.isEmpty)
            #expect(try volume.fixture.store.volume(named: volume.volume).highest?.value == 1)
            #expect(
                failure {
                    _ = try volume.publisher.setReleases([], of: try VolumeName("none"))
                }?.code == .notFound)
        }
    }
}
