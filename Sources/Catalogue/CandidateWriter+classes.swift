package import VolumeModel

/// What a catalogue knows of the classes of its rows.
package struct ClassFacts: Hashable, Sendable {
    /// A hash of what the classes of all rows were made from; nil where they never were, so that all
    /// are in the class without attributes.
    package let source: UInt64?
    /// The highest class that a row may be in.
    package let highest: AccessClassID
    /// Rows that were put into other classes, and which nobody has been told of.
    package let untold: Int
    /// Whether anything was ever reached by a link, so that its class depends on where that leads.
    package let hasLinks: Bool
}

extension CatalogueReader {
    /// What the file knows of the classes in it.
    package func classFacts() throws(PerigeeError) -> ClassFacts {
        try begin()
        return try connection.classFacts()
    }
}

extension SQLiteConnection {
    fileprivate func classFacts() throws(PerigeeError) -> ClassFacts {
        ClassFacts(
            source: try meta("class_source").map { UInt64(bitPattern: $0) },
            highest: AccessClassID(try meta("class_highest") ?? 0),
            untold: Int(try meta("class_untold") ?? 0), hasLinks: try hasLinks())
    }

    /// A number that the file keeps beside its tables, or nil.
    func meta(_ key: String) throws(PerigeeError) -> Int64? {
        let statement = try statement("SELECT value FROM meta WHERE key = ?1")
        defer { statement.reset() }
        statement.bind(1, text: key)
        return try statement.step() ? statement.integer(0) : nil
    }
}

/// Access classes: what the rows of a catalogue are in, and where that comes from.
extension CandidateWriter {
    /// Which rows are to be put into classes.
    package enum ClassScope: Hashable, Sendable {
        /// Those that the candidate has added, or led elsewhere.
        case candidate
        /// All, those of published revisions among them.
        case everything
    }

    /// Puts rows into classes, in this transaction.
    ///
    /// - Parameter source: a hash of what the classes are made from.
    /// - Returns: how many were put into another class than they were in.
    package func assignClasses(
        _ scope: ClassScope, from source: UInt64, _ classify: @escaping Classifier
    ) throws(PerigeeError) -> Int {
        let before = try classFacts()
        var assigner = try ClassAssigner(connection, classify)
        switch scope {
        case .candidate: try assigner.assign(addedIn: number)
        case .everything: try assigner.assignAll()
        }
        // The table of classes may have been made anew.
        lastMarked = nil
        try setClassSource(source)
        let isAll = scope == .everything
        try setMeta(
            "class_highest", isAll ? assigner.highest : max(before.highest.value, assigner.highest))
        // Nobody has seen the rows of a candidate.
        if isAll, assigner.changed > 0 {
            try setMeta("class_untold", Int64(before.untold + assigner.changed))
        }
        return assigner.changed
    }

    /// Ends the transaction with what was assigned, and leaves the candidate as it was.
    package func commitClasses() throws(PerigeeError) {
        try connection.execute("COMMIT")
    }

    /// What the file knows of the classes in it.
    package func classFacts() throws(PerigeeError) -> ClassFacts { try connection.classFacts() }

    /// Notes what the classes of all rows are made from.
    package func setClassSource(_ source: UInt64) throws(PerigeeError) {
        try setMeta("class_source", Int64(bitPattern: source))
    }

    /// Notes that everybody has been told of all rows that were put into other classes.
    package func setClassesTold() throws(PerigeeError) { try setMeta("class_untold", 0) }

    /// Joins the rows again that were split for their classes in the candidate, so that the scan
    /// compares with what is published. What it then says of links decides anew what is split.
    func rejoin() throws(PerigeeError) {
        guard number > 1, try isAnythingAimed() else { return }
        while true {
            // A folder that was aimed has a row of its own, which says so.
            let split = try connection.statement(
                text: """
                    SELECT parent, key FROM entry AS made
                    WHERE added > 1 AND added = \(number)
                        AND EXISTS (
                            SELECT 1 FROM entry WHERE parent = made.parent AND key = made.key
                                AND removed = \(number) AND id = made.id AND size = made.size
                                AND mtime = made.mtime)
                        AND NOT EXISTS (
                            SELECT 1 FROM link WHERE link.id = made.id AND link.added = \(number))
                    LIMIT 4096
                    """)
            var rows: [(parent: Int64, key: [UInt8])] = []
            while try split.step() { rows.append((split.integer(0), split.array(1))) }
            split.reset()
            if rows.isEmpty { return }
            for row in rows { try rejoin(row.parent, row.key) }
        }
    }

    private func rejoin(_ parent: Int64, _ key: [UInt8]) throws(PerigeeError) {
        for sql: StaticString in [
            "DELETE FROM entry WHERE parent = ?1 AND key = ?2 AND added = ?3",
            "UPDATE entry SET removed = NULL WHERE parent = ?1 AND key = ?2 AND removed = ?3",
        ] {
            let statement = try connection.statement(sql)
            statement.bind(1, parent)
            statement.bind(2, copying: key)
            statement.bind(3, number)
            try statement.run()
        }
    }

    private func isAnythingAimed() throws(PerigeeError) -> Bool {
        let statement = try connection.statement(
            "SELECT EXISTS(SELECT 1 FROM link WHERE added = ?1)")
        defer { statement.reset() }
        statement.bind(1, number)
        return try statement.step() && statement.integer(0) != 0
    }
}
