import Origins
import PerigeeTesting
import Testing
import VolumeModel

/// What `ConformanceTests` asks of origins on other machines, asked of a folder of this one, as far as
/// it has the same meaning.
@Suite("A folder keeps the contract of origins", .timeLimit(.minutes(1)))
struct FolderConformanceTests {
    private func withRoot(
        _ files: [String: [UInt8]], _ locality: Locality,
        _ body: (_ root: POSIXRoot, _ folder: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            for (path, content) in files {
                if let slash = path.lastIndex(of: "/") {
                    try DiskFile.makeFolders("\(folder)/\(path[..<slash])")
                }
                try DiskFile.write("\(folder)/\(path)", content)
            }
            try await body(try POSIXRoot(path: folder, locality: locality), folder)
        }
    }

    private func bytes(
        of file: OriginFile, _ range: Range<Int>
    ) async throws -> [UInt8] {
        let wanted = try #require(
            ByteRange(offset: Int64(range.lowerBound), count: range.count))
        let bytes = try await file.segments(wanted).flatMap { try $0.bytes() }
        try await file.confirmWaiting()
        return bytes
    }

    @Test(arguments: [Locality.local, .network])
    func `any range is read exactly, many at once`(_ locality: Locality) async throws {
        var random = SeededRandom(announcing: "FolderConformanceTests")
        let content = random.bytes(300_001)
        var ranges = [0..<1, 0..<content.count, (content.count - 1)..<content.count]
        for _ in 0..<40 {
            let start = random.below(content.count)
            ranges.append(start..<(start + 1 + random.below(content.count - start)))
        }
        try await withRoot(["a/x": content], locality) { root, _ in
            let path = Array("a/x".utf8)
            let file = try await root.openWaiting(path, expecting: try root.look(at: path))
            defer { file.close() }
            await withTaskGroup(of: Void.self) { group in
                for range in ranges {
                    group.addTask {
                        let found = try? await bytes(of: file, range)
                        #expect(found == Array(content[range]), "\(range)")
                    }
                }
            }
        }
    }

    @Test(arguments: [Locality.local, .network])
    func `what is not there, or is no file, is told`(_ locality: Locality) async throws {
        try await withRoot(["d/e/f": [1], "a.txt": [2]], locality) { root, folder in
            for path in ["nope", "d", "d/e", "d/nope", "a.txt/x"] {
                #expect(throws: PerigeeError.self, "\(path)") {
                    _ = try root.look(at: Array(path.utf8))
                }
            }
            let path = Array("a.txt".utf8)
            let known = try root.look(at: path)
            try DiskFile.remove("\(folder)/a.txt")
            let error = await asyncFailure {
                _ = try await root.openWaiting(path, expecting: known)
            }
            #expect(error?.code == .stale)
        }
    }

    @Test(arguments: [Locality.local, .network])
    func `a file that was replaced is stale, and its new version can be read`(
        _ locality: Locality
    ) async throws {
        try await withRoot(["f": Array("first".utf8)], locality) { root, folder in
            let path = Array("f".utf8)
            let known = try root.look(at: path)
            // Of the same size, and of another, both later.
            for (index, text) in ["other", "longer than before"].enumerated() {
                try DiskFile.replace("\(folder)/f", Array(text.utf8))
                try DiskFile.setModified(
                    "\(folder)/f",
                    Timestamp(nanoseconds: (1_700_000_000 + Int64(index)) * 1_000_000_000))
                let error = await asyncFailure {
                    _ = try await root.openWaiting(path, expecting: known)
                }
                #expect(error?.code == .stale)
                let file = try await root.openWaiting(path, expecting: try root.look(at: path))
                defer { file.close() }
                let found = try await bytes(of: file, 0..<text.utf8.count)
                #expect(found == Array(text.utf8))
            }
        }
    }
}
