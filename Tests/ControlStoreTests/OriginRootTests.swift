import Foundation
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Origin roots")
struct OriginRootTests {
    @Test(
        "An origin is read from its scheme and what stands behind it",
        arguments: [
            ("posix:/data/hst", "posix:/data/hst"), ("posix:/data//hst/", "posix:/data/hst"),
            ("posix:/", "posix:/"), ("posix:///data", "posix:/data"),
            ("posix:/a:b c", "posix:/a:b c"), ("s3://bucket", "s3://bucket"),
            ("s3://bucket/", "s3://bucket"), ("s3://bucket/a//b", "s3://bucket/a/b/"),
            ("https://h.example/psa", "https://h.example/psa/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ])
    func parsing(text: String, canonical: String) throws {
        #expect(try OriginLocation(parsing: text).description == canonical)
    }

    @Test(
        "What is none says what is off",
        arguments: [
            ("/data", "no scheme"), ("gs://bucket", "unknown"), ("s3:bucket", "cannot be read"),
            ("s3://", "cannot be read"), ("https:///a", "cannot be read"),
            ("https://u:p@h/", "cannot be read"), ("https://h/?a", "cannot be read"),
            ("https://h/../a", "`..`"), ("posix:data", "not absolute"),
            ("posix:", "not absolute"), ("posix:/data/../etc", "`..`"), ("posix:/a\0b", "NUL"),
        ])
    func faults(text: String, words: String) {
        let error = failure { _ = try OriginLocation(parsing: text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(words) == true)
    }

    @Test("Settings of an older version are read, with what is usual for what it did not know")
    func olderSettings() throws {
        let read = { (text: String) in
            try JSONDecoder().decode(RemoteSettings.self, from: Data(text.utf8))
        }
        #expect(try read("{}") == RemoteSettings())
        #expect(
            try read("{\"allowsPrivate\":true,\"region\":\"x\",\"later\":[1]}")
                == RemoteSettings(region: "x", allowsPrivate: true))
        #expect(throws: DecodingError.self) { try read("{\"allowsPrivate\":\"yes\"}") }
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
            let remote = OriginRoot(
                name: try RootName("web"), origin: .web(url: "https://h.example/psa/"),
                locality: .network, fingerprint: .etag,
                remote: RemoteSettings(
                    manifest: "/etc/perigee/psa.tsv", sendsRanges: false, allowsPrivate: true,
                    redirectHosts: ["cdn.example"]))
            try store.addRoot(remote)
            #expect(try store.root(named: remote.name) == remote)
            try store.removeRoot(named: remote.name)
            #expect(failure { try store.addRoot(root) }?.code == .conflict)
        }
    }

    @Test("Whether a root is believed is kept, told in an event, and cannot be no for a folder")
    func trust() throws {
        try withStore { store in
            try store.addRoot(.sample("a"))
            let web = OriginRoot(
                name: try RootName("web"), origin: .web(url: "https://h.example/psa/"),
                locality: .network, fingerprint: .etag, remote: RemoteSettings())
            try store.addRoot(web)
            #expect(web.isTrusted)
            let before = try store.snapshot().epoch
            try store.setTrust(.yes, ofRoot: web.name)
            #expect(try store.snapshot().epoch == before)
            try store.setTrust(.no, ofRoot: web.name)
            #expect(try !store.root(named: web.name).isTrusted)
            #expect(try store.snapshot().epoch > before)
            #expect(try store.history(after: 0, limit: 100).last?.action == .rootChanged)
            try store.setTrust(.yes, ofRoot: web.name)
            #expect(try store.root(named: web.name) == web)
            let name = try RootName("a")
            #expect(failure { try store.setTrust(.no, ofRoot: name) }?.code == .invalidArgument)
            #expect(try store.root(named: name).isTrusted)
            let missing = try RootName("gone")
            #expect(failure { try store.setTrust(.no, ofRoot: missing) }?.code == .notFound)
            // As rows had it before roots could be distrusted.
            let old = try RemoteSettings(parsing: RemoteSettings().encoded)
            #expect(old.trust == nil)
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
