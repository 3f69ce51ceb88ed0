import Testing

@testable import FuseKernel

@Suite("The mount table", .timeLimit(.minutes(1)))
struct FuseMountTableTests {
    @Test func aLineIsReadWithItsEscapesUndone() {
        let line =
            #"36 35 0:47 / /data/a\040b\134c\011\043 rw,noatime shared:1 - fuse.perigee x\040y rw"#
        let expected = FuseMountTable.Entry(
            id: 36, major: 0, minor: 47, mountPoint: "/data/a b\\c\t#", type: "fuse.perigee",
            source: "x y")
        #expect(FuseMountTable.parse(line + "\n") == [expected])
    }

    @Test(arguments: [
        ("rw,user_id=1000,group_id=100,allow_other", UInt32(1_000)), ("user_id=0", 0), ("rw", nil),
        ("rw,user_id=", nil),
    ])
    func theOptionsTellWhoMounted(_ options: String, _ user: UInt32?) {
        let line = "36 35 0:47 / /data ro,nosuid - fuse.perigee perigee \(options)"
        #expect(FuseMountTable.parse(line).map(\.user) == [user])
    }

    @Test(arguments: [
        "", "36", "36 35 98:0 / /mnt rw,noatime shared:1 master:2",
        "x 35 98:0 / /mnt rw - ext4 /dev/a rw", "36 35 980 / /mnt rw - ext4 /dev/a rw",
        "36 35 98:0 / /mnt rw shared:1 -",
    ])
    func aLineOfAnotherFormIsLeftOut(_ line: String) {
        #expect(FuseMountTable.parse(line) == [])
    }

    @Test func optionalFieldsMayBeNoneOrMany() {
        let text = """
            1 0 8:1 / / rw - ext4 /dev/sda1 rw
            2 1 0:5 / /dev rw shared:1 master:2 propagate_from:3 - devtmpfs none rw
            """
        #expect(FuseMountTable.parse(text).map(\.type) == ["ext4", "devtmpfs"])
        #expect(FuseMountTable.parse(text).map(\.minor) == [1, 5])
    }

    @Test(arguments: [#"/a\04"#, #"/a\9zz"#, #"/a\777"#, #"/a\"#])
    func aBrokenEscapeStaysAsItIs(_ path: String) {
        let line = "1 0 8:1 / \(path) rw - ext4 /dev/sda1 rw"
        #expect(FuseMountTable.parse(line).map(\.mountPoint) == [path])
    }

    @Test func thisProcessHasARoot() throws {
        let root = try FuseMountTable.topmost(at: "/")
        #expect(root != nil)
        #expect(try FuseMountTable.health(at: "/") == .notMounted)
        #expect(try FuseMountTable.health(at: "/no/such/place") == .notMounted)
    }

    @Test func aPathIsLocatedByTheFolderAbove() {
        #expect(FuseMountTable.location(of: "/proc/self/../none") == "/proc/none")
        #expect(FuseMountTable.location(of: "/none/") == "/none")
        #expect(FuseMountTable.location(of: "/proc/.") == "/proc")
        #expect(FuseMountTable.location(of: "//") == "/")
        #expect(FuseMountTable.location(of: "/none/deeper") == nil)
        #expect(FuseMountTable.location(of: "") == nil)
        #expect(FuseMountTable.location(of: "here")?.hasSuffix("/here") == true)
    }
}
