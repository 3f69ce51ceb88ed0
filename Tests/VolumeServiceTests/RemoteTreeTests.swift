import AccessControl
import Origins
import Testing
import VolumeModel

@testable import VolumeService

@Suite("Listings of buckets as folders")
struct RemoteTreeTests {
    private func tree(
        _ keys: [(String, Int64)], below prefix: String = "", excludes: [String] = [],
        keepsTags: Bool = true
    ) throws -> RemoteTree {
        var tree = RemoteTree(
            below: Array(prefix.utf8), excludes: try excludes.map { try PathPattern($0) },
            keepsTags: keepsTags, keepsVersions: true)
        for (key, size) in keys {
            tree.add(
                OriginObject(
                    key: Array(key.utf8), version: ObjectVersion(size: size, etag: "\"\(key)\"")))
        }
        tree.finish()
        return tree
    }

    private func names(_ folder: RemoteTree.Folder) -> [String] {
        folder.listing.items.map { item in
            String(decoding: folder.listing.name(item), as: UTF8.self)
                + (item.kind == .folder ? "/" : "")
        }
    }

    @Test("Keys become folders and files in key order, each with its own tag")
    func folders() throws {
        let tree = try tree([("a", 1), ("b-c", 2), ("b/x", 3), ("b/y/z", 4), ("b.c", 5)])
        #expect(names(tree.root) == ["a", "b-c", "b.c", "b/"])
        let b = try #require(tree.root.children[Array("b".utf8)])
        #expect(names(b) == ["x", "y/"])
        #expect(b.listing.tag(b.listing.items[0]) == "\"b/x\"")
        #expect((tree.files, tree.bytes) == (5, 15))
        #expect(tree.problems.isEmpty)
        #expect(tree.versions[Array("b/y/z".utf8)]?.size == 4)
    }

    @Test("Where tags are not to count, none is kept")
    func withoutTags() throws {
        let tree = try tree([("a", 1)], keepsTags: false)
        #expect(tree.root.listing.tag(tree.root.listing.items[0]) == nil)
        #expect(tree.versions[Array("a".utf8)] == ObjectVersion(size: 1))
    }

    @Test("Only what is below the prefix counts, without the prefix")
    func prefix() throws {
        let tree = try tree([("q1/a", 1), ("q1/b/c", 2), ("q10", 3), ("q1/", 0)], below: "q1/")
        #expect(names(tree.root) == ["a", "b/"])
    }

    @Test(
        "A key that is no path is in the report, and nothing else is harmed",
        arguments: [
            ("a//b", ScanProblem.Kind.keyIsNoPath), ("../a", .keyIsNoPath), ("a/./b", .keyIsNoPath),
            ("/a", .keyIsNoPath), ("a/", .keyIsNoPath),
            (String(repeating: "k", count: 256), .pathTooLong),
            (String(repeating: "a/", count: 520) + "b", .pathTooLong),
        ])
    func noPath(key: String, kind: ScanProblem.Kind) throws {
        let tree = try tree([(key, 7), ("good", 1)])
        #expect(names(tree.root) == ["good"])
        #expect(tree.problems.map(\.kind) == [kind])
        #expect(tree.files == 1)
    }

    @Test("Bytes that are not UTF-8 are reported as such")
    func notUTF8() throws {
        var tree = RemoteTree(below: [], excludes: [], keepsTags: true, keepsVersions: false)
        tree.add(OriginObject(key: [0x61, 0xff], version: ObjectVersion(size: 1)))
        #expect(tree.problems.map(\.kind) == [.nameNotUTF8])
    }

    @Test("An object that is called as a folder gives way to it, and is reported")
    func sameName() throws {
        let tree = try tree([("a", 1), ("a/b", 2), ("c/d", 3), ("c/d/e", 4)])
        #expect(names(tree.root) == ["a/", "c/"])
        #expect(
            tree.problems.map { String(decoding: $0.path, as: UTF8.self) }.sorted() == ["a", "c/d"])
        #expect(tree.problems.allSatisfy { $0.kind == .hiddenByFolder })
    }

    @Test("A marker of an empty folder means nothing; what is excluded or reserved is left out")
    func leftOut() throws {
        let tree = try tree(
            [("empty/", 0), ("tmp/a", 1), ("x.tmp", 1), (".perigee/a", 1), ("keep/x.tmp/y", 2)],
            excludes: ["tmp", "*.tmp"])
        #expect(names(tree.root) == ["keep/"])
        #expect(tree.problems.map(\.kind) == [.reservedName])
    }
}
