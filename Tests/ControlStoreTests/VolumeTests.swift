import Foundation
import GRDB
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Volumes in control")
struct VolumeTests {
    @Test("A volume comes back as it was added, its sources numbered from 1")
    func roundTrip() throws {
        try withStore { store in
            try store.addRoot(.sample("a"))
            var draft = try VolumeDraft.sample(root: "a")
            draft.metadata = VolumeMetadata(
                title: "Titel ☄", abstract: "A", domain: "D", mission: "M", contact: "C",
                creator: "R", licence: "L", doi: "10.5270/x")
            draft.isPublic = true
            draft.sources.append(
                SourceDraft(root: try RootName("b"), zone: "garching", priority: -2))
            let volume = try store.addVolume(draft, making: .sample("b"))
            #expect(volume.ordinal == 1)
            #expect(volume.metadata == draft.metadata)
            #expect(volume.isPublic)
            #expect(volume.current == nil && volume.highest == nil)
            #expect(volume.next == RevisionNumber(1))
            #expect(
                volume.sources == [
                    VolumeSource(
                        number: 1, root: try RootName("a"), subpath: try EntryPath("stis/2024")),
                    VolumeSource(
                        number: 2, root: try RootName("b"), zone: "garching", priority: -2),
                ])
            #expect(try store.volume(named: draft.name) == volume)
            #expect(try store.volumes() == [volume])
        }
    }

    @Test("A volume that cannot be added leaves nothing behind, its new root neither")
    func allOrNothing() throws {
        try withStore { store in
            let before = try store.snapshot()
            var draft = try VolumeDraft.sample()
            draft.sources.append(SourceDraft(root: try RootName("nowhere")))
            let error = failure { try store.addVolume(draft, making: .sample()) }
            #expect(error?.code == .notFound)
            #expect(try store.snapshot() == before)
            #expect(try store.history(after: 0, limit: 10).isEmpty)
        }
    }

    @Test("A second volume of a name, one without title and one without source are refused")
    func refusals() throws {
        try withStore { store in
            try store.addSample()
            #expect(failure { try store.addVolume(.sample()) }?.code == .conflict)
            var untitled = try VolumeDraft.sample("other")
            untitled.metadata.title = " \n"
            #expect(failure { try store.addVolume(untitled) }?.code == .invalidArgument)
            var unsourced = try VolumeDraft.sample("other")
            unsourced.sources = []
            #expect(failure { try store.addVolume(unsourced) }?.code == .invalidArgument)
        }
    }

    @Test("A removed volume's ordinal is never given again, not even to the highest or same name")
    func ordinals() throws {
        try withStore { store in
            try store.addSample()
            let name = try VolumeName("hst-stis")
            for expected in 2...5 {
                try store.removeVolume(named: name)
                #expect(failure { _ = try store.volume(named: name) }?.code == .notFound)
                #expect(try store.addVolume(.sample()).ordinal == expected)
            }
        }
    }

    @Test("The name of a removed volume is not given again once something was published under it")
    func names() throws {
        try withStore { store in
            try store.addSample()
            try store.publish(.sample(1))
            try store.removeVolume(named: VolumeName("hst-stis"))
            #expect(try store.volumes().isEmpty)
            let error = failure { try store.addVolume(.sample()) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("r1") == true)
        }
    }

    @Test("After 4,095 ordinals no volume is added, however few there are")
    func exhausted() throws {
        try withStore { store in
            try store.addSample()
            try store.queue.write { db in
                try db.execute(sql: "UPDATE sqlite_sequence SET seq = 4094 WHERE name = 'volume'")
            }
            #expect(try store.addVolume(.sample("last-one")).ordinal == 4_095)
            try store.removeVolume(named: VolumeName("last-one"))
            let error = failure { try store.addVolume(.sample("one-more")) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("4095") == true)
        }
    }

    @Test("Volumes and roots are listed by name in byte order")
    func order() throws {
        try withStore { store in
            try store.addSample()
            for name in ["zz1", "a-b", "ab0", "a0b"] { try store.addVolume(.sample(name)) }
            let names = try store.snapshot().volumes.map(\.name.string)
            #expect(names == ["a-b", "a0b", "ab0", "hst-stis", "zz1"])
        }
    }

    @Test("Making a volume public what it is already changes nothing")
    func publicity() throws {
        try withStore { store in
            try store.addSample()
            let name = try VolumeName("hst-stis")
            let before = try store.snapshot()
            try store.setPublic(false, volume: name)
            #expect(try store.snapshot() == before)
            try store.setPublic(true, volume: name)
            #expect(try store.volume(named: name).isPublic)
            #expect(try store.snapshot().epoch > before.epoch)
        }
    }
}
