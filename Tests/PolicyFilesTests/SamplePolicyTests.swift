import Foundation
import PolicyFiles
import Testing
import VolumeModel
import YAMLFiles

/// The policies that come with the project, and those that its documents show.
@Suite struct SamplePolicyTests {
    private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    @Test func `the assertions about the sample policies hold, before, at and after each instant`()
        throws
    {
        let files = try PolicySet(PolicySource.read("\(Self.package)/policies"))
        let tests = try PolicyTest.read(PolicySource.read("\(Self.package)/policies/tests"))
        let run = try PolicyTestRun(tests, against: files)
        #expect(run.failures.map { [$0.description] + $0.explanation } == [])
        let tested = Set(tests.map { $0.volume.value.string })
        #expect(tested == Set(files.volumes.map { $0.name.value.string }))
    }

    @Test(arguments: ["policies/README.md", "Sources/perigee/Documentation.docc/Access.md"])
    func `what a document shows is taken`(_ document: String) throws {
        let text = try String(contentsOfFile: "\(Self.package)/\(document)", encoding: .utf8)
        let blocks = text.components(separatedBy: "```yaml\n").dropFirst()
            .map { $0.components(separatedBy: "```")[0] }
        #expect(!blocks.isEmpty)
        for block in blocks {
            let file = source(block, document)
            if block.hasPrefix("kind: Test") {
                #expect(try !PolicyTest.read([file]).isEmpty)
            } else {
                #expect(try !PolicySet([file]).isEmpty)
            }
        }
    }
}
