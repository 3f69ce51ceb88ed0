internal import Synchronization
internal import VolumeModel

/// Walks that go on with the next page of a list: a folder's page is then read once, however many
/// pages its files fill.
final class IndexWalks: Sendable {
    private struct State {
        var walks: [(number: UInt64, walk: IndexWalk)] = []
        var next: UInt64 = 1
    }

    private let state = Mutex(State())
    /// The oldest is forgotten; its list goes on by reading the folders on its way again.
    private static let most = 8

    func keep(_ walk: IndexWalk) -> UInt64 {
        state.withLock { state in
            if state.walks.count >= Self.most { state.walks.removeFirst() }
            state.walks.append((state.next, walk))
            defer { state.next += 1 }
            return state.next
        }
    }

    func take(_ number: UInt64) -> IndexWalk? {
        state.withLock { state in
            state.walks.firstIndex { $0.number == number }.map { state.walks.remove(at: $0).walk }
        }
    }
}

extension WebOrigin {
    /// The largest page of a folder, in bytes: some hundred thousand files.
    private static let longestPage = 64 << 20
    /// After so many files or folders a page of the list is given out.
    private static let pageSize = 1_000
    private static let mostFoldersInPage = 64

    func walk(prefix: [UInt8], continuing token: ListingToken?) async throws(PerigeeError)
        -> OriginPage
    {
        var walk: IndexWalk
        var last: [UInt8]?
        if let token {
            let number = token.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            // A page without any file goes on from nowhere else than its walk.
            let key = Array(token.bytes.dropFirst(8))
            last = key.isEmpty ? nil : key
            walk = walks.take(number) ?? IndexWalk(prefix: prefix, after: last)
        } else {
            walk = IndexWalk(prefix: prefix)
        }
        var objects: [OriginObject] = []
        var problems: [ScanProblem] = []
        var folders = 0
        while objects.count < Self.pageSize, folders < Self.mostFoldersInPage {
            switch walk.next() {
            case .file(let key, let item):
                objects.append(
                    OriginObject(
                        key: key,
                        version: ObjectVersion(size: item.size ?? 0, modified: item.modified),
                        needsStat: true))
                last = key
            case .open(let folder):
                folders += 1
                try await open(folder, of: &walk, prefix: prefix, problems: &problems)
            case .end:
                return OriginPage(objects: objects, next: nil, problems: problems)
            }
        }
        let number = walks.keep(walk)
        let bytes = withUnsafeBytes(of: number.bigEndian) { Array($0) }
        return OriginPage(
            objects: objects, next: ListingToken(bytes: bytes + (last ?? [])), problems: problems)
    }

    /// Reads a folder's page and goes into it, or says why not.
    private func open(
        _ key: [UInt8], of walk: inout IndexWalk, prefix: [UInt8], problems: inout [ScanProblem]
    ) async throws(PerigeeError) {
        guard walk.depth < IndexWalk.deepest, key.count <= EntryPath.longest else {
            problems.append(ScanProblem(.pathTooLong, key))
            return
        }
        let subject = "the folder \(subject(key))"
        let address = address(of: key)
        do throws(PerigeeError) {
            let outcome = try await transport.run(
                OriginTransport.Call(
                    method: .get, address: address, subject: subject, isFolder: true,
                    accept: { (_, _) throws(PerigeeError) in .whole(atMost: Self.longestPage) }))
            guard let page = IndexPage(parsing: outcome.body, at: address) else {
                throw PerigeeError(
                    .notFound, "\(subject) has a page that is no index of its files",
                    remedy: "switch index pages on at that server, or use a manifest")
            }
            for name in page.unusable {
                problems.append(
                    ScanProblem(.unreadableFile, key + name, "no name can be read from its link"))
            }
            walk.enter(key, page.items)
        } catch {
            // The first folder is what was asked for; one further down may be closed to us, and its
            // neighbours are not. What may pass must not look as if files were gone.
            guard walk.depth > 0, error.code == .notFound || error.code == .originDenied else {
                throw error
            }
            problems.append(ScanProblem(.unreadableFolder, key, error.message))
        }
    }
}
