import Foundation
import Origins
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Opening beneath a root")
struct OpenBeneathTests {
    /// A root `r` with a file and a folder, beside a secret that must stay out of reach.
    private func withRoot(_ body: (String, POSIXRoot) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let root = "\(folder)/r"
            try DiskFile.makeFolders("\(root)/d")
            try DiskFile.write("\(root)/f", Array("data".utf8))
            try DiskFile.write("\(root)/d/g", Array("data".utf8))
            try DiskFile.write("\(folder)/secret", Array("data".utf8))
            try body(root, POSIXRoot(path: root, locality: .local))
        }
    }

    private func code(_ root: POSIXRoot, _ path: String, like file: String) throws
        -> PerigeeError.Code?
    {
        let expected = try expected(file)
        return failure { _ = try root.open(Array(path.utf8), expecting: expected) }?.code
    }

    @Test("Files below are opened, at any depth", arguments: ["f", "d/g", "d/../f", "./f"])
    func below(_ path: String) throws {
        try withRoot { folder, root in
            let found = try code(root, path, like: "\(folder)/\(path)")
            #expect(found == nil)
        }
    }

    @Test(
        "Nothing above the root is opened",
        arguments: ["../secret", "d/../../secret", "/etc/passwd", "/proc/self/exe"])
    func above(_ path: String) throws {
        try withRoot { folder, root in
            let real = path.hasPrefix("/") ? path : "\(folder)/\(path)"
            let found = try code(root, path, like: real)
            #expect(found == .stale)
        }
    }

    @Test(
        "No link is followed, wherever it leads",
        arguments: ["f", "d/g", "../secret", "d", "/proc/self/root/etc/passwd"])
    func links(_ target: String) throws {
        try withRoot { folder, root in
            try DiskFile.link("\(folder)/l", to: target)
            #expect(try code(root, "l", like: "\(folder)/f") == .stale)
            #expect(try code(root, "l/g", like: "\(folder)/d/g") == .stale)
        }
    }

    @Test("Magic links of /proc are not followed")
    func magicLinks() throws {
        let root = try POSIXRoot(path: "/proc/self", locality: .local)
        for path in ["exe", "root/etc/passwd", "cwd", "fd/0"] {
            #expect(
                failure {
                    _ = try root.open(
                        Array(path.utf8),
                        expecting: .init(size: 0, modified: Timestamp(nanoseconds: 0)))
                }?.code == .stale)
        }
    }

    @Test("Pipes, devices, sockets and folders are refused at once", .timeLimit(.minutes(5)))
    func special() throws {
        try withRoot { folder, root in
            try DiskFile.makePipe("\(folder)/pipe")
            #expect(try code(root, "pipe", like: "\(folder)/pipe") == .stale)
            #expect(try code(root, "d", like: "\(folder)/d") == .stale)
        }
        let devices = try POSIXRoot(path: "/dev", locality: .local)
        #expect(try code(devices, "null", like: "/dev/null") == .stale)
        #expect(try code(devices, "zero", like: "/dev/zero") == .stale)
    }

    @Test("A link put in a folder's place after the scan is not followed")
    func swapped() throws {
        try withRoot { folder, root in
            let expected = try expected("\(folder)/d/g")
            _ = try root.open(Array("d/g".utf8), expecting: expected)
            try DiskFile.move("\(folder)/d", to: "\(folder)/../outside")
            try DiskFile.link("\(folder)/d", to: "../outside")
            #expect(
                failure { _ = try root.open(Array("d/g".utf8), expecting: expected) }?.code
                    == .stale)
        }
    }

    @Test("Another size, mtime or inode than expected is stale; a missing file too")
    func expectations() throws {
        try withRoot { folder, root in
            let now = try expected("\(folder)/f")
            let name = Array("f".utf8)
            var status = stat()
            #expect(stat("\(folder)/f", &status) == 0)
            let inode = UInt64(status.st_ino)
            _ = try root.open(
                name, expecting: .init(size: now.size, modified: now.modified, inode: inode))
            for wrong in [
                POSIXRoot.Expected(size: now.size + 1, modified: now.modified),
                .init(
                    size: now.size,
                    modified: Timestamp(nanoseconds: now.modified.nanoseconds + 1)),
                .init(size: now.size, modified: now.modified, inode: inode + 1),
            ] {
                #expect(failure { _ = try root.open(name, expecting: wrong) }?.code == .stale)
            }
            #expect(try code(root, "missing", like: "\(folder)/f") == .stale)
            #expect(try code(root, "f/below", like: "\(folder)/f") == .stale)
        }
    }

    @Test("A root that is missing, no folder, or made anew is told or found again")
    func roots() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/r"
            #expect(failure { _ = try POSIXRoot(path: path) }?.code == .originUnavailable)
            try DiskFile.write("\(folder)/file", [])
            #expect(
                failure { _ = try POSIXRoot(path: "\(folder)/file").folderDescriptor() }?.code
                    == .notADirectory)
            try DiskFile.makeFolder(path)
            try DiskFile.write("\(path)/f", [1])
            let root = try POSIXRoot(path: path)
            _ = try root.open([0x66], expecting: expected("\(path)/f"))
            try DiskFile.move(path, to: "\(path).old")
            try DiskFile.makeFolder(path)
            try DiskFile.write("\(path)/g", [1])
            _ = try root.open([0x67], expecting: expected("\(path)/g"))
        }
    }

    @Test("A sparse file of 5 TiB is opened and read at its end")
    func sparse() throws {
        try withTemporaryFolder { folder in
            let size: Int64 = 5 << 40
            do { try DiskFile.setSize("\(folder)/f", size) } catch {
                return skipped("5 TiB", because: "this file system has no such sparse files")
            }
            try DiskFile.overwrite("\(folder)/f", at: Int(size) - 1, [9])
            let root = try POSIXRoot(path: folder)
            let file = try root.open([0x66], expecting: expected("\(folder)/f"))
            let range = try #require(ByteRange(offset: size - 2, count: 10))
            let segments = try #require(try file.segmentsNow(range.clamped(toSize: size)))
            #expect(try segments.flatMap { try $0.bytes() } == [0, 9])
        }
    }
}
