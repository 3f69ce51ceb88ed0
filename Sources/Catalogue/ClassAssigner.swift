package import VolumeModel

/// An entry that is to be put into a class.
package struct ClassifiedEntry: Hashable, Sendable {
    /// Where it stands in the volume.
    package let path: [UInt8]
    /// What it is.
    package let kind: EntryKind
    /// The link by which it is reached, where it is: the innermost on its path, which decides where
    /// it really is.
    package let link: EntryLink?

    /// Puts one together.
    package init(path: [UInt8], kind: EntryKind, link: EntryLink? = nil) {
        self.path = path
        self.kind = kind
        self.link = link
    }
}

/// A symbolic link, as the scan resolved it.
package struct EntryLink: Hashable, Sendable {
    /// Where it stands in the volume.
    package let path: [UInt8]
    /// Where it leads, below the origin root.
    package let target: [UInt8]

    /// Puts a link together.
    package init(path: [UInt8], target: [UInt8]) {
        self.path = path
        self.target = target
    }
}

/// Gives entries classes, many at a time.
///
/// - Returns: a class for each, in their order.
package typealias Classifier = ([ClassifiedEntry]) throws(PerigeeError) -> [AccessClassID]

/// Puts rows into classes, in the rows of all revisions at once.
///
/// Assigning a class is no change of a volume's state: no digest holds it, and no revision begins
/// with it. Rows are read in pages and written between them, so memory is bounded whatever the
/// catalogue holds.
///
/// A row below a link that was aimed at something else in the course of its life really is here in
/// some revisions and there in others, and so has one class here and another there. Such a row is
/// split where the link was changed, into rows of the same version: each revision sees what it saw
/// before, and each row has one place.
struct ClassAssigner {
    /// Rows that are read, given classes and written at once.
    private static let pageSize = 4_096

    let connection: SQLiteConnection
    let classify: Classifier
    var places: LinkedPlaces
    /// Rows that were put into another class than they were in.
    private(set) var changed = 0
    /// The highest class that was given.
    private(set) var highest: Int64 = 0
    /// The folder whose rows were last marked, and the classes that they have.
    private var marked: (folder: Int64, classes: Set<Int64>) = (0, [])

    init(_ connection: SQLiteConnection, _ classify: @escaping Classifier) throws(PerigeeError) {
        self.connection = connection
        self.classify = classify
        places = try LinkedPlaces(connection)
    }

    /// One row, as far as it matters here.
    private struct Row {
        let parent: Int64
        let key: [UInt8]
        let added: Int
        let removed: Int?
        let id: Int64
        let accessClass: Int64

        /// From the columns of the queries below.
        init(_ statement: SQLiteStatement) {
            parent = statement.integer(0)
            key = statement.array(1)
            added = Int(statement.integer(2))
            removed = statement.optionalInteger(3).map { Int($0) }
            id = statement.integer(4)
            accessClass = statement.integer(5)
        }

        var isFolder: Bool { key.last == UInt8(ascii: "/") }
        var name: ArraySlice<UInt8> { isFolder ? key.dropLast() : key[...] }
    }

    /// Puts every row into its class.
    mutating func assignAll() throws(PerigeeError) {
        // Made anew, so that classes that nothing is in any more lead nowhere.
        try connection.execute("DELETE FROM folder_class")
        marked = (0, [])
        var last: (parent: Int64, key: [UInt8], added: Int) = (0, [], 0)
        while true {
            let statement = try connection.statement(
                """
                SELECT parent, key, added, removed, id, class FROM entry
                WHERE (parent, key, added) > (?1, ?2, ?3)
                ORDER BY parent, key, added LIMIT ?4
                """)
            statement.bind(1, last.parent)
            statement.bind(2, copying: last.key)
            statement.bind(3, last.added)
            statement.bind(4, Self.pageSize)
            let rows = try read(statement)
            try assign(rows)
            guard rows.count == Self.pageSize, let end = rows.last else { return }
            last = (end.parent, end.key, end.added)
        }
    }

    /// Puts the rows into their classes that the candidate has added, and those that it has led
    /// elsewhere.
    mutating func assign(addedIn number: Int) throws(PerigeeError) {
        // There is no index of the first revision's rows, and all of them are new.
        if number == 1 { return try assignAll() }
        var last: (parent: Int64, key: [UInt8]) = (0, [])
        while true {
            // A literal, so that SQLite can prove that the partial index serves.
            let statement = try connection.statement(
                text: """
                    SELECT parent, key, added, removed, id, class FROM entry
                    WHERE added > 1 AND added = \(number) AND (parent, key) > (?1, ?2)
                    ORDER BY parent, key LIMIT ?3
                    """)
            statement.bind(1, last.parent)
            statement.bind(2, copying: last.key)
            statement.bind(3, Self.pageSize)
            let rows = try read(statement)
            try assign(rows)
            guard rows.count == Self.pageSize, let end = rows.last else { break }
            last = (end.parent, end.key)
        }
        for folder in try places.aimed(in: number) { try assign(below: folder, in: number) }
    }

    /// Puts the rows below a folder into their classes, as far as `number` sees them.
    private mutating func assign(below folder: Int64, in number: Int) throws(PerigeeError) {
        var stack = [folder]
        while let parent = stack.popLast() {
            var key: [UInt8] = []
            while true {
                let statement = try connection.statement(
                    """
                    SELECT parent, key, added, removed, id, class FROM entry
                    WHERE parent = ?1 AND key > ?2 AND added <= ?3
                        AND (removed IS NULL OR removed > ?3)
                    ORDER BY key LIMIT ?4
                    """)
                statement.bind(1, parent)
                statement.bind(2, copying: key)
                statement.bind(3, number)
                statement.bind(4, Self.pageSize)
                let rows = try read(statement)
                try assign(rows)
                stack += rows.filter(\.isFolder).map(\.id)
                guard rows.count == Self.pageSize, let end = rows.last else { break }
                key = end.key
            }
        }
    }

    private func read(_ statement: SQLiteStatement) throws(PerigeeError) -> [Row] {
        defer { statement.reset() }
        var rows: [Row] = []
        while try statement.step() { rows.append(Row(statement)) }
        return rows
    }

    private mutating func assign(_ rows: [Row]) throws(PerigeeError) {
        guard !rows.isEmpty else { return }
        var entries: [ClassifiedEntry] = []
        /// Where each row is split, and with it how many entries it stands for: one more.
        var splits: [[Int]] = []
        for row in rows {
            let folder = try places.place(of: row.parent)
            let path = folder.path.isEmpty ? Array(row.name) : folder.path + [slash] + row.name
            let lives = try places.links(of: row.id, at: path, in: folder)
                .between(row.added, row.removed)
            splits.append(lives.dropFirst().map(\.from))
            for life in lives {
                entries.append(
                    ClassifiedEntry(
                        path: path, kind: row.isFolder ? .folder : .file, link: life.link))
            }
        }
        let classes = try classify(entries)
        precondition(classes.count == entries.count, "a class for each entry")
        var next = 0
        for (row, split) in zip(rows, splits) {
            let own = classes[next...(next + split.count)].map(\.value)
            next += own.count
            try assign(row, own, splitAt: split)
        }
    }

    private mutating func assign(
        _ row: Row, _ classes: [Int64], splitAt revisions: [Int]
    ) throws(PerigeeError) {
        for accessClass in classes {
            highest = max(highest, accessClass)
            try mark(row.parent, accessClass)
        }
        if row.accessClass != classes[0] || !revisions.isEmpty {
            let update = try connection.statement(
                """
                UPDATE entry SET class = ?4, removed = ?5
                WHERE parent = ?1 AND key = ?2 AND added = ?3
                """)
            update.bind(1, row.parent)
            update.bind(2, copying: row.key)
            update.bind(3, row.added)
            update.bind(4, classes[0])
            update.bind(5, (revisions.first ?? row.removed).map { Int64($0) })
            try update.run()
            changed += 1
        }
        for (index, revision) in revisions.enumerated() {
            let end = index + 1 < revisions.count ? revisions[index + 1] : row.removed
            let insert = try connection.statement(
                """
                INSERT INTO entry(parent, key, added, removed, id, size, mtime, version, class)
                SELECT parent, key, ?4, ?5, id, size, mtime, version, ?6 FROM entry
                WHERE parent = ?1 AND key = ?2 AND added = ?3
                """)
            insert.bind(1, row.parent)
            insert.bind(2, copying: row.key)
            insert.bind(3, row.added)
            insert.bind(4, revision)
            insert.bind(5, end.map { Int64($0) })
            insert.bind(6, classes[index + 1])
            try insert.run()
            changed += 1
        }
    }

    /// Notes that a folder holds a class, once for each run of rows of that folder.
    private mutating func mark(_ folder: Int64, _ accessClass: Int64) throws(PerigeeError) {
        if marked.folder != folder { marked = (folder, []) }
        guard marked.classes.insert(accessClass).inserted else { return }
        try connection.mark(folder: folder, accessClass: accessClass)
    }
}

private let slash = UInt8(ascii: "/")
