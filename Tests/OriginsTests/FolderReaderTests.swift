import Foundation
import PerigeeTesting
import Testing
import VolumeModel

@testable import Origins

@Suite("Listing folders")
struct FolderReaderTests {
    @Test("Each name of a folder is a sign of life, before the folder is listed wholly")
    func signsOfLife() throws {
        try withTemporaryFolder { folder in
            for number in 0..<500 { try DiskFile.write("\(folder)/f\(number)", []) }
            var names = 0
            let reader = try FolderReader(root: try POSIXRoot(path: folder)) { names += 1 }
            let listing = try #require(try reader.read(.init(path: [], realPath: [])))
            #expect(listing.items.count == 500)
            // "." and ".." too.
            #expect(names == 502)
        }
    }

    @Test("Files and folders come in key order, with size and mtime")
    func plain() throws {
        try withTemporaryFolder { folder in
            for name in ["b", "a-", "a.", "a0", "é"] {
                try DiskFile.write("\(folder)/\(name)", Array(name.utf8))
            }
            try DiskFile.makeFolder("\(folder)/a")
            try DiskFile.setModified("\(folder)/b", Timestamp(nanoseconds: -1_500_000_001))
            let listing = try #require(try reader(folder).read(.init(path: [], realPath: [])))
            #expect(listing.keys == ["a-", "a.", "a/", "a0", "b", "é"])
            let item = try #require(listing.items.first { listing.name($0).elementsEqual([0x62]) })
            #expect(item.size == 1)
            #expect(item.modified == -1_500_000_001)
            #expect(listing.problems.isEmpty)
            #expect(listing.modified == (try DiskFile.modified(folder)))
        }
    }

    @Test(
        "Odd names are taken as they are",
        arguments: [
            "a b", "a\nb", "a\tb", "it's", "a\"b", "a:b", "a\\b", "*", "?", "{a,b}", "-rf", "...",
            "..a", ".hidden", "😀", "e\u{301}", "é", "a\u{200b}b", "\u{1}", "~",
            String(repeating: "n", count: 255),
        ])
    func oddNames(_ name: String) throws {
        try withTemporaryFolder { folder in
            try DiskFile.write("\(folder)/\(name)", [1])
            let listing = try #require(try reader(folder).read(.init(path: [], realPath: [])))
            #expect(listing.keys == [name])
            #expect(listing.problems.isEmpty)
            let one = try reader(folder).read(
                Array(name.utf8), of: .init(path: [], realPath: []))
            #expect(one.keys == [name])
        }
    }

    @Test("What cannot be exposed is reported, with its bytes")
    func notExposed() throws {
        try withTemporaryFolder { folder in
            let base = Array(folder.utf8) + [0x2f]
            try DiskFile.write(base + [0x61, 0xff], [1])
            try DiskFile.makePipe("\(folder)/pipe")
            let listing = try #require(
                try reader(folder).read(.init(path: Array("d".utf8), realPath: [])))
            #expect(listing.items.isEmpty)
            #expect(
                Set(listing.problems) == [
                    ScanProblem(.nameNotUTF8, Array("d/a".utf8) + [0xff]),
                    ScanProblem(.specialFile, Array("d/pipe".utf8)),
                ])
        }
    }

    @Test("A path of 1,024 bytes is taken, one of 1,025 reported")
    func longPaths() throws {
        try withTemporaryFolder { folder in
            try DiskFile.write("\(folder)/n", [1])
            try DiskFile.write("\(folder)/nn", [1])
            let above = [UInt8](repeating: 0x61, count: 1_022)
            let listing = try #require(
                try reader(folder).read(.init(path: above, realPath: [])))
            #expect(listing.keys == ["n"])
            #expect(listing.problems.map(\.kind) == [.pathTooLong])
            #expect(listing.problems.first?.path.count == 1_025)
        }
    }

    @Test("A folder that is gone, or no folder any more, is nil; nothing is behind a link")
    func gone() throws {
        try withTemporaryFolder { folder in
            try DiskFile.makeFolder("\(folder)/d")
            try DiskFile.write("\(folder)/f", [1])
            try DiskFile.link("\(folder)/l", to: "d")
            let reader = try reader(folder)
            for name in ["missing", "f", "l"] {
                let one = FolderReader.Folder(path: [], realPath: Array(name.utf8))
                #expect(try reader.read(one) == nil)
                #expect(try !reader.holds(one))
            }
            #expect(try reader.holds(.init(path: [], realPath: [0x64])))
            #expect(
                try reader.read(Array("x".utf8), of: .init(path: [], realPath: [])).items.isEmpty)
        }
    }

    @Test("A folder of 100,000 names comes whole and in key order", .timeLimit(.minutes(5)))
    func large() throws {
        try withTemporaryFolder { folder in
            var random = SeededRandom(announcing: "large folder")
            var expected: [String] = []
            for index in 0..<100_000 {
                let name = "\(random.below(3) == 0 ? "jw" : "hst")_\(index &* 7_919 % 100_003)"
                if index % 1_000 == 0 {
                    try DiskFile.makeFolder("\(folder)/\(name)")
                    expected.append("\(name)/")
                } else {
                    let descriptor = open("\(folder)/\(name)", O_CREAT | O_WRONLY, 0o600)
                    #expect(descriptor >= 0)
                    close(descriptor)
                    expected.append(name)
                }
            }
            let listing = try #require(try reader(folder).read(.init(path: [], realPath: [])))
            #expect(listing.keys == expected.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
    }

    @Test("Another user's unreadable files and folders are reported", .timeLimit(.minutes(5)))
    func unreadable() throws {
        guard getuid() == 0 else {
            return skipped("unreadable files", because: "it needs root to become another user")
        }
        try withTemporaryFolder { folder in
            chmod(folder, 0o755)
            try DiskFile.makeFolder("\(folder)/closed")
            try DiskFile.write("\(folder)/secret", [1])
            try DiskFile.write("\(folder)/open", [1])
            try DiskFile.link("\(folder)/link", to: "secret")
            chmod("\(folder)/secret", 0o600)
            chmod("\(folder)/closed", 0o700)
            let (listing, denied, opened) = try asOtherUser {
                () -> (
                    FolderListing?, PerigeeError?, PerigeeError?
                ) in
                let root = try POSIXRoot(path: folder)
                // The process is root still, so the reader is told who asks.
                let reader = try FolderReader(root: root, access: ReadAccess(user: 12_345))
                let expected = try expected("\(folder)/secret")
                return (
                    try reader.read(.init(path: [], realPath: [])),
                    failure {
                        _ = try reader.read(
                            .init(path: [], realPath: Array("closed".utf8)))
                    },
                    failure { _ = try root.open(Array("secret".utf8), expecting: expected) }
                )
            }
            #expect(listing?.keys == ["closed/", "open"])
            #expect(
                Set(listing?.problems ?? []) == [
                    ScanProblem(.unreadableFile, Array("secret".utf8)),
                    ScanProblem(.unreadableFile, Array("link".utf8)),
                ])
            #expect(denied?.code == .originDenied)
            #expect(opened?.code == .originDenied)
        }
    }
}

func reader(_ folder: String) throws -> FolderReader {
    try FolderReader(root: try POSIXRoot(path: folder, locality: .local))
}

/// Runs `body` on a thread of its own, for which the kernel checks files as for user 12345: Linux
/// keeps that user for each thread (setfsuid(2)).
private func asOtherUser<Value>(_ body: @escaping () throws -> Value) throws -> Value {
    // nonisolated(unsafe): this thread touches both again only after the other has ended.
    nonisolated(unsafe) var result: Result<Value, any Error>?
    nonisolated(unsafe) let body = body
    let thread = Foundation.Thread {
        // Swift's overlay has no header for these two.
        for name in ["setfsgid", "setfsuid"] {
            guard let call = dlsym(nil, name) else { return }
            _ = unsafeBitCast(call, to: (@convention(c) (UInt32) -> Int32).self)(12_345)
        }
        result = Result { try body() }
    }
    thread.start()
    while !thread.isFinished { usleep(1_000) }
    return try #require(result).get()
}

extension FolderListing {
    /// The keys as text.
    var keys: [String] {
        items.map { String(decoding: name($0), as: UTF8.self) + ($0.kind == .folder ? "/" : "") }
    }
}
