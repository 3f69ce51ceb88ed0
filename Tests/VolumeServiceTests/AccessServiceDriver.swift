import AccessControl
import PerigeeTesting
import VolumeModel
import VolumeService

/// The service itself, as each front end calls it.
struct AccessServiceDriver: AccessDriver {
    let service: any VolumeService
    let principal: Principal
    var showing = ShownEntries.listed
    let answersOwner = true
    /// Entries of a page of a listing.
    var pageSize = 3

    func volumes() async throws -> [VolumeName]? {
        try service.volumes(for: principal, showing: showing).map(\.name)
    }

    func report(_ question: AccessQuestion) async throws -> AccessReport {
        let state = Result { () throws(PerigeeError) in
            try service.snapshot(
                of: question.volume, at: question.revision, for: principal, showing: showing)
        }
        if case .failure(let error) = state, error.code == .notFound {
            return AccessReport(.absent, refusal: "\(error.code): \(error)")
        }
        let snapshot = try state.get()
        let found = try service.entry(at: question.path, of: snapshot)
        guard try walk(question.path, snapshot) == found else {
            throw AccessContradiction("\(question): a look-up of each name finds something else")
        }
        guard let entry = found else { return AccessReport(.absent, refusal: "nil") }
        let details = try service.details(of: entry, in: snapshot)
        guard details.path == question.path else {
            throw AccessContradiction("\(question): is said to be at \(details.path)")
        }
        var report = AccessReport(
            entry.kind == .folder
                ? .folder(try names(in: entry.id, snapshot))
                : try await file(entry, snapshot))
        report.modified = entry.modified
        report.words = ([details.etag?.text] + details.digests.map { "\($0)" })
            .compactMap(\.self).joined(separator: " ")
        return report
    }

    private func walk(_ path: EntryPath, _ snapshot: VolumeSnapshot) throws -> Entry? {
        guard var current = try service.folder(.root, of: snapshot) else { return nil }
        for segment in path.segments {
            let next = try find(Array(segment), in: current.id, snapshot)
            guard let next else { return nil }
            current = next
        }
        return current
    }

    private func find(
        _ name: [UInt8], in folder: EntryID, _ snapshot: VolumeSnapshot
    ) throws -> Entry? {
        try name.withUnsafeBytes { try service.lookup($0, in: folder, of: snapshot) }
    }

    private func names(in folder: EntryID, _ snapshot: VolumeSnapshot) throws -> [[UInt8]] {
        guard try service.folder(folder, of: snapshot) != nil else {
            throw AccessContradiction("the folder \(folder) is found and is not there")
        }
        var names: [[UInt8]] = []
        var position: ListPosition?
        while true {
            let page = try service.list(folder, of: snapshot, after: position, limit: pageSize)
            for entry in page {
                guard try find(entry.name, in: folder, snapshot) == entry else {
                    throw AccessContradiction(
                        "\(Printable.quoted(entry.name)) is listed, and found as something else")
                }
                names.append(entry.name)
            }
            guard page.count == pageSize, let last = page.last else { return names }
            position = ListPosition(after: last)
        }
    }

    private func file(_ entry: Entry, _ snapshot: VolumeSnapshot) async throws -> AccessAnswer {
        guard try service.current(entry, of: snapshot) == entry else {
            throw AccessContradiction("\(Printable.quoted(entry.name)) is something else by itself")
        }
        do {
            let handle = try await service.open(entry, of: snapshot)
            defer { handle.close() }
            guard entry.isReadable else {
                throw AccessContradiction("\(Printable.quoted(entry.name)) is closed, and opens")
            }
            return .content(try await handle.content(piece: 100))
        } catch let error as PerigeeError where error.code == .accessDenied {
            guard !entry.isReadable else { throw error }
            return .closed(size: entry.size)
        } catch let error as PerigeeError where error.code == .stale {
            return .gone(size: entry.size)
        }
    }
}
