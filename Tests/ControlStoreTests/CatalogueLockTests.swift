import Foundation
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Catalogue lock")
struct CatalogueLockTests {
    private let volume: VolumeName

    init() throws {
        volume = try VolumeName("hst-stis")
    }

    @Test("A second writer is refused at once and told who writes")
    func conflict() throws {
        try withState { state in
            let held = try CatalogueLock(volume, in: state)
            #expect(!held.previousHolderDied)
            let error = failure { _ = try CatalogueLock(volume, in: state) }
            #expect(error?.code == .busy)
            #expect(error?.message.contains("hst-stis") == true)
            #expect(error?.message.contains("process \(getpid())") == true)
            _ = try CatalogueLock(VolumeName("other"), in: state)
            held.release()
        }
    }

    @Test("A release, or the end of the holder's scope, frees it with no trace")
    func release() throws {
        try withState { state in
            let first = try CatalogueLock(volume, in: state)
            first.release()
            first.release()
            _ = try CatalogueLock(volume, in: state)
            #expect(try !CatalogueLock(volume, in: state).previousHolderDied)
            #expect(fileSize(state.lockFile(for: volume)) == 0)
        }
    }

    @Test("A holder that was killed frees it, and the next one knows", .timeLimit(.minutes(1)))
    func killed() throws {
        try withState { state in
            let path = state.lockFile(for: volume)
            let holder = Process()
            holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
            holder.arguments = ["--no-fork", path, "sleep", "60"]
            try holder.run()
            let pid = holder.processIdentifier
            let isHeld = {
                failure { _ = try CatalogueLock(volume, in: state) }?.code == .busy
            }
            #expect(eventually(within: 10, isHeld))
            try Data("\(pid) 12345\n".utf8).write(to: URL(fileURLWithPath: path))
            let error = failure { _ = try CatalogueLock(volume, in: state) }
            #expect(error?.message.contains("process \(pid)") == true)
            kill(pid, SIGKILL)
            holder.waitUntilExit()
            let next = try CatalogueLock(volume, in: state)
            #expect(next.previousHolderDied)
            next.release()
            #expect(try !CatalogueLock(volume, in: state).previousHolderDied)
        }
    }

    @Test("A lock file deleted with its volume is not held on to")
    func deleted() throws {
        try withState { state in
            let stale = try CatalogueLock(volume, in: state)
            try FileManager.default.removeItem(atPath: state.lockFile(for: volume))
            let fresh = try CatalogueLock(volume, in: state)
            stale.release()
            #expect(failure { _ = try CatalogueLock(volume, in: state) }?.code == .busy)
            fresh.release()
        }
    }
}
