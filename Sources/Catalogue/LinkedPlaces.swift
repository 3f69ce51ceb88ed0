internal import VolumeModel

/// By which link entries are reached, in the course of revisions.
struct LinkHistory {
    /// The link from a revision on, until the next one's.
    struct Life {
        let from: Int
        let link: EntryLink?
    }

    /// By revision, the first from 0 on; no two alike beside each other.
    private(set) var lives = [Life(from: 0, link: nil)]

    /// What one who lives from revision `added` until `removed` sees of it; one life at least.
    func between(_ added: Int, _ removed: Int?) -> [Life] {
        let first = lives.lastIndex { $0.from <= added } ?? 0
        return Array(lives[first...].prefix { $0.from <= added || $0.from < removed ?? .max })
    }

    /// The history of an entry at `path` below what this one is of, which was led to `targets` itself:
    /// by revision, nil where it stands where its name says.
    func aimed(_ targets: [(from: Int, target: [UInt8]?)], at path: [UInt8]) -> LinkHistory {
        guard !targets.isEmpty else { return self }
        var made = LinkHistory()
        made.lives = []
        let revisions = Set(lives.map(\.from) + targets.map(\.from)).sorted()
        for revision in revisions {
            let own = targets.last { $0.from <= revision }?.target
            let link =
                own.map { EntryLink(path: path, target: $0) }
                ?? lives.last { $0.from <= revision }?.link
            if let last = made.lives.last, last.link == link { continue }
            made.lives.append(Life(from: revision, link: link))
        }
        return made
    }
}

/// Where folders stand, and by which links they are reached: found upward, and kept for the next
/// ones, since rows come folder by folder.
struct LinkedPlaces {
    /// A folder's place.
    struct Place {
        let path: [UInt8]
        let links: LinkHistory
    }

    /// Places that are kept at most.
    private static let most = 8_192

    private let connection: SQLiteConnection
    private let hasLinks: Bool
    private var known: [Int64: Place] = [:]

    init(_ connection: SQLiteConnection) throws(PerigeeError) {
        self.connection = connection
        hasLinks = try connection.hasLinks()
    }

    /// Where the folder of that number stands.
    ///
    /// - Throws: `.corrupt` where it does not lead up to the root.
    mutating func place(of folder: Int64) throws(PerigeeError) -> Place {
        var below: [(id: Int64, name: [UInt8])] = []
        var current = EntryID(folder)
        var place = Place(path: [], links: LinkHistory())
        while current != .root {
            if let found = known[current.value] {
                place = found
                break
            }
            // A path of 1,024 bytes has at most 512 segments: more is a cycle.
            guard below.count <= 512, let (parent, name) = try connection.place(of: current) else {
                throw PerigeeError(
                    .corrupt, "folder \(folder) of the catalogue leads to no root",
                    remedy: "restore the state folder from a backup")
            }
            below.append((current.value, name))
            current = parent
        }
        if known.count + below.count > Self.most { known.removeAll(keepingCapacity: true) }
        for (id, name) in below.reversed() {
            let path = place.path.isEmpty ? name : place.path + [UInt8(ascii: "/")] + name
            place = Place(path: path, links: try links(of: id, at: path, in: place))
            known[id] = place
        }
        return place
    }

    /// By which links the entry of number `id` is reached, at `path` in the folder at `place`.
    func links(of id: Int64, at path: [UInt8], in place: Place) throws(PerigeeError)
        -> LinkHistory
    {
        guard hasLinks else { return place.links }
        let statement = try connection.statement(
            "SELECT added, target FROM link WHERE id = ?1 ORDER BY added")
        defer { statement.reset() }
        statement.bind(1, id)
        var targets: [(from: Int, target: [UInt8]?)] = []
        while try statement.step() {
            targets.append((Int(statement.integer(0)), statement.optionalArray(1)))
        }
        return place.links.aimed(targets, at: path)
    }

    /// Folders that were there before revision `number` and lead elsewhere since.
    func aimed(in number: Int) throws(PerigeeError) -> [Int64] {
        guard hasLinks else { return [] }
        let statement = try connection.statement(
            """
            SELECT folder.id FROM link JOIN folder ON folder.id = link.id
            WHERE link.added = ?1 AND EXISTS(
                SELECT 1 FROM entry WHERE entry.parent = folder.parent
                    AND entry.key = CAST(folder.name || X'2F' AS BLOB) AND entry.added < ?1)
            """)
        defer { statement.reset() }
        statement.bind(1, number)
        var folders: [Int64] = []
        while try statement.step() { folders.append(statement.integer(0)) }
        return folders
    }
}

extension SQLiteConnection {
    /// Whether anything was ever reached by a link.
    func hasLinks() throws(PerigeeError) -> Bool {
        let statement = try statement("SELECT EXISTS(SELECT 1 FROM link)")
        defer { statement.reset() }
        return try statement.step() && statement.integer(0) != 0
    }
}
