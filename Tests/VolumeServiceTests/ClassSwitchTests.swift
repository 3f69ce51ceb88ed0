import AccessControl
import ControlStore
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Rules and classes that change together", .timeLimit(.minutes(5)))
struct ClassSwitchTests {
    /// An archive of two proposals, of which the new rules close the first.
    private func withProposals(_ body: (ClassFixture) throws -> Void) throws {
        try withClasses { volume in
            for path in ["jw1/a", "jw2/b"] { try volume.write(path) }
            try volume.fixture.publish(volume.volume)
            try body(volume)
        }
    }

    private static let expressions = known(try [PathExpression("jw{proposal}/**")])

    private func change(_ volume: ClassFixture) throws(PerigeeError) -> [ControlOperation] {
        [
            .setSettings(volume.volume, VolumeSettings(expressions: Self.expressions)),
            .setRule(
                volume.volume,
                AccessRule(
                    name: "closed", effect: .denial(.none), subject: .anyone,
                    conditions: [.attribute(try AttributeKey("proposal"), equals: "1")]),
                label: nil),
        ]
    }

    /// The files that anyone may read, as a service that is made now has it.
    private func readable(_ volume: ClassFixture) throws -> [String] {
        let policy = try volume.fixture.store.snapshot().policy
        let view = AccessView(of: volume.volume, for: .anyone, policy: policy, at: .now)
        let known = try volume.policy().classes
        return try volume.classes(1).compactMap { path, found in
            let id = known.first { $0.value == found }?.key ?? .none
            let bytes = Array(path.utf8)
            let decision = view.decision(id, at: view.place(at: bytes), path: { bytes })
            return decision.level == .read && path.contains("/") ? path : nil
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    @Test("No entry is open between new rules and the classes that they were written for")
    func closed() throws {
        try withProposals { volume throws in
            var between: [String]?
            let assigned = try volume.publisher.switchClasses(
                to: [volume.volume: Self.expressions]
            ) { holds throws(PerigeeError) in
                try volume.fixture.store.perform(try change(volume) + holds, at: nil)
                between = try? readable(volume)
            }
            #expect(between == [])
            #expect(assigned == [volume.volume: 4])
            #expect(try readable(volume) == ["jw2/b"])
            #expect(try volume.policy().rules.map(\.name).sorted() == ["closed", "public"])
        }
    }

    @Test("Where the change is refused nothing has changed, and the next one is made")
    func refused() throws {
        try withProposals { volume throws in
            let error = failure { () throws in
                _ = try volume.publisher.switchClasses(to: [volume.volume: Self.expressions]) {
                    _ throws(PerigeeError) in throw PerigeeError(.conflict, "refused")
                }
            }
            #expect(error?.message == "refused")
            #expect(try volume.attributes("jw1/a", 1) == [:])
            #expect(try readable(volume) == ["jw1/a", "jw2/b"])
            #expect(try volume.publisher.assignClassesIfNeeded(volume.volume) == 0)
        }
    }

    @Test("What an end in between leaves closed is opened by whoever assigns next")
    func ended() throws {
        for isScan in [false, true] {
            try withProposals { volume throws in
                _ = failure { () throws in
                    _ = try volume.publisher.switchClasses(to: [volume.volume: Self.expressions]) {
                        holds throws(PerigeeError) in
                        try volume.fixture.store.perform(try change(volume) + holds, at: nil)
                        // As if the process had ended here.
                        throw PerigeeError(.cancelled, "ended")
                    }
                }
                #expect(try readable(volume) == [])
                if isScan {
                    try volume.scan()
                } else {
                    #expect(try volume.publisher.assignClassesIfNeeded(volume.volume) == 4)
                }
                #expect(try readable(volume) == ["jw2/b"])
            }
        }
    }
}
