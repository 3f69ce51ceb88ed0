import AccessControl
import Catalogue
import ControlStore
import Crypto
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel
import VolumeService

@Suite("Digests of content", .timeLimit(.minutes(5)))
struct DigestTests {
    private static let hex = String(repeating: "0123456789abcdef", count: 4)
    private static let md5 = String(repeating: "0f", count: 16)

    private func parse(_ text: String) throws -> [String] {
        try DigestList.parse(Array(text.utf8), named: "SUMS").map { "\($0.path)=\($0.digest)" }
    }

    @Test(
        "Checksum files are read in each form that GNU writes",
        arguments: [
            ("\(hex)  a/b\n", "a/b", true), ("\(hex) *a/b\n", "a/b", true),
            ("\(md5)  a", "a", false), ("\(hex)  ./a\r\n", "a", true),
            ("# comment\n\n\(hex)  a b  c\n", "a b  c", true),
            ("\\\(hex)  a\\nb\\\\c\n", "a\nb\\c", true), ("\(hex)  a\\nb\n", "a\\nb", true),
            ("\\\(hex)  a\\rb\n", "a\rb", true),
            ("SHA256 (a b) = \(hex)\n", "a b", true), ("MD5 (a) = \(md5)\n", "a", false),
            ("SHA256 (a) = x) = \(hex)\n", "a) = x", true),
            ("\\SHA256 (a\\nb) = \(hex)\r\n", "a\nb", true),
            ("\(hex.uppercased())  é😀\n", "é😀", true),
        ])
    func forms(_ text: String, _ path: String, _ isSHA256: Bool) throws {
        let digest = isSHA256 ? "sha256:\(Self.hex)" : "md5:\(Self.md5)"
        #expect(try parse(text) == ["\(path)=\(digest)"])
    }

    @Test(
        "A bad line is named",
        arguments: [
            "nonsense", "\(hex)", "\(hex) a", "\(hex)  ", "\(hex.dropLast())  a",
            "\(hex.dropLast(24))  a", "\(hex)\ta", "MD5 (a) = \(hex)", "SHA256 (a) = \(md5)",
            "SHA256 () = \(hex)", "SHA1 (a) = \(md5)", "\(hex)  /a", "\(hex)  ../a", "\(hex)  a//b",
            "g\(hex.dropFirst())  a", "\(hex)  a\0b",
        ])
    func badLines(_ line: String) {
        let error = failure { _ = try parse("\(Self.hex)  good\n\(line)\n") }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("line 2") == true)
        #expect(error?.message.contains("SUMS") == true)
    }

    private func withVolume(
        fingerprint: Fingerprint = .sizeAndModified,
        _ body: (ServiceFixture, VolumeName) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            try DiskFile.makeFolder(fixture.archive("d"))
            try DiskFile.write(fixture.archive("d/a"), Array("content".utf8))
            try DiskFile.write(fixture.archive("empty"), [])
            try body(fixture, fixture.add(fingerprint: fingerprint))
        }
    }

    private func sha256(_ text: String) -> String {
        Hex.encode(SHA256.hash(data: Array(text.utf8)))
    }

    private func details(_ path: String, _ fixture: ServiceFixture, _ volume: VolumeName) throws
        -> EntryDetails
    {
        let service = try fixture.service()
        defer { service.stop() }
        let snapshot = try service.snapshot(of: volume, at: .current, for: .owner)
        let entry = try #require(try service.entry(path, of: snapshot))
        return try service.details(of: entry, in: snapshot)
    }

    private var computing: ScanOptions {
        var options = ScanOptions()
        options.computesDigests = true
        return options
    }

    @Test("A scan with digests hashes each file once, and the content digest is there")
    func computed() throws {
        try withVolume { fixture, volume in
            let revision = try fixture.publish(volume, options: computing)
            #expect(revision.contentDigest != nil)
            #expect(try details("d/a", fixture, volume).etag?.text == sha256("content"))
            #expect(try details("empty", fixture, volume).etag?.text == sha256(""))
            let hashed = Mutex(0)
            let report = try fixture.publisher.scan(volume, options: computing) { progress in
                if progress.phase == .hashing { hashed.withLock { $0 = progress.files } }
            }
            #expect(!report.hasCandidate)
            #expect(hashed.withLock { $0 } == 0)
        }
    }

    @Test(
        "A content digest that becomes known after a publish leaves the record of the publish alone"
    )
    func knownLater() throws {
        try withVolume { fixture, volume in
            let published = try fixture.publish(volume)
            #expect(published.contentDigest == nil)
            #expect(try !fixture.publisher.scan(volume, options: computing).hasCandidate)
            let recorded = try #require(try fixture.store.revisions(of: volume).last)
            #expect((recorded.number, recorded.contentDigest) == (published.number, nil))
            let known = try CatalogueReader(path: fixture.state.catalogue(for: volume))
                .revision(1)?.content
            let clean = try fixture.publisher.verify(volume, at: .current)
            #expect(clean.isCatalogueSound && clean.digested == 2)

            // The same content, published with its digest from the start.
            try withVolume { other, volume in
                let whole = try other.publish(volume, options: computing)
                #expect(whole.contentDigest != nil && whole.contentDigest == known)
            }
        }
    }

    @Test("Digests that an archive gives are taken; what they do not fit is reported")
    func given() throws {
        try withVolume { fixture, volume in
            let list = "\(sha256("content"))  d/a\n\(sha256("x"))  gone\n\(sha256("x"))  empty\n"
            var options = computing
            options.givenDigests = try DigestList.parse(Array(list.utf8), named: "SUMS")
            let report = try fixture.publisher.scan(volume, options: options)
            #expect(report.problems == [.digestForNothing: 1, .digestMismatch: 1])
            var plain = ScanOptions()
            plain.givenDigests = Array(options.givenDigests.prefix(1))
            #expect(try fixture.publisher.scan(volume, options: plain).problems.isEmpty)
            _ = try fixture.publisher.publish(volume)
            #expect(try details("d/a", fixture, volume).etag?.text == sha256("content"))
        }
    }

    @Test("By digest, a touched file stays the same version and is still read")
    func touched() async throws {
        try await withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            let path = fixture.archive("f")
            try DiskFile.write(path, Array("content".utf8))
            let volume = try fixture.add(fingerprint: .digest)
            try fixture.publish(volume)
            let before = try details("f", fixture, volume)
            try DiskFile.setModified(path, Timestamp(nanoseconds: 1_234_567_890))
            #expect(try !fixture.publisher.scan(volume).hasCandidate)
            #expect(try details("f", fixture, volume) == before)
            let service = try fixture.service()
            defer { service.stop() }
            let snapshot = try service.snapshot(of: volume, at: .current, for: .anyone)
            let entry = try #require(try service.entry("f", of: snapshot))
            #expect(try await service.content(of: entry, in: snapshot) == Array("content".utf8))
            try DiskFile.overwrite(path, at: 0, Array("C".utf8))
            let report = try fixture.publisher.scan(volume)
            #expect((report.hasCandidate, report.changed) == (true, 1))
        }
    }

    @Test("A file that grows while it is hashed is reported, and gets no digest")
    func growing() throws {
        try withVolume { fixture, volume in
            let path = fixture.archive("large")
            try DiskFile.setSize(path, 256 << 20)
            let asked = Mutex(0)
            let report = try fixture.publisher.scan(volume, options: computing) { _ in
            } isCancelled: {
                // Asked for each piece of 1 MiB, so in the middle of the file.
                let count = asked.withLock { count in
                    count += 1
                    return count
                }
                if count == 128 { try? DiskFile.overwrite(path, at: 256 << 20, [1]) }
                return false
            }
            #expect(report.problems == [.changedWhileScanned: 1])
            #expect(try fixture.publisher.candidate(of: volume)?.contentDigest == nil)
        }
    }

    @Test("Verifying finds what was changed at the origin, and what only a digest can tell")
    func verify() throws {
        try withVolume { fixture, volume in
            try fixture.publish(volume, options: computing)
            let clean = try fixture.publisher.verify(volume, at: .current)
            #expect((clean.files, clean.bytes, clean.digested) == (2, 7, 2))
            #expect(clean.faults.isEmpty && clean.isCatalogueSound)
            let path = fixture.archive("d/a")
            let time = try DiskFile.modified(path)
            try DiskFile.overwrite(path, at: 3, Array("X".utf8))
            try DiskFile.setModified(path, time)
            let flipped = try fixture.publisher.verify(volume, at: .current)
            #expect(flipped.faults.map(\.path) == [Array("d/a".utf8)])
            #expect(flipped.faults.first?.detail.contains("sha256") == true)
            try DiskFile.replace(fixture.archive("empty"), [1])
            let changed = try fixture.publisher.verify(volume, at: .pinned(#require(.init(1))))
            #expect(changed.faults.count == 2)
            #expect(changed.isCatalogueSound)
        }
    }
}
