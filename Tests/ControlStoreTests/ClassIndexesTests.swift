import AccessControl
import ControlStore
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Class indexes of snapshots")
struct ClassIndexesTests {
    private let volume = known(try VolumeName("hst-stis"))

    private func attributes(_ text: String) throws -> AccessClass {
        AccessClass(attributes: [try AttributeKey("proposal_id"): text])
    }

    @Test("An index is made once, and kept over while classes and what rules ask stay the same")
    func kept() throws {
        try withStore { store in
            try store.addSample()
            _ = try store.number([attributes("1"), attributes("2")], of: volume)
            let first = try #require(try store.snapshot().classIndex(of: volume))
            #expect(try store.snapshot().classIndex(of: volume) === first)
            try store.publish(.sample(1))
            try store.perform([.addUser(UserName("ada"))], at: nil)
            #expect(try store.snapshot().classIndex(of: volume) === first)
            try store.setPublic(true, volume: volume)
            #expect(try store.snapshot().classIndex(of: volume) === first)
            #expect(try store.snapshot().classIndex(of: VolumeName("other")) == nil)
        }
    }

    @Test("A new class, release time, embargo or attribute of a rule makes a new index")
    func replaced() throws {
        try withStore { store in
            try store.addSample()
            _ = try store.number([attributes("1")], of: volume)
            var last = try #require(try store.snapshot().classIndex(of: volume))
            let changes: [(SQLiteControlStore) throws -> Void] = [
                { _ = try $0.number([attributes("2")], of: volume) },
                {
                    let row = ReleaseRow(
                        key: try AttributeKey("proposal_id"), value: "1", metadata: nil,
                        data: Timestamp(nanoseconds: 5))
                    try $0.perform([.setReleases(volume, [row])], at: nil)
                },
                {
                    try $0.perform(
                        [.setSettings(volume, VolumeSettings(embargo: EmbargoPolicy()))], at: nil)
                },
                {
                    let rule = AccessRule(
                        name: "pi", effect: .grant(.read),
                        subject: try Subject(parsing: "team:hst-{proposal_id}"))
                    try $0.perform([.setRule(volume, rule, label: nil)], at: nil)
                },
            ]
            for change in changes {
                try change(store)
                let snapshot = try store.snapshot()
                let policy = try #require(snapshot.policy.volumes[volume])
                let index = try #require(snapshot.classIndex(of: volume))
                #expect(index !== last && index.fits(policy) && !last.fits(policy))
                last = index
            }
        }
    }
}
