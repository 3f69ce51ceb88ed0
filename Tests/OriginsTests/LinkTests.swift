import Glibc
import PerigeeTesting
import Testing
import VolumeModel

@testable import Origins

@Suite("Links")
struct LinkTests {
    /// A root `r` with `d/f` and `top`, beside a folder `outside`.
    private func withRoot(_ body: (String, FolderReader) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try DiskFile.makeFolders("\(folder)/r/d")
            try DiskFile.makeFolders("\(folder)/outside")
            try DiskFile.write("\(folder)/r/d/f", Array("12345".utf8))
            try DiskFile.write("\(folder)/r/top", [1])
            try DiskFile.write("\(folder)/outside/f", [1])
            try body("\(folder)/r", try reader("\(folder)/r"))
        }
    }

    private func item(_ name: String, _ listing: FolderListing) -> (EntryKind, Int64, String)? {
        listing.items.first { listing.name($0).elementsEqual(name.utf8) }.map { item in
            (
                item.kind, item.size,
                item.target < 0
                    ? "" : String(decoding: listing.targets[Int(item.target)], as: UTF8.self)
            )
        }
    }

    @Test("A link to a file is a file, one to a folder a folder, each at its real path")
    func inside() throws {
        try withRoot { root, reader in
            try DiskFile.link("\(root)/file", to: "d/f")
            try DiskFile.link("\(root)/folder", to: "d")
            try DiskFile.link("\(root)/absolute", to: "\(root)/d/f")
            try DiskFile.link("\(root)/chain", to: "file")
            try DiskFile.link("\(root)/winding", to: "../r/d/../d/f")
            let listing = try #require(try reader.read(.init(path: [], realPath: [])))
            for name in ["file", "absolute", "chain", "winding"] {
                let found = try #require(item(name, listing))
                #expect(found == (.file, 5, "d/f"))
            }
            #expect(try #require(item("folder", listing)) == (.folder, 0, "d"))
            #expect(try #require(item("top", listing)).2 == "")
            #expect(listing.problems.isEmpty)
        }
    }

    @Test("Links that leave the root, dangle, go round or end at what is no file are reported")
    func refused() throws {
        try withRoot { root, reader in
            try DiskFile.link("\(root)/out", to: "../outside/f")
            try DiskFile.link("\(root)/outfolder", to: "\(root)/../outside")
            try DiskFile.link("\(root)/sibling", to: "\(root)side")
            try DiskFile.write("\(root)side", [1])
            try DiskFile.link("\(root)/dangling", to: "nothing")
            try DiskFile.link("\(root)/self", to: "self")
            try DiskFile.link("\(root)/ping", to: "pong")
            try DiskFile.link("\(root)/pong", to: "ping")
            try DiskFile.link("\(root)/up", to: ".")
            try DiskFile.link("\(root)/device", to: "/dev/null")
            try DiskFile.makePipe("\(root)/pipe")
            try DiskFile.link("\(root)/topipe", to: "pipe")
            let listing = try #require(try reader.read(.init(path: [], realPath: [])))
            #expect(listing.keys == ["d/", "top"])
            let kinds = Dictionary(
                uniqueKeysWithValues: listing.problems.map {
                    (String(decoding: $0.path, as: UTF8.self), $0.kind)
                })
            #expect(
                kinds == [
                    "out": .linkLeavesRoot, "outfolder": .linkLeavesRoot,
                    "sibling": .linkLeavesRoot, "dangling": .linkDangles, "self": .linkDangles,
                    "ping": .linkDangles, "pong": .linkDangles, "up": .linkToAncestor,
                    "device": .linkLeavesRoot, "pipe": .specialFile, "topipe": .specialFile,
                ])
        }
    }

    @Test("A link to any folder above is reported, through other links too")
    func ancestors() throws {
        try withRoot { root, reader in
            try DiskFile.makeFolders("\(root)/a/b/c")
            for (name, target) in [
                ("self", "."), ("one", ".."), ("two", "../.."), ("root", "../../.."),
            ] {
                try DiskFile.link("\(root)/a/b/c/\(name)", to: target)
            }
            let listing = try #require(
                try reader.read(.init(path: [], realPath: Array("a/b/c".utf8))))
            #expect(listing.items.isEmpty)
            #expect(listing.problems.map(\.kind) == Array(repeating: .linkToAncestor, count: 4))
            // Reached from `d` by a link: what leads back to `d` goes round.
            try DiskFile.link("\(root)/a/back", to: "../d")
            let behind = try #require(
                try reader.read(
                    .init(
                        path: Array("d/x".utf8), realPath: Array("a".utf8),
                        crossings: [Array("d".utf8)])))
            #expect(behind.keys == ["b/"])
            #expect(behind.problems.map(\.kind) == [.linkToAncestor])
        }
    }

    @Test("Eight links to folders on one path are followed, not the ninth")
    func depth() throws {
        try withRoot { root, reader in
            for number in 0...9 { try DiskFile.makeFolder("\(root)/n\(number)") }
            for number in 0..<9 {
                try DiskFile.link("\(root)/n\(number)/next", to: "../n\(number + 1)")
            }
            var crossings: [[UInt8]] = []
            for number in 0..<9 {
                let here = Array("n\(number)".utf8)
                let listing = try #require(
                    try reader.read(.init(path: here, realPath: here, crossings: crossings)))
                if number < 8 {
                    #expect(listing.keys == ["next/"])
                } else {
                    #expect(listing.items.isEmpty)
                    #expect(listing.problems.map(\.kind) == [.linkTooDeep])
                }
                crossings.append(here)
            }
        }
    }

    @Test(
        "Only a link that leads nowhere dangles; another error leaves open where it leads",
        arguments: [
            (ENOENT, .linkDangles), (ENOTDIR, .linkDangles), (ELOOP, .linkDangles),
            (ENAMETOOLONG, .linkDangles), (EACCES, .unreadableFile), (EIO, .unreadableFile),
            (ESTALE, .unreadableFile), (EMFILE, .unreadableFile), (ENOTCONN, .unreadableFile),
        ] as [(Int32, ScanProblem.Kind)])
    func errors(_ errno: Int32, _ kind: ScanProblem.Kind) {
        #expect(LinkResolver.problem(-errno) == kind)
    }

    @Test("A root that is itself reached by a link has its files below it")
    func linkedRoot() throws {
        try withRoot { root, _ in
            try DiskFile.link("\(root)/d/l", to: "f")
            try DiskFile.link("\(root).link", to: root)
            let listing = try #require(
                try reader("\(root).link").read(.init(path: [], realPath: Array("d".utf8))))
            #expect(try #require(item("l", listing)) == (.file, 5, "d/f"))
        }
    }
}
