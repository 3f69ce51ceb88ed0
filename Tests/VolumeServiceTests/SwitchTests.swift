import Dispatch
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel
import VolumeService

/// The instant at which a service goes over to what was published.
@Suite("Going over to a new revision", .timeLimit(.minutes(5)))
struct SwitchTests {
    @Test("Whoever is given a revision finds it in the catalogue, with its own files")
    func revisionIsThere() async throws {
        try await withService { fixture, volume, service in
            let isOver = Flag()
            // More than there are cores, so that some are halted where it hurts, and each keeps a
            // read transaction that stands before the next publish.
            let wrong = Mutex<Set<String>>([])
            let readers = DispatchGroup()
            for _ in 0..<8 {
                readers.enter()
                Thread.start(name: "reader") {
                    while !isOver.isSet {
                        if let fault = fault(service, volume) {
                            _ = wrong.withLock { $0.insert(fault) }
                        }
                    }
                    readers.leave()
                }
            }
            for number in 2...40 {
                try DiskFile.write(fixture.archive("new\(number)"), Array("x".utf8))
                try fixture.publish(volume)
                #expect(
                    eventually(within: 5) {
                        (try? currentSnapshot(service, volume))?.number.value == number
                    })
            }
            isOver.set()
            readers.wait()
            #expect(wrong.withLock { $0 } == [])
        }
    }
}

/// What is wrong with the current revision, each of which has a file that is named after it.
private func fault(_ service: LocalVolumeService, _ volume: VolumeName) -> String? {
    do {
        let snapshot = try currentSnapshot(service, volume)
        guard snapshot.number.value > 1 else { return nil }
        let name = "new\(snapshot.number.value)"
        return try service.entry(at: EntryPath(Array(name.utf8)), of: snapshot) == nil
            ? "\(name) is missing" : nil
    } catch {
        return "\(error)"
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
