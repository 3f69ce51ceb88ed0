import Foundation
import Origins
import PerigeeTesting
import Testing
import VolumeModel

/// The contract of a POSIX root, with real files.
@Suite("Contract of a POSIX root")
struct ContractTests {
    private static let content = Array("content of the file".utf8)

    /// Opens `f` in a root, changes it with `change`, and tells what the open file says of it.
    private func confirm(after change: (String) throws -> Void) throws -> PerigeeError.Code? {
        try withTemporaryFolder { folder in
            let path = "\(folder)/f"
            try DiskFile.write(path, Self.content)
            try DiskFile.setModified(path, Timestamp(nanoseconds: 1_000_000_007))
            let root = try POSIXRoot(path: folder)
            let file = try root.open(Array("f".utf8), expecting: expected(path))
            try file.confirm()
            try change(path)
            let error = failure { try file.confirm() }
            // A verdict stays what it is.
            #expect(failure { try file.confirm() }?.code == error?.code)
            return error?.code
        }
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var make: @Sendable (String) throws -> Void
    }

    @Test(
        "What leaves the content alone is no difference",
        arguments: [
            Change(testDescription: "nothing") { _ in },
            Change(testDescription: "replaced by rename") {
                try DiskFile.replace($0, Array("other".utf8))
            },
            Change(testDescription: "moved") { try DiskFile.move($0, to: $0 + "2") },
            Change(testDescription: "removed") { try DiskFile.remove($0) },
            Change(testDescription: "hard link") { link($0, $0 + "2") },
            Change(testDescription: "chmod") { chmod($0, 0o400) },
            Change(testDescription: "chown") { chown($0, 12_345, 12_345) },
            Change(testDescription: "read") { _ = try DiskFile.read($0) },
            Change(testDescription: "moved, then another in its place") {
                try DiskFile.move($0, to: $0 + "2")
                try DiskFile.write($0, ContractTests.content)
            },
        ])
    func same(_ change: Change) throws {
        if getuid() != 0, change.testDescription == "chown" {
            return skipped("chown", because: "it needs root")
        }
        #expect(try confirm(after: change.make) == nil)
    }

    @Test(
        "What changes the content is stale, and stays so",
        arguments: [
            Change(testDescription: "appended") {
                try DiskFile.overwrite($0, at: 19, [1])
            },
            Change(testDescription: "truncated") { try DiskFile.setSize($0, 3) },
            Change(testDescription: "rewritten") { try DiskFile.overwrite($0, at: 0, [1]) },
            Change(testDescription: "touched") {
                try DiskFile.setModified($0, Timestamp(nanoseconds: 5))
            },
            Change(testDescription: "rewritten and mtime set back") {
                let time = try DiskFile.modified($0)
                try DiskFile.overwrite($0, at: 0, [1])
                try DiskFile.setModified($0, time)
            },
            Change(testDescription: "truncated, filled again and mtime set back") {
                let time = try DiskFile.modified($0)
                try DiskFile.write($0, ContractTests.content.reversed())
                try DiskFile.setModified($0, time)
            },
            Change(testDescription: "replaced by rename after a rewrite") {
                try DiskFile.overwrite($0, at: 0, [1])
                try DiskFile.replace($0, ContractTests.content)
            },
        ])
    func changed(_ change: Change) throws {
        #expect(try confirm(after: change.make) == .stale)
    }

    @Test("Changes one after the other are judged each by itself")
    func sequence() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/f"
            try DiskFile.write(path, Self.content)
            let root = try POSIXRoot(path: folder)
            let file = try root.open(Array("f".utf8), expecting: expected(path))
            for change: (String) throws -> Void in [
                { chmod($0, 0o600) }, { chmod($0, 0o640) }, { link($0, $0 + ".l") },
                { unlink($0 + ".l") }, { try DiskFile.replace($0, [1]) }, { _ in },
            ] {
                try change(path)
                try file.confirm()
            }
            #expect(try file.segmentsNow(#require(ByteRange(offset: 0, count: 4)))?.count == 1)
        }
    }

    @Test("Once stale, a file gives no more bytes")
    func noBytes() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/f"
            try DiskFile.write(path, Self.content)
            let root = try POSIXRoot(path: folder)
            let file = try root.open(Array("f".utf8), expecting: expected(path))
            let range = try #require(ByteRange(offset: 0, count: 4))
            #expect(try file.segmentsNow(range)?.count == 1)
            try DiskFile.overwrite(path, at: 0, [1, 2, 3])
            #expect(failure { try file.confirm() }?.code == .stale)
            #expect(failure { _ = try file.segmentsNow(range) }?.code == .stale)
        }
    }

    @Test("Only files that are replaced, on a local disk, are given to the kernel")
    func passthrough() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/f"
            try DiskFile.write(path, Self.content)
            let name = Array("f".utf8)
            let plain = try POSIXRoot(path: folder).open(name, expecting: expected(path))
            #expect(plain.passthroughDescriptor != nil)
            #expect(plain.mayKeepPages)
            let rewritten = try POSIXRoot(path: folder, files: .rewritten)
                .open(name, expecting: expected(path))
            #expect(rewritten.passthroughDescriptor == nil)
            #expect(!rewritten.mayKeepPages)
            let network = try POSIXRoot(path: folder, locality: .network)
                .open(name, expecting: expected(path))
            #expect(network.passthroughDescriptor == nil)
            #expect(try network.segmentsNow(#require(ByteRange(offset: 0, count: 1))) == nil)
        }
    }

    @Test("On a network root reads come as confirmed bytes", .timeLimit(.minutes(5)))
    func network() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/f"
            try DiskFile.write(path, Self.content)
            let root = try POSIXRoot(path: folder, locality: .network)
            let file = try await root.openWaiting(Array("f".utf8), expecting: expected(path))
            let range = try #require(ByteRange(offset: 3, count: 5))
            let bytes = try await file.segments(range).flatMap { try $0.bytes() }
            #expect(bytes == Array(Self.content[3..<8]))
            try DiskFile.setSize(path, 4)
            #expect(await asyncFailure { _ = try await file.segments(range) }?.code == .stale)
        }
    }

    @Test("Closing while others check harms neither", .timeLimit(.minutes(5)))
    func closing() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/f"
            try DiskFile.write(path, Self.content)
            try DiskFile.write("\(folder)/other", [1])
            let root = try POSIXRoot(path: folder)
            let expected = try expected(path)
            for _ in 0..<500 {
                let file = try root.open(Array("f".utf8), expecting: expected)
                async let checks = Task.detached {
                    (0..<20).compactMap { _ in failure { try file.confirm() }?.code }
                }.value
                file.close()
                // Takes the number that was just given back.
                let taken = open("\(folder)/other", O_RDONLY)
                let codes = await checks
                close(taken)
                #expect(!codes.contains(.stale))
            }
        }
    }
}

/// What a catalogue would know of the file at `path` now.
func expected(_ path: String) throws -> POSIXRoot.Expected {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemError(errno) }
    return POSIXRoot.Expected(
        size: Int64(status.st_size), modified: try DiskFile.modified(path))
}
