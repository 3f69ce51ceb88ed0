internal import ArgumentParser
internal import BlockCache
internal import ControlStore
internal import Glibc
internal import Logging
internal import VolumeModel
internal import VolumeService

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Look after the bytes of other machines that are kept on this one.",
        discussion: """
            Everything in the cache can be fetched again; its folder can be deleted at any time.

            Example: perigee cache stats
            """,
        subcommands: [Stats.self, List.self, Verify.self, Evict.self, WarmCommand.self])

    struct Stats: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Count what lies in the cache.",
            discussion: "Example: perigee cache stats --json")

        @OptionGroup var cache: CacheOptions
        @OptionGroup var options: StateOptions

        func run() throws {
            let objects = try cache.opened(options)?.objects() ?? []
            let report = CacheReport(folder: try cache.place.path(), objects: objects)
            if options.json { return Output.object(report) }
            Output.line("folder\t\(report.folder)")
            Output.line("files\t\(report.objects)")
            Output.line("complete\t\(report.complete)")
            Output.line("bytes\t\(report.bytes)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List the files in the cache, largest first.",
            discussion: """
                Bytes on this disk, bytes of the file, whether all of it is there, origin and key.

                Example: perigee cache ls | head
                """)

        @OptionGroup var cache: CacheOptions
        @OptionGroup var options: StateOptions

        func run() throws {
            let objects = try cache.opened(options)?.objects() ?? []
            for object in objects.sorted(by: { $0.bytesOnDisk > $1.bytesOnDisk }) {
                if options.json {
                    Output.object(CachedObjectReport(object))
                } else {
                    Output.line(
                        "\(object.bytesOnDisk)\t\(object.id.size)\t"
                            + "\(object.isComplete ? "whole" : "part")\t"
                            + "\(Printable.escaped(Array(object.id.root.utf8)))\t"
                            + Printable.escaped(object.id.key))
                }
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare every block in the cache with its checksum, and drop bad ones.",
            discussion: "Ends with status 1 where there was one. Example: perigee cache verify")

        @OptionGroup var cache: CacheOptions
        @OptionGroup var options: StateOptions

        func run() throws {
            let found = try cache.opened(options)?.verify() ?? BlockCache.Verification()
            if options.json {
                Output.object(VerificationReport(found))
            } else {
                options.say(
                    "\(found.objects) files, \(found.blocks) blocks, \(found.badBlocks) of them bad"
                        + (found.unreadable > 0 ? ", \(found.unreadable) files unreadable" : ""))
            }
            if found.badBlocks > 0 || found.unreadable > 0 { throw ExitCode.failure }
        }
    }

    struct Evict: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove files of an origin root from the cache.",
            discussion: """
                Who has them open reads on.

                Example: perigee cache evict irsa:q1/
                """)

        @Argument(
            help: ArgumentHelp(
                "A root, and what keys begin with; without it all roots.",
                valueName: "root[:prefix]"))
        var what: String?
        @Flag(help: "Everything.") var all = false
        @OptionGroup var cache: CacheOptions
        @OptionGroup var options: StateOptions

        func validate() throws {
            guard all != (what != nil) else {
                throw ValidationError("Give either ROOT[:PREFIX] or --all.")
            }
        }

        func run() throws {
            var root: OriginRoot?
            var prefix: [UInt8] = []
            if let what {
                let parts = what.split(separator: ":", maxSplits: 1)
                root = try options.store().root(named: try RootName(String(parts.first ?? "")))
                prefix = parts.count > 1 ? Array(parts[1].utf8) : []
            }
            let identity = root?.cacheIdentity
            let removed =
                try cache.opened(options)?.evict { object in
                    (identity == nil || object.id.root == identity)
                        && object.id.key.starts(with: prefix)
                } ?? (objects: 0, bytes: 0)
            if options.json {
                Output.object(["files": removed.objects, "bytes": Int(removed.bytes)])
            } else {
                options.say("Removed \(removed.objects) files, \(removed.bytes) bytes")
            }
        }
    }
}

extension CacheOptions {
    /// The cache where there is one; nothing is made.
    fileprivate func opened(_ options: StateOptions) throws(PerigeeError) -> BlockCache? {
        var facts = stat()
        guard stat(try place.path(), &facts) == 0 else { return nil }
        return try place.cache(options.logger("cache")).cache()
    }
}

/// What lies in the cache, as JSON.
private struct CacheReport: Encodable {
    var folder: String
    var objects: Int
    var complete: Int
    var bytes: Int64

    init(folder: String, objects: [StoredObject]) {
        self.folder = folder
        self.objects = objects.count
        complete = objects.count { $0.isComplete }
        bytes = objects.reduce(0) { $0 + $1.bytesOnDisk }
    }
}

/// A file in the cache, as JSON.
private struct CachedObjectReport: Encodable {
    var origin: String
    var key: String
    var size: Int64
    var bytesOnDisk: Int64
    var isComplete: Bool
    var lastUse: String

    init(_ object: StoredObject) {
        origin = object.id.root
        key = String(decoding: object.id.key, as: UTF8.self)
        size = object.id.size
        bytesOnDisk = object.bytesOnDisk
        isComplete = object.isComplete
        lastUse = Timestamp(secondsSinceEpoch: object.lastUse).iso8601
    }
}

/// What a verification has found, as JSON.
private struct VerificationReport: Encodable {
    var files: Int
    var blocks: Int
    var bytes: Int
    var badBlocks: Int
    var unreadable: Int

    init(_ found: BlockCache.Verification) {
        files = found.objects
        blocks = found.blocks
        bytes = found.bytes
        badBlocks = found.badBlocks
        unreadable = found.unreadable
    }
}
