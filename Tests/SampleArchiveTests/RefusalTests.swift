import Glibc
import SampleArchive
import Testing

@Suite("A sample archive refuses", .timeLimit(.minutes(2)))
struct RefusalTests {
    private func code(_ body: () throws -> Void) throws -> SampleArchiveError.Code {
        try #require(#expect(throws: SampleArchiveError.self, performing: body)).code
    }

    @Test(
        "numbers out of bounds",
        arguments: [(0, 1), (-1, 1), (1, 0), (1, -5), (1_000_001, 1), (1, Int.max)])
    func badArguments(files: Int, bytes: Int) throws {
        #expect(
            try code { _ = try SampleArchive(files: files, bytes: bytes) } == .invalidArgument)
    }

    @Test("an empty path")
    func emptyPath() throws {
        #expect(
            try code { _ = try SampleArchive(files: 1).write(to: "") } == .invalidArgument)
    }

    @Test("a directory that holds something else, and leaves it as it is")
    func foreignDirectory() throws {
        try withTemporaryDirectory { directory in
            try put("precious", at: "\(directory)/thesis.tex")
            #expect(
                try code { _ = try SampleArchive(files: 1).write(to: directory) }
                    == .directoryNotEmpty)
            #expect(try entries(of: directory).map(\.path) == ["thesis.tex"])
        }
    }

    @Test("an archive of other arguments", arguments: [(2, 1, 1), (1, 2, 1), (1, 1, 2)])
    func otherArguments(files: Int, bytes: Int, seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            _ = try SampleArchive(files: 1, bytes: 1, seed: 1).write(to: directory)
            let before = try entries(of: directory)
            #expect(
                try code {
                    _ = try SampleArchive(files: files, bytes: bytes, seed: seed)
                        .write(to: directory)
                } == .differentArchive)
            #expect(try entries(of: directory) == before)
        }
    }

    @Test("a path through a file")
    func fileInTheWay() throws {
        try withTemporaryDirectory { directory in
            try put("", at: "\(directory)/file")
            for path in ["file", "file/below"] {
                #expect(
                    try code {
                        _ = try SampleArchive(files: 1).write(to: "\(directory)/\(path)")
                    } == .notADirectory)
            }
        }
    }

    @Test("more bytes than the file system has, before it writes anything")
    func tooLarge() throws {
        try withTemporaryDirectory { directory in
            var status = statvfs()
            try #require(statvfs(directory, &status) == 0)
            let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
            guard free < 1 << 50 else {
                print("skipped: this file system has a pebibyte of room")
                return
            }
            #expect(
                try code { _ = try SampleArchive(files: 1, bytes: 1 << 50).write(to: directory) }
                    == .noSpace)
            #expect(try entries(of: directory).isEmpty)
        }
    }

    @Test("no directory for what an interrupted run left behind")
    func interruptedRun() throws {
        try withTemporaryDirectory { directory in
            try put("half", at: "\(directory)/..perigee-sample.partial")
            _ = try SampleArchive(files: 1, bytes: 1).write(to: directory)
            #expect(try entries(of: directory).allSatisfy { !$0.path.hasSuffix(".partial") })
        }
    }

    @Test("with a message that says what to do")
    func messagesSayWhatToDo() throws {
        let error = try #require(
            #expect(throws: SampleArchiveError.self) { _ = try SampleArchive(files: 0) })
        #expect("\(error)" == "the number of files is 0; give one from 1 to 1000000")
    }
}
