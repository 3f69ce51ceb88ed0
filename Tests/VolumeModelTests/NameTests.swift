import PerigeeTesting
import Testing
import VolumeModel

@Suite("Names and references")
struct NameTests {
    @Test(
        "A volume's name is 3 to 40 lower-case letters, digits and inner dashes",
        arguments: ["hst", "a1b", "euclid-q1", "0--0", String(repeating: "a", count: 40)])
    func volumeNames(_ text: String) throws {
        #expect(try VolumeName(text).description == text)
    }

    @Test(
        "What is no volume name is refused",
        arguments: [
            "", "a", "ab", "-ab", "ab-", "Hst", "h_t", "h.t", "hst ", "hst\n", "hét", "h\u{301}st",
            "a/b", String(repeating: "a", count: 41), "data", "searches",
        ])
    func refusedVolumeNames(_ text: String) {
        #expect(failure { _ = try VolumeName(text) }?.code == .invalidArgument)
    }

    @Test(
        "`r` and digits is a revision in a bucket's name, so it names no volume and no site",
        arguments: ["r12", "r00", "r007", "r32766", "r32767", "r99999", "r1234567890"])
    func reservedRevisionNames(_ text: String) {
        #expect(failure { _ = try VolumeName(text) }?.code == .invalidArgument)
        #expect(failure { _ = try SiteName(text) }?.code == .invalidArgument)
    }

    @Test("A site's name has 3 to 16 bytes, a root's 1 to 40")
    func siteAndRootNames() throws {
        _ = try SiteName("esa")
        _ = try SiteName(String(repeating: "a", count: 16))
        #expect(failure { _ = try SiteName("es") }?.code == .invalidArgument)
        #expect(
            failure { _ = try SiteName(String(repeating: "a", count: 17)) }?.code
                == .invalidArgument)
        _ = try RootName("a")
        #expect(failure { _ = try RootName("") }?.code == .invalidArgument)
        #expect(failure { _ = try RootName("-") }?.code == .invalidArgument)
    }

    @Test(
        "A revision is `r` and a number from 1 to 32,766 without leading zeros",
        arguments: [
            ("r1", 1), ("r10", 10), ("r32766", 32_766), ("r0", nil), ("r01", nil), ("r32767", nil),
            ("r", nil), ("1", nil), ("R1", nil), ("r-1", nil), ("r+1", nil), ("r1 ", nil),
            ("r999999999999999999999", nil), ("r１", nil),
        ] as [(String, Int?)])
    func revisionLabels(_ text: String, _ value: Int?) {
        #expect(RevisionNumber(label: text)?.value == value)
    }

    struct Form: Sendable {
        var text: String
        var site: String?
        var volume = "hst"
        var revision = RevisionSelector.current
        var path: String?
    }

    @Test(
        "The form of commands is read, and written back the same",
        arguments: [
            Form(text: "hst"), Form(text: "hst:", path: ""),
            Form(text: "hst@r7", revision: .pinned(RevisionNumber(7)!)),
            Form(text: "hst@candidate", revision: .candidate),
            Form(text: "hst:a/b", path: "a/b"),
            Form(
                text: "esa.hst@r1:x", site: "esa", revision: .pinned(RevisionNumber(1)!), path: "x"),
            Form(text: "hst:a:b@c.r1", path: "a:b@c.r1"),
            Form(text: "hst:a b\nc/é😀'\"", path: "a b\nc/é😀'\""),
        ])
    func commands(_ form: Form) throws {
        let reference = try VolumeReference(parsing: form.text)
        #expect(reference.site?.string == form.site)
        #expect(reference.volume.string == form.volume)
        #expect(reference.revision == form.revision)
        #expect(reference.path?.description == form.path)
        #expect(reference.description == form.text)
        #expect(try VolumeReference(parsing: reference.description) == reference)
    }

    @Test("Slashes around a path mean nothing", arguments: ["hst:/a/b", "hst:a/b/", "hst://a/b//"])
    func slashes(_ text: String) throws {
        #expect(try VolumeReference(parsing: text).path?.description == "a/b")
    }

    @Test(
        "What is no reference is refused",
        arguments: [
            "", ":", "@r1", "hst@", "hst@r0", "hst@r01", "hst@3", "hst@current", "hst@r1@r2",
            "hst@r1.x", ".hst", "esa.", "a.b.hst", "es.hst", "hst:a//b", "hst:..", "hst:a/../b",
            "hst:./a", "hst:\0", "HST", "hst @r1",
        ])
    func refusedCommands(_ text: String) {
        #expect(failure { _ = try VolumeReference(parsing: text) } != nil)
    }

    @Test(
        "A bucket is read from the right",
        arguments: [
            Form(text: "hst"), Form(text: "hst.r7", revision: .pinned(RevisionNumber(7)!)),
            Form(text: "esa.hst", site: "esa"),
            Form(text: "esa.hst.r12", site: "esa", revision: .pinned(RevisionNumber(12)!)),
        ])
    func buckets(_ form: Form) throws {
        let reference = try VolumeReference(bucket: form.text)
        #expect(reference.site?.string == form.site)
        #expect(reference.volume.string == form.volume)
        #expect(reference.revision == form.revision)
        #expect(reference.path == nil)
    }

    @Test(
        "What is no bucket is refused",
        arguments: [
            "", ".", "r1", "hst.", ".r1", "hst.r1.r2", "hst.r01", "hst.r99999", "hst@r1", "hst:a",
            "a.b.hst", "data", "searches", "esa.data",
        ])
    func refusedBuckets(_ text: String) {
        #expect(failure { _ = try VolumeReference(bucket: text) }?.code == .invalidArgument)
    }
}
