internal import AccessControl
internal import ArgumentParser
internal import BlockCache
internal import Logging
internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// Fetching into the cache by a command, with its progress and its last words.
struct CacheFilling {
    let reader: ReaderOptions
    let cache: CacheOptions
    let options: StateOptions

    /// Failures that are told one by one.
    private static let mostTold = 20

    /// Fetches what is wanted.
    ///
    /// - Parameter command: its name, for the audit.
    /// - Throws: `.conflict` where it is more than the cache may hold; `ExitCode.failure` where some
    ///   of it could not be fetched.
    func fetch(_ wanted: [WantedFiles], command: String) async throws {
        let principal = try reader.principal(
            for: command, Set(wanted.map { $0.volume }).sorted(), options)
        var logger = options.logger("cache")
        if !options.verbose { logger.logLevel = .error }
        let nodeCache = try cache.place.cache(logger)
        let service = try LocalVolumeService(
            state: try options.folder(), cache: nodeCache, logger: logger)
        defer { service.stop() }
        let queue = FileQueue(wanted, service: service, principal: principal)
        let all = size(of: queue)
        guard all.bytes <= nodeCache.capacity else {
            throw PerigeeError(
                .conflict,
                "these \(Human.count(all.files, "file")) have \(Human.bytes(all.bytes)), and the "
                    + "cache may hold \(Human.bytes(nodeCache.capacity))",
                remedy: "fetch less, or give it more with --cache-size or PERIGEE_CACHE_SIZE, here "
                    + "and where volumes are mounted")
        }
        var report = try await run(queue, of: all, with: CacheWarming(service))
        // What was fetched is to be there after a power cut, too.
        await nodeCache.close()
        report.fetchedBytes = nodeCache.counters.upstreamBytes
        try tell(report)
    }

    private func size(of queue: FileQueue) -> (files: Int, bytes: Int64) {
        var queue = queue
        var sum: (files: Int, bytes: Int64) = (0, 0)
        while let item = queue.next() {
            guard case .file(let file) = item else { continue }
            sum.files += 1
            sum.bytes.add(bytes: file.entry.size)
        }
        return sum
    }

    private func run(
        _ first: FileQueue, of all: (files: Int, bytes: Int64), with warming: CacheWarming
    ) async throws -> FillReport {
        var queue = first
        var report = FillReport()
        var line = ProgressLine(isQuiet: options.quiet)
        defer { line.end() }
        let interruption = Interruption()
        func failed(_ name: String, _ error: PerigeeError) {
            report.failed += 1
            guard report.failed <= Self.mostTold else { return }
            line.end()
            Terminal.errorLine("perigee: \(name): \(error.message)")
        }
        try await warming.run {
            while !interruption.isRequested, let item = queue.next() {
                switch item {
                case .file(let file): return file
                case .failure(let name, let error): failed(name, error)
                }
            }
            return nil
        } done: { file, error in
            if let error {
                failed(file.name, error)
            } else {
                report.files += 1
                report.bytes.add(bytes: file.entry.size)
            }
            line.show(
                ProgressLine.Step(
                    label: "fetching", files: report.files, bytes: report.bytes,
                    problems: report.failed, expectedFiles: all.files, expectedBytes: all.bytes))
        }
        report.isStopped = interruption.isRequested
        report.localVolumes = queue.localVolumes.map(\.string).sorted()
        return report
    }

    private func tell(_ report: FillReport) throws {
        if options.json {
            Output.object(report)
        } else {
            for name in report.localVolumes {
                options.say("The files of \(name) lie on this machine: nothing to fetch")
            }
            if report.failed > Self.mostTold {
                Terminal.errorLine(
                    "perigee: and \(report.failed - Self.mostTold) more that could not be fetched")
            }
            options.say(
                "In the cache: \(Human.count(report.files, "file")), \(Human.bytes(report.bytes)); "
                    + "\(Human.bytes(Int64(report.fetchedBytes))) of it fetched now")
        }
        if report.isStopped {
            throw PerigeeError(
                .cancelled, "fetching was stopped",
                remedy: "run it again: what is in the cache is not fetched twice")
        }
        if report.failed > 0 { throw QuietFailure() }
    }
}

/// What was fetched, as JSON.
private struct FillReport: Encodable {
    var files = 0
    var bytes: Int64 = 0
    var fetchedBytes = 0
    var failed = 0
    var isStopped = false
    var localVolumes: [String] = []
}
