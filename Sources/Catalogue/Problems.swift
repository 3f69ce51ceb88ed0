package import VolumeModel

/// The report of what the scans left out.
extension CatalogueReader {
    /// How many problems of each kind stand in the report.
    package func problemCounts() throws(PerigeeError) -> [ScanProblem.Kind: Int] {
        try begin()
        return try connection.problemCounts()
    }

    /// Calls `body` for each problem, by path in bytes.
    package func problems(_ body: (ScanProblem) throws(PerigeeError) -> Void)
        throws(PerigeeError)
    {
        try begin()
        let statement = try connection.statement(
            "SELECT kind, path, detail FROM problem ORDER BY path, number")
        defer { statement.reset() }
        while try statement.step() {
            guard let kind = ScanProblem.Kind(rawValue: Int(statement.integer(0))) else { continue }
            try body(ScanProblem(kind, statement.array(1), statement.text(2)))
        }
    }
}

extension CandidateWriter {
    /// How many problems of each kind stand in the report now.
    package func problemCounts() throws(PerigeeError) -> [ScanProblem.Kind: Int] {
        try connection.problemCounts()
    }

    /// Forgets the problems at and below `path`, which is about to be scanned.
    package func clearProblems(under path: EntryPath) throws(PerigeeError) {
        guard !path.isRoot else { return try connection.execute("DELETE FROM problem") }
        let statement = try connection.statement(
            "DELETE FROM problem WHERE path = ?1 OR (path >= ?2 AND path < ?3)")
        statement.bind(1, copying: path.bytes)
        statement.bind(2, copying: path.bytes + [UInt8(ascii: "/")])
        statement.bind(3, copying: path.bytes + [UInt8(ascii: "/") + 1])
        try statement.run()
    }

    /// Forgets the problems of one path alone.
    package func clearProblem(at path: [UInt8]) throws(PerigeeError) {
        let statement = try connection.statement("DELETE FROM problem WHERE path = ?1")
        statement.bind(1, copying: path)
        try statement.run()
    }

    /// Adds a problem to the report.
    package func add(_ problem: ScanProblem) throws(PerigeeError) {
        let statement = try connection.statement(
            "INSERT INTO problem(kind, path, detail) VALUES (?1, ?2, ?3)")
        statement.bind(1, problem.kind.rawValue)
        statement.bind(2, copying: problem.path)
        statement.bind(3, text: problem.detail)
        try statement.run()
    }
}

extension SQLiteConnection {
    fileprivate func problemCounts() throws(PerigeeError) -> [ScanProblem.Kind: Int] {
        let statement = try statement("SELECT kind, count(*) FROM problem GROUP BY kind")
        defer { statement.reset() }
        var counts: [ScanProblem.Kind: Int] = [:]
        while try statement.step() {
            if let kind = ScanProblem.Kind(rawValue: Int(statement.integer(0))) {
                counts[kind] = Int(statement.integer(1))
            }
        }
        return counts
    }
}
