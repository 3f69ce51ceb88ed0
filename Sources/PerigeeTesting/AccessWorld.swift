package import AccessControl
package import ControlStore
internal import Logging
internal import Synchronization
package import VolumeModel
package import VolumeService

/// Volumes, people and rules in a state folder, with a model of all of it: every change is made to
/// both, so that the model can tell what each front end has to answer.
///
/// Safe from any number of threads; changes come from one at a time.
package final class AccessWorld: Sendable {
    /// The state and the archive.
    package let fixture: ServiceFixture
    /// What decisions take the time from, in this process.
    package let hand: AccessClockHand
    private let state: Mutex<State>

    struct State: Sendable {
        var model: AccessModel
        /// Users that were added to see that a change was taken in.
        var canaries = 0
    }

    /// The volume by which a service is asked how far it is: open to everybody with an identity.
    package static let canary = known(try VolumeName("canary"))

    /// Makes an empty world in `folder`.
    package init(in folder: String, at time: Timestamp = .now) throws {
        fixture = try ServiceFixture(in: folder)
        hand = AccessClockHand(at: time)
        state = Mutex(State(model: AccessModel()))
        try addVolume(Self.canary.string)
        try DiskFile.write(path(Self.canary, "chirp"), Array("chirp".utf8))
        try publish(Self.canary)
        try apply([
            .setRule(
                Self.canary,
                AccessRule(name: "all", effect: .grant(.read), subject: .authenticated), label: nil)
        ])
    }

    /// The model as it is now.
    package var model: AccessModel { state.withLock(\.model) }

    /// A service on this world's clock.
    package func service() throws -> LocalVolumeService {
        try LocalVolumeService(
            state: fixture.state, clock: hand.clock,
            logger: Logger(label: "perigee.test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    // MARK: The archive

    /// Where a volume's file is at its origin.
    package func path(_ volume: VolumeName, _ path: String) -> String {
        path.isEmpty ? fixture.archive(volume.string) : fixture.archive("\(volume)/\(path)")
    }

    /// Adds a volume that is closed to everybody, and whose files are in a folder of its own.
    @discardableResult
    package func addVolume(_ name: String) throws -> VolumeName {
        try DiskFile.makeFolders(fixture.archive(name))
        let volume = try fixture.add(name, origin: fixture.archive(name), isPublic: false)
        state.withLock { $0.model.volumes[volume] = AccessModel.Volume() }
        return volume
    }

    /// Writes a file, with the folders above it.
    package func write(
        _ volume: VolumeName, _ path: String, _ content: [UInt8], modified: Timestamp? = nil
    ) throws {
        let file = self.path(volume, path)
        try DiskFile.makeFolders(String(file[..<file.lastIndex(of: "/")!]))
        try DiskFile.replace(file, content)
        if let modified { try DiskFile.setModified(file, modified) }
    }

    /// Scans a volume into a candidate.
    package func scan(_ volume: VolumeName) throws {
        var options = ScanOptions()
        options.allowsEmpty = true
        let report = try fixture.publisher.scan(volume, options: options)
        try assignClasses(volume)
        let tree = ReferenceTree(walking: path(volume, ""))
        state.withLock {
            $0.model.volumes[volume]?.scanned(tree, hasCandidate: report.hasCandidate)
        }
    }

    /// Publishes what was scanned, where that was anything new.
    package func publishCandidate(_ volume: VolumeName) throws {
        guard model.volumes[volume]?.candidate != nil else { return }
        _ = try fixture.publisher.publish(volume, isForced: true)
        state.withLock { $0.model.volumes[volume]?.published() }
    }

    /// Scans a volume and publishes what was found.
    package func publish(_ volume: VolumeName) throws {
        try scan(volume)
        try publishCandidate(volume)
    }

    /// Makes an earlier revision the current one.
    package func rollBack(_ volume: VolumeName, to number: RevisionNumber) throws {
        try fixture.publisher.rollBack(volume, to: number)
        state.withLock { $0.model.volumes[volume]?.current = number.value }
    }

    // MARK: Who may see what

    /// Makes changes in one transaction.
    package func apply(_ operations: [ControlOperation]) throws {
        try fixture.store.perform(operations, at: nil)
        state.withLock { state in
            for operation in operations { state.model.apply(operation) }
        }
        for case .setAttributeRows(let volume, _) in operations { try assignClasses(volume) }
        for case .setSettings(let volume, _) in operations { try assignClasses(volume) }
    }

    /// Notes a key or token, or with nil that there is none any more.
    package func note(_ credential: CredentialID, _ facts: CredentialFacts?) {
        state.withLock { $0.model.credentials[credential] = facts }
    }

    /// Waits until a service answers by everything that was changed up to now.
    ///
    /// - Throws: `AccessContradiction` where it does not within five seconds.
    package func settle(_ services: any VolumeService...) throws {
        let number = state.withLock { state in
            state.canaries += 1
            return state.canaries
        }
        let user = try UserName("canary-\(number)")
        try apply([.addUser(user)])
        for service in services {
            let isTaken = try eventually(within: 5) {
                try service.volumes(for: .user(user, credential: nil)).contains {
                    $0.name == Self.canary
                }
            }
            guard isTaken else {
                throw AccessContradiction("a change was not taken in within five seconds")
            }
        }
    }

    // MARK: What has to come out

    /// What a principal has to see of a volume's state now.
    package func sight(
        of volume: VolumeName, _ revision: RevisionSelector, for principal: Principal,
        showing: ShownEntries = .listed, at time: Timestamp? = nil
    ) -> AccessSight {
        model.sight(of: volume, revision, for: principal, showing: showing, at: time ?? hand.now)
    }

    /// What a question has to be answered with now.
    package func expected(
        _ question: AccessQuestion, for principal: Principal, showing: ShownEntries = .listed,
        at time: Timestamp? = nil
    ) -> AccessAnswer {
        model.expected(question, for: principal, showing: showing, at: time ?? hand.now)
    }
}
