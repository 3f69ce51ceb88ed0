import ControlStore
import Testing
import VolumeModel

@Suite("Origin roots")
struct OriginRootTests {
    @Test(
        "An origin is read from posix: and an absolute path",
        arguments: [
            ("posix:/data/hst", "posix:/data/hst"), ("posix:/data//hst/", "posix:/data/hst"),
            ("posix:/", "posix:/"), ("posix:///data", "posix:/data"),
            ("posix:/a:b c", "posix:/a:b c"),
        ])
    func parsing(text: String, canonical: String) throws {
        #expect(try OriginLocation(parsing: text).description == canonical)
    }

    @Test(
        "What is none says what is off",
        arguments: [
            ("/data", "no scheme"), ("s3://bucket", "unknown"), ("posix:data", "not absolute"),
            ("posix:", "not absolute"), ("posix:/data/../etc", "`..`"), ("posix:/a\0b", "NUL"),
        ])
    func faults(text: String, words: String) {
        let error = failure { _ = try OriginLocation(parsing: text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(words) == true)
    }

    @Test("A root comes back as it was added")
    func roundTrip() throws {
        try withStore { store in
            let root = OriginRoot(
                name: try RootName("nfs"), origin: .posix(path: "/mnt/α β"), files: .rewritten,
                locality: .network, fingerprint: .digest, created: Timestamp(nanoseconds: -5))
            try store.addRoot(root)
            try store.addRoot(.sample("a"))
            #expect(try store.root(named: root.name) == root)
            #expect(try store.roots() == [.sample("a"), root])
            #expect(failure { try store.addRoot(root) }?.code == .conflict)
        }
    }

    @Test("A root that a volume draws from is not removed, and the error names the volume")
    func removal() throws {
        try withStore { store in
            try store.addSample()
            let name = try RootName("archive")
            let error = failure { try store.removeRoot(named: name) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("hst-stis") == true)
            try store.removeVolume(named: VolumeName("hst-stis"))
            try store.removeRoot(named: name)
            #expect(failure { _ = try store.root(named: name) }?.code == .notFound)
            #expect(failure { try store.removeRoot(named: name) }?.code == .notFound)
        }
    }
}
