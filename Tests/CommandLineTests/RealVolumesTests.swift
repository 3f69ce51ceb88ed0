import Foundation
import PerigeeTesting
import Testing
import VolumeModel

/// Real files of missions, where they are at hand.
enum RealData {
    /// The folder that holds `PROVENANCE.tsv` and `volumes`, or nil.
    static let folder: String? = {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["PERIGEE_REAL_DATA"]
        let path = named ?? package.deletingLastPathComponent().path + "/shared/data"
        guard access("\(path)/PROVENANCE.tsv", R_OK) == 0 else {
            print(
                "SKIPPED: RealVolumesTests: no real files at \(path); name them: PERIGEE_REAL_DATA")
            return nil
        }
        return path
    }()

    /// SHA-256 by path below `volumes`, as it was taken where the files came from.
    static func digests() throws -> [String: String] {
        let text = try String(contentsOfFile: "\(folder ?? "")/PROVENANCE.tsv", encoding: .utf8)
        var digests: [String: String] = [:]
        for line in text.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            if fields.count > 2 { digests[String(fields[0])] = String(fields[2]) }
        }
        return digests
    }
}

extension CommandLineTests {
    @Suite(.needsMounts(), .enabled("needs real files") { RealData.folder != nil })
    struct RealVolumesTests {
        private func withVolumes(_ body: (Site, String, [String]) throws -> Void) throws {
            let source = try #require(RealData.folder) + "/volumes"
            guard case .ok(let folders) = listing(source) else { return }
            try withSite { site in
                try site.ok(["root", "add", "real", "--origin", "posix:\(source)"])
                for folder in folders {
                    let volume = folder.replacingOccurrences(of: "_", with: "-")
                    try site.ok([
                        "volume", "add", volume, "--source", "real:\(folder)", "--public",
                    ])
                    try site.ok(["volume", "scan", volume, "--digest", "sha256", "--quiet"])
                    try site.ok(["volume", "publish", volume])
                }
                try body(site, source, folders)
            }
        }

        @Test(arguments: ["auto", "off"])
        func `every byte, size, time and name in a mount is the source's`(
            _ passthrough: String
        ) throws {
            let recorded = try RealData.digests()
            try withVolumes { site, source, folders in
                try site.withMount(["--passthrough", passthrough]) { mount in
                    let volumes = folders.map { $0.replacingOccurrences(of: "_", with: "-") }
                    #expect(listing(mount).value == volumes.sorted())
                    var files = 0
                    for (folder, volume) in zip(folders, volumes) {
                        let expected = try Tree.read("\(source)/\(folder)")
                        let found = try Tree.read("\(mount)/\(volume)")
                        #expect(Tree.differences(expected, found) == [])
                        let pinned = try Tree.read("\(mount)/\(volume)@r1")
                        #expect(Tree.differences(expected, pinned) == [])
                        for (path, entry) in found where !entry.isFolder {
                            files += 1
                            #expect(entry.sha256 == recorded["\(folder)/\(path)"], "\(path)")
                        }
                    }
                    #expect(files == recorded.count)
                    #expect(files > 0)
                }
            }
        }

        @Test func `a volume, a folder of it and a revision can be the mount's root`() throws {
            try withVolumes { site, source, folders in
                for folder in folders {
                    let volume = folder.replacingOccurrences(of: "_", with: "-")
                    let expected = try Tree.read("\(source)/\(folder)")
                    let below = try #require(expected.first { $0.value.isFolder }?.key)
                    for (reference, path) in [
                        (volume, ""), ("\(volume)@r1", ""), ("\(volume):\(below)", "/\(below)"),
                    ] {
                        try site.withMount(["--volume", reference, "--at-root"]) { mount in
                            let part = try Tree.read("\(source)/\(folder)\(path)")
                            #expect(Tree.differences(part, try Tree.read(mount)) == [])
                        }
                    }
                }
            }
        }

        @Test func `cat, ls, stat and verify agree with the source`() throws {
            let recorded = try RealData.digests()
            try withVolumes { site, source, folders in
                for folder in folders {
                    let volume = folder.replacingOccurrences(of: "_", with: "-")
                    let expected = try Tree.read("\(source)/\(folder)", isHashing: false)
                    let listed = try site.ok("ls -R \(volume)").lines
                    #expect(
                        Set(listed)
                            == Set(expected.map { $0.value.isFolder ? "\($0.key)/" : $0.key }))
                    #expect(listed.count == expected.count)
                    let rows = try objects(try site.ok("ls -R \(volume)@r1 --json"))
                    #expect(rows.count == expected.count)
                    for (path, entry) in expected where !entry.isFolder {
                        let bytes = try site.ok(["cat", "\(volume):\(path)"]).output
                        #expect(Tree.hex(bytes) == recorded["\(folder)/\(path)"], "\(path)")
                        let fact = try #require(
                            try objects(site.ok(["stat", "\(volume):\(path)", "--json"])).first)
                        let digests = fact["digests"] as? [String: String]
                        #expect(digests?["sha256"] == recorded["\(folder)/\(path)"])
                        #expect(fact["size"] as? Int == entry.size)
                        #expect((fact["modified"] as? NSNumber)?.int64Value == entry.modified)
                    }
                    let verified = try #require(
                        try objects(site.ok("volume verify \(volume) --json", within: 120)).first)
                    let files = expected.count { !$0.value.isFolder }
                    #expect(verified["digested"] as? Int == files)
                }
            }
        }
    }
}
