import AccessControl
import ControlStore
import PerigeeTesting
import PolicyFiles
import Testing
import VolumeModel
import YAMLFiles

/// A file of that text.
func source(_ text: String, _ path: String = "policies/p.yaml") -> YAMLSource {
    YAMLSource(path: path, bytes: Array(text.utf8), purpose: .policy)
}

/// What a file of that text says.
func policies(_ text: String) throws -> PolicySet { try PolicySet([source(text)]) }

/// What is wrong with files.
func faults(_ sources: [YAMLSource]) -> [FileFault] {
    do throws(FileFaults) {
        _ = try PolicySet(sources)
        return []
    } catch {
        return error.first
    }
}

/// What is wrong with a file of that text.
func faults(_ text: String) -> [FileFault] { faults([source(text)]) }

/// Whether a file has one fault, there, and with these words.
func expectFault(
    _ text: String, _ line: Int, _ column: Int, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let found = faults(text)
    let head = text.prefix(300)
    #expect(found.count == 1, "\(found) in:\n\(head)", sourceLocation: sourceLocation)
    guard let fault = found.first else { return }
    let place = FilePlace(file: "policies/p.yaml", line: line, column: column)
    #expect(fault.place == place, "\(fault) in:\n\(head)", sourceLocation: sourceLocation)
    #expect(!fault.remedy.isEmpty, "\(fault)", sourceLocation: sourceLocation)
    for word in words {
        #expect(
            "\(fault)".contains(word), "\(word) is not in: \(fault)",
            sourceLocation: sourceLocation)
    }
}

/// A new state with its store.
func withStore(_ body: (SQLiteControlStore) throws -> Void) throws {
    try withTemporaryFolder { path in
        let folder = try StateFolder(path: "\(path)/state")
        try folder.create()
        try SQLiteControlStore.create(in: folder)
        try body(try SQLiteControlStore(folder))
    }
}

/// The faults that a plan has.
func planFaults(
    _ files: PolicySet, on snapshot: ControlSnapshot,
    _ options: PolicyPlan.Options = PolicyPlan.Options()
) -> [FileFault] {
    do throws(FileFaults) {
        _ = try PolicyPlan(files, on: snapshot, options)
        return []
    } catch {
        return error.first
    }
}
