import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// Random changes of an archive, scans of all and of parts, publishes and rollbacks, each compared
/// with a model that only knows how to walk a folder.
@Suite("Reference model", .timeLimit(.minutes(5)))
struct ReferenceModelTests {
    @Test("Hundreds of random steps leave every revision as the model has it")
    func randomSteps() async throws {
        var random = SeededRandom(announcing: "reference model")
        try await withTemporaryFolder { folder in
            var model = try ArchiveModel(ServiceFixture(in: folder))
            defer { model.service.stop() }
            for _ in 0..<500 {
                try model.step(&random)
                if random.once(in: 4) { try await model.check() }
            }
            try model.scan(.all)
            try await model.check()
            try model.publish()
            try await model.check(allRevisions: true)
            #expect(try !model.fixture.publisher.scan(model.volume).hasCandidate)
            print("reference model: \(model.revisions.count) revisions, \(model.summary)")
            #expect(model.revisions.count > 10)
        }
    }
}
