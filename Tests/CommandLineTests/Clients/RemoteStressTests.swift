import Foundation
import Glibc
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

extension CommandLineTests {
    /// Everything that goes wrong with an origin, a node and a disk, at once and for a while.
    ///
    /// `PERIGEE_STRESS_SECONDS` makes it longer.
    @Suite(.needsMounts(), .needs("curl"), .timeLimit(.minutes(30))) struct RemoteStressTests {
        private static let servers = OriginServer.allCases.filter {
            $0.isThere(for: "RemoteStressTests")
        }

        @Test(arguments: servers)
        func `through faults, kills and flipped bits no byte that is read is wrong`(
            _ kind: OriginServer
        ) throws {
            let seconds =
                getenv("PERIGEE_STRESS_SECONDS").flatMap { Double(String(cString: $0)) } ?? 12
            try withSite { site in
                let stress = try RemoteStress(site, kind)
                try stress.run(seconds: seconds)
            }
        }
    }
}

/// Readers of one origin through two mounts and a gateway that share a cache, and what befalls them.
private final class RemoteStress: Sendable {
    private let site: Site
    private let server: ServerProcess
    private let proxy: FaultProxy
    private let files: [String: [UInt8]]
    private let points: [String]
    private let isOver = Atomic(false)
    private let tally = Mutex(Tally())

    /// What the readers and their misfortunes came to.
    private struct Tally {
        var reads = 0
        var bytes = 0
        var failures: [Int32: Int] = [:]
        var objects = 0
        var refusedObjects = 0
        var kills = 0
        var flips = 0
        var wrong: [String] = []
    }

    init(_ site: Site, _ kind: OriginServer) throws {
        self.site = site
        let archive: String
        if let real = RealData.folder {
            archive = "\(real)/volumes/hst"
        } else {
            try site.ok(["sample-archive", "\(site.folder)/sample", "--quiet"])
            archive = "\(site.folder)/sample/hst"
        }
        let scratch = try site.makeFolder("scratch")
        var words = ["--allow-http", "--allow-private"]
        switch kind {
        case .rclone:
            let above = URL(fileURLWithPath: archive).deletingLastPathComponent().path
            server = try OriginServer.bucketServer(of: above, scratch: scratch)
            proxy = try FaultProxy(upstream: server.port)
            words += ["--origin", "s3://hst", "--endpoint", proxy.url, "--anonymous"]
        case .nginx:
            server = try OriginServer.webServer(of: archive, scratch: scratch)
            proxy = try FaultProxy(upstream: server.port)
            words += ["--origin", "\(proxy.url)/"]
        }
        try site.ok(["root", "add", "far"] + words)
        try site.ok(["volume", "add", "far", "--source", "far:", "--public"])
        try site.ok(["volume", "scan", "far"])
        try site.ok(["volume", "publish", "far"])
        files = try Tree.read(archive).filter { !$0.value.isFolder }.keys.reduce(into: [:]) {
            $0[$1] = try DiskFile.read("\(archive)/\($1)")
        }
        points = [try site.makeFolder("one"), try site.makeFolder("two")]
    }

    func run(seconds: Double) throws {
        var chance = SeededRandom(announcing: "stress of a remote volume")
        defer { proxy.stop() }
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        while monotonicNanoseconds() < end {
            try round(until: min(end, monotonicNanoseconds() + 6_000_000_000), &chance)
            // What a running process has verified is not verified again at each read: disks that change
            // under it are the scrubber's. So bits flip while nobody runs.
            for point in points { try self.end(point) }
            for _ in 0..<(1 + chance.below(6)) { flip(&chance) }
        }
        try finish()
    }

    /// Some seconds of readers and misfortunes.
    private func round(until end: UInt64, _ chance: inout SeededRandom) throws {
        for point in points { try site.ok(["mount", point, "--timeout", "5"]) }
        isOver.store(false, ordering: .relaxed)
        try site.withServed { served in
            let group = DispatchGroup()
            let seed = chance.next()
            for reader in 0..<4 {
                start(group, "reader") { [self] in
                    read(reader, chance: SeededRandom(seed: seed &+ UInt64(reader)))
                }
            }
            let endpoint = served.endpoint
            start(group, "client") { [self] in
                get(from: endpoint, chance: SeededRandom(seed: seed &+ 99))
            }
            defer {
                isOver.store(true, ordering: .relaxed)
                group.wait()
            }
            while monotonicNanoseconds() < end {
                try misfortune(&chance)
                usleep(useconds_t(chance.below(400_000)))
            }
        }
    }

    private func start(
        _ group: DispatchGroup, _ name: String, _ body: @escaping @Sendable () -> Void
    ) {
        group.enter()
        Thread.start(name: name) {
            body()
            group.leave()
        }
    }

    // MARK: Readers

    private func read(_ number: Int, chance: SeededRandom) {
        var chance = chance
        let names = files.keys.sorted()
        while !isOver.load(ordering: .relaxed) {
            let name = chance.pick(names)
            let path = "\(points[number % points.count])/far/\(name)"
            let content = files[name] ?? []
            let whole = chance.once(in: 4) || content.isEmpty
            let first = whole ? 0 : chance.below(content.count)
            let count =
                whole ? content.count : min(content.count - first, 1 + chance.below(1 << 18))
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else {
                note(errno)
                continue
            }
            compare(file, content, first, count, name)
            close(file)
        }
    }

    private func compare(
        _ file: Int32, _ content: [UInt8], _ first: Int, _ count: Int, _ name: String
    ) {
        var buffer = [UInt8](repeating: 0, count: max(1, count))
        var done = 0
        while done < count {
            let got = buffer.withUnsafeMutableBytes {
                pread(file, $0.baseAddress! + done, count - done, off_t(first + done))
            }
            if got < 0 { return note(errno) }
            if got == 0 {
                return tally.withLock { $0.wrong.append("\(name) ends at \(first + done)") }
            }
            let isRight = content[(first + done)..<(first + done + got)]
                .elementsEqual(buffer[done..<(done + got)])
            guard isRight else {
                let count = zip(content[(first + done)..<(first + done + got)], buffer[done...])
                    .count { $0 != $1 }
                return tally.withLock {
                    $0.wrong.append("\(name) at \(first + done): \(count) of \(got) bytes")
                }
            }
            done += got
        }
        tally.withLock { tally in
            tally.reads += 1
            tally.bytes += done
        }
    }

    private func note(_ number: Int32) {
        tally.withLock { $0.failures[number, default: 0] += 1 }
        // A mount that has just been killed answers at once.
        usleep(2_000)
    }

    private func get(from endpoint: String, chance: SeededRandom) {
        var chance = chance
        let names = files.keys.sorted()
        while !isOver.load(ordering: .relaxed) {
            let name = chance.pick(names)
            let content = files[name] ?? []
            let target = "\(site.folder)/got"
            let escaped = name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? name
            let done = try? Child([
                "curl", "-sf", "--max-time", "20", "-o", target,
                "\(endpoint)/far/\(escaped)",
            ]).wait(30)
            guard done?.status == 0, let got = try? DiskFile.read(target) else {
                tally.withLock { $0.refusedObjects += 1 }
                continue
            }
            let isRight = got == content
            tally.withLock { tally in
                tally.objects += 1
                if !isRight { tally.wrong.append("object \(name)") }
            }
        }
    }

    // MARK: Misfortunes

    private func misfortune(_ chance: inout SeededRandom) throws {
        switch chance.below(8) {
        case 0: proxy.always(.none)
        case 1: proxy.always(.delay(milliseconds: chance.below(200)))
        case 2, 3: proxy.next(fault(&chance), fault(&chance), fault(&chance))
        case 4: proxy.always(.drip(bytes: 20_000, milliseconds: 5))
        case 5:
            let point = chance.pick(points)
            try self.end(point)
            try site.ok(["mount", point, "--timeout", "5"])
        default: proxy.always(chance.once(in: 3) ? fault(&chance) : .none)
        }
    }

    private func fault(_ chance: inout SeededRandom) -> FaultProxy.Fault {
        let place = chance.below(100_000)
        // Wrong bytes from the origin itself can only be told by digests, and are not among them.
        switch chance.below(8) {
        case 0: return .cut(after: place)
        case 1: return .reset(after: place)
        case 2: return .stall(after: place)
        case 3: return .status(503, fields: ["Retry-After: 1"])
        case 4: return .status(500, fields: [])
        case 5: return .status(429, fields: ["Retry-After: 0"])
        case 6: return .fields(["content-range": "bytes 0-1/2"])
        default: return .reset(after: -1)
        }
    }

    /// Flips some bits of any file of the cache.
    private func flip(_ chance: inout SeededRandom) {
        let folder = "\(site.folder)/.cache/perigee/v1/objects"
        let names = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String]) ?? []
        let chosen = names.sorted().filter { $0.hasSuffix(".data") || $0.hasSuffix(".map") }
        guard !chosen.isEmpty else { return }
        let file = open("\(folder)/\(chance.pick(chosen))", O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        for _ in 0..<8 where size > 0 {
            let place = off_t(chance.below(Int(size)))
            var byte: UInt8 = 0
            guard pread(file, &byte, 1, place) == 1 else { continue }
            byte ^= 1 << UInt8(chance.below(8))
            pwrite(file, &byte, 1, place)
        }
        tally.withLock { $0.flips += 1 }
    }

    /// Kills the process of a mount, and takes the mount away as an administrator does.
    private func end(_ point: String) throws {
        for pid in site.daemons() {
            let words = (try? DiskFile.read("/proc/\(pid)/cmdline"))?.split(separator: 0) ?? []
            if words.contains(where: { $0.elementsEqual(point.utf8) }) { Glibc.kill(pid, SIGKILL) }
        }
        try site.ok(["unmount", "--lazy", point])
        tally.withLock { $0.kills += 1 }
    }

    // MARK: The end

    /// With all faults over everything is there, and right.
    private func finish() throws {
        proxy.always(.none)
        for point in points { try site.ok(["mount", point]) }
        let came = tally.withLock(\.self)
        print(
            "stress: \(came.reads) reads with \(came.bytes >> 20) MiB, \(came.objects) objects; failed: "
                + "\(came.failures.values.reduce(0, +)) reads, \(came.refusedObjects) objects; "
                + "\(came.kills) kills, \(came.flips) files with flipped bits")
        #expect(came.wrong.isEmpty, "\(came.wrong.prefix(5))")
        #expect(came.reads > 10)
        // ESTALE: an answer that lies of the size tells of another version.
        let allowed: Set<Int32> = [EIO, ENOTCONN, ECONNABORTED, ENOENT, EINTR, ESTALE]
        #expect(Set(came.failures.keys).isSubset(of: allowed), "\(came.failures)")
        for point in points {
            let isWhole = eventually(within: 60) {
                self.files.allSatisfy { name, content in
                    (try? DiskFile.read("\(point)/far/\(name)")) == content
                }
            }
            #expect(isWhole, "\(point)")
        }
        for point in points { umount2(point, Int32(MNT_DETACH)) }
        let ended = eventually(within: 20) { self.site.daemons().isEmpty }
        #expect(ended)
        _ = try site.run("cache verify", within: 120)
        #expect(try site.ok("cache verify", within: 120).text.contains(" 0 of them bad"))
    }
}
