import AccessControl
import Logging
import PerigeeTesting
import Synchronization
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

/// What `list` hands out, gathered.
struct Listed: Hashable {
    let name: String
    let node: Node
    let next: UInt64
    let isCounted: Bool
}

extension VolumeFileSystem {
    func find(_ name: String, in parent: Node = .root) throws(PerigeeError) -> NodeEntry? {
        var name = name
        let result = name.withUTF8 { bytes in
            Result { () throws(PerigeeError) in
                try lookup(UnsafeRawBufferPointer(bytes), in: parent)
            }
        }
        return try result.get()
    }

    func walk(_ path: String) throws -> Node {
        var node = Node.root
        for part in path.split(separator: "/") {
            node = try #require(try find(String(part), in: node)).attributes.node
        }
        return node
    }

    /// At most `room` names from one call.
    func names(
        _ handle: UInt64, from offset: UInt64, room: Int = .max, counting: Bool = false
    ) throws(PerigeeError) -> [Listed] {
        var listed: [Listed] = []
        try list(handle, from: offset, counting: counting) { name, attributes, lifetime, next in
            guard listed.count < room else { return false }
            listed.append(
                Listed(
                    name: String(decoding: name, as: UTF8.self), node: attributes.node, next: next,
                    isCounted: lifetime != nil))
            return true
        }
        return listed
    }
}

func makeFileSystem(
    _ service: FakeVolumeService, _ layout: MountLayout = .everyVolume
) throws -> VolumeFileSystem {
    try VolumeFileSystem(
        service: service, principal: .anyone, layout: layout, logger: Logger(label: "test"))
}

/// What a file system told.
final class Told: Sendable {
    let events = Mutex<[FileSystemInvalidation]>([])

    func drain() -> [FileSystemInvalidation] {
        events.withLock { events in
            defer { events = [] }
            return events
        }
    }
}

func code(_ body: () throws -> Void) -> PerigeeError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? PerigeeError)?.code
    }
}

@Suite("A file system over volumes")
struct VolumeFileSystemTests {
    @Test func volumesStandAtTheRootAndPinnedRevisionsAreFoundUnlisted() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/x.fits": .text("one")])
            try service.publish("hst", ["a/x.fits": .text("three")])
            try service.publish("jwst", ["y": .text("y")])
            let system = try makeFileSystem(service)
            let root = try system.openFolder(.root).handle
            #expect(try system.names(root, from: 0).map(\.name) == [".", "..", "hst", "jwst"])
            #expect(try system.find("hst@r1") != nil)
            #expect(try system.find("hst@r3") == nil)
            #expect(try system.find("hst@r01") == nil)
            #expect(try system.find("hst@candidate") == nil)
            #expect(try system.find("hst:a") == nil)
            #expect(try system.find("nothing") == nil)
            #expect(try system.find("hst")?.lifetime == .volume)
            let current = try system.walk("hst/a")
            let pinned = try system.walk("hst@r1/a")
            #expect(current != pinned)
            let new = try system.walk("hst/a/x.fits")
            let old = try system.walk("hst@r1/a/x.fits")
            #expect(new != old)
            #expect(try system.attributes(of: new).size == 5)
            #expect(try system.attributes(of: old).size == 3)
            #expect(try system.walk("hst@r2/a/x.fits") == new)
        }
    }

    @Test func aSelectionShowsWhatWasAskedForAndNothingElse() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .text("1")])
            try service.publish("jwst", ["x": .text("1")])
            try service.publish("jwst", ["x": .text("22")])
            let system = try makeFileSystem(
                service,
                .selected([
                    try VolumeReference(parsing: "jwst@r1"), try VolumeReference(parsing: "jwst"),
                ]))
            let root = try system.openFolder(.root).handle
            #expect(try system.names(root, from: 0).map(\.name) == [".", "..", "jwst", "jwst@r1"])
            #expect(try system.find("hst") == nil)
            #expect(try system.find("jwst@r2") == nil)
            #expect(try system.attributes(of: system.walk("jwst@r1/x")).size == 1)
            #expect(try system.attributes(of: system.walk("jwst/x")).size == 2)
        }
    }

    @Test func aFolderOfOneVolumeCanBeTheRoot() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/b/x": .text("1"), "c": .text("2")])
            let system = try makeFileSystem(
                service, .atRoot(try VolumeReference(parsing: "hst:a")))
            let root = try system.openFolder(.root).handle
            #expect(try system.names(root, from: 0).map(\.name) == [".", "..", "b"])
            #expect(try system.attributes(of: system.walk("b/x")).size == 1)
            #expect(try system.attributes(of: .root).kind == .folder)
            #expect(try system.find("hst") == nil)
            #expect(system.totals().bytes == 2)
        }
    }

    @Test(arguments: ["hst:missing", "hst:c", "none", "hst@r9", "hst@candidate", "site.hst"])
    func whatCannotBeTheRootIsSaidAtOnce(_ text: String) async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/b/x": .text("1"), "c": .text("2")])
            let reference = try VolumeReference(parsing: text)
            #expect(throws: PerigeeError.self) {
                try makeFileSystem(service, .atRoot(reference))
            }
        }
    }

    @Test func aRepublishIsSeenByLookupsWhileFoldersKeepTheirNodes() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/x": .text("one"), "a/same": .text("s")])
            let system = try makeFileSystem(service)
            let told = Told()
            system.start { events in told.events.withLock { $0 += events } }
            _ = told.drain()
            let folder = try system.walk("hst/a")
            let old = try system.walk("hst/a/x")
            let same = try system.walk("hst/a/same")
            let open = try #require(try system.openNow(old))
            try service.publish("hst", ["a/x": .text("second"), "a/same": .text("s")])
            #expect(try system.walk("hst/a") == folder)
            #expect(try system.walk("hst/a/same") == same)
            let new = try system.walk("hst/a/x")
            #expect(new != old)
            #expect(try system.attributes(of: old).size == 3)
            #expect(open.file.entry.size == 3)
            let events = told.drain()
            #expect(events.first == .allNames)
            #expect(events.contains(.name(Array("hst".utf8))))
            #expect(events.contains(.node(folder)))
            #expect(events.contains(.node(.root)))
            service.notify(.volumes)
            #expect(told.drain().isEmpty)
            service.changeView("hst")
            #expect(told.drain().contains(.node(folder)))
            service.notify(.stale(ordinal: 1, file: EntryID(Int64(old.value & 0xffff))))
            #expect(told.drain() == [.node(old)])
            system.stop()
            try service.publish("hst", [:])
            #expect(told.drain().isEmpty)
        }
    }

    @Test func aListingIsOfOneRevisionUntilItStartsAgain() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["1": .text("a"), "2": .text("a"), "3": .text("a")])
            let system = try makeFileSystem(service)
            system.start { _ in }
            let volume = try system.walk("hst")
            let handle = try system.openFolder(volume).handle
            let first = try system.names(handle, from: 0, room: 3, counting: true)
            #expect(first.map(\.name) == [".", "..", "1"])
            #expect(first.map(\.isCounted) == [false, false, true])
            try service.publish("hst", ["0": .text("a"), "9": .text("a")])
            let behind = try #require(first.last).next
            let rest = try system.names(handle, from: behind, counting: true)
            #expect(rest.map(\.name) == ["2", "3"])
            // Names that are gone must not be kept as if they were there.
            #expect(rest.allSatisfy { !$0.isCounted })
            #expect(
                try system.names(handle, from: 0).map(\.name) == [".", "..", "0", "9"])
        }
    }

    @Test func aKeptListingIsRightOnlyForTheSameRevisionAndView() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/x": .text("1")])
            let system = try makeFileSystem(service)
            system.start { _ in }
            let folder = try system.walk("hst/a")
            #expect(try !system.openFolder(folder).keepsCache)
            let (old, kept) = try system.openFolder(folder)
            #expect(kept)
            _ = try system.names(old, from: 0, room: 1)
            try service.publish("hst", ["a/x": .text("1"), "a/y": .text("1")])
            #expect(try !system.openFolder(folder).keepsCache)
            #expect(try system.openFolder(folder).keepsCache)
            // An older handle that goes on may have put old names into the cache.
            _ = try system.names(old, from: 1)
            #expect(try !system.openFolder(folder).keepsCache)
            #expect(try system.openFolder(folder).keepsCache)
            service.changeView("hst")
            #expect(try !system.openFolder(folder).keepsCache)
        }
    }

    @Test func whatVanishedIsStaleAndItsNameIsAbsent() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/b/x": .text("1"), "k": .text("1")])
            let system = try makeFileSystem(service)
            system.start { _ in }
            let folder = try system.walk("hst/a/b")
            let file = try system.walk("hst/a/b/x")
            let open = try #require(try system.openNow(file))
            try service.publish("hst", ["k": .text("1")])
            #expect(try system.find("a", in: system.walk("hst")) == nil)
            #expect(code { _ = try system.attributes(of: folder) } == .stale)
            #expect(code { _ = try system.find("x", in: folder) } == .stale)
            #expect(code { _ = try system.openFolder(folder) } == .stale)
            #expect(try system.attributes(of: file).size == 1)
            let range = try #require(ByteRange(offset: 0, count: 9))
            #expect(try open.file.segmentsNow(range)?.count == 1)
            service.remove("hst")
            #expect(code { _ = try system.attributes(of: folder) } == .stale)
            #expect(code { _ = try system.openNow(file) } == .stale)
            #expect(try system.find("hst") == nil)
        }
    }

    @Test func aDenialIsAnErrorAndNoAbsence() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["secret": .text("1")])
            service.state.withLock { _ = $0.denied.insert(Array("secret".utf8)) }
            let system = try makeFileSystem(service)
            let volume = try system.walk("hst")
            #expect(code { _ = try system.find("secret", in: volume) } == .accessDenied)
            #expect(try system.find("missing", in: volume) == nil)
            let long = String(repeating: "n", count: 256)
            #expect(code { _ = try system.find(long, in: volume) } == .nameTooLong)
            let longest = String(repeating: "n", count: 255)
            #expect(try system.find(longest, in: volume) == nil)
        }
    }

    @Test func aFailedRefreshIsTriedAgain() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .text("1")])
            let system = try makeFileSystem(service)
            system.start { _ in }
            service.state.withLock { $0.isBroken = true }
            try service.publish("hst", ["y": .text("1")])
            let volume = try system.walk("hst")
            #expect(try system.find("x", in: volume) != nil)
            service.state.withLock { $0.isBroken = false }
            system.refreshIfNeeded()
            #expect(try system.find("x", in: volume) == nil)
            #expect(try system.find("y", in: volume) != nil)
        }
    }

    @Test func anOpenFileGivesItsDescriptorBackWithItsLastUser() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["x": .text("1")])
            let system = try makeFileSystem(service)
            let node = try system.walk("hst/x")
            do {
                let handle = system.register(try #require(try system.openNow(node)))
                let user = try system.openFile(handle)
                #expect(system.openFiles == 1)
                system.release(handle)
                #expect(system.openFiles == 0)
                #expect(service.state.withLock { $0.closed } == 0)
                #expect(user.node == node)
                #expect(code { _ = try system.openFile(handle) } == .stale)
            }
            #expect(service.state.withLock { $0.opened } == 1)
            #expect(service.state.withLock { $0.closed } == 1)
            #expect(code { _ = try system.openNow(system.walk("hst")) } == .isADirectory)
            #expect(code { _ = try system.openNow(.root) } == .isADirectory)
        }
    }

    @Test func detailsTellOfEntriesThatAreNotOpened() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["a/b/x": .text("12")])
            let system = try makeFileSystem(service)
            let folder = try system.walk("hst/a/b")
            let held = system.heldLookups
            var name = "x"
            let details = try name.withUTF8 {
                try system.details(of: UnsafeRawBufferPointer($0), in: folder)
            }
            #expect(details.details?.path.description == "a/b/x")
            #expect(details.entry.size == 2)
            #expect(details.snapshot?.number.value == 1)
            #expect(system.heldLookups == held)
            #expect(try system.details(of: folder).details?.path.description == "a/b")
            #expect(try system.details(of: .root).snapshot == nil)
        }
    }
}
