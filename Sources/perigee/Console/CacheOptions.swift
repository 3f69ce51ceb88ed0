internal import ArgumentParser
internal import Foundation
internal import Logging
internal import VolumeModel
internal import VolumeService

/// Where bytes of other machines are kept, and how many, as flags.
struct CacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where bytes of origins on other machines are kept (default: $PERIGEE_CACHE, else "
                + "$XDG_CACHE_HOME/perigee, else ~/.cache/perigee).", valueName: "dir"),
        completion: .directory)
    var cacheDir: String?
    @Option(
        help: ArgumentHelp(
            "How much of it (default: $PERIGEE_CACHE_SIZE, else a tenth of its disk).",
            valueName: "size"))
    var cacheSize: String?

    /// The cache that is meant.
    var place: CachePlace { CachePlace(folder: cacheDir, size: cacheSize) }
}

/// Where bytes of other machines are kept, and how many.
struct CachePlace {
    /// The folder and the size as they were given; nil: as the environment says.
    var folder: String?
    var size: String?

    private static let sizes = (16 << 20)...(1 << 50)

    /// The cache; its folder is made when the first byte is to be kept.
    ///
    /// - Throws: `.invalidArgument`.
    func cache(
        environment: [String: String] = ProcessInfo.processInfo.environment, _ logger: Logger
    ) throws(PerigeeError) -> NodeCache {
        let path = try path(environment)
        let bytes: Int
        if let text = size ?? environment["PERIGEE_CACHE_SIZE"], !text.isEmpty {
            bytes = try ByteSize.parse(text, in: Self.sizes)
        } else {
            bytes = Self.tenthOfDisk(at: path)
        }
        return NodeCache(folder: path, bytes: Int64(bytes), logger: logger)
    }

    /// The folder; it may not exist yet.
    ///
    /// - Throws: `.invalidArgument`.
    func path(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(PerigeeError) -> String {
        let named = folder ?? environment["PERIGEE_CACHE"]
        if let named, !named.isEmpty {
            return named.hasPrefix("/")
                ? named : "\(FileManager.default.currentDirectoryPath)/\(named)"
        }
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
            return "\(base)/perigee"
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw PerigeeError(
                .invalidArgument, "there is no $HOME to keep a cache in",
                remedy: "give --cache-dir or set PERIGEE_CACHE")
        }
        return "\(home)/.cache/perigee"
    }

    /// A tenth of the disk that a folder is on, or is going to be on, within the bounds.
    private static func tenthOfDisk(at folder: String) -> Int {
        var path = folder
        var system = statvfs()
        while statvfs(path, &system) != 0, path != "/" {
            path = path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
            if path.isEmpty { path = "/" }
        }
        return min(
            max(1 << 30, Int(system.f_blocks) * Int(system.f_frsize) / 10), sizes.upperBound)
    }
}
