import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    /// Random changes, scans, publishing, rollbacks and reads through mounts that are killed and
    /// come back, against a model that keeps every revision whole.
    @Suite(.needsMounts()) struct RandomOperationsTests {
        @Test(arguments: ["auto", "off"])
        func `whatever happens, a mount shows whole revisions`(_ passthrough: String) throws {
            var random = SeededRandom(announcing: "random operations, passthrough \(passthrough)")
            try withSite { site in
                var run = try RandomRun(site, passthrough: passthrough)
                let end = monotonicNanoseconds() + 30_000_000_000
                while monotonicNanoseconds() < end { try run.step(&random) }
                print("random operations: \(run.steps) steps, \(run.revisions.count) revisions")
                #expect(run.steps > 20)
                try run.compareAll()
            }
        }
    }
}

/// The model and the real thing, side by side.
private struct RandomRun {
    typealias Files = [String: [UInt8]]

    let site: Site
    let mountFlags: [String]
    let point: String
    /// What the origin holds now.
    var origin: Files = [:]
    /// What a scan has found since the last publishing.
    var candidate: Files?
    /// What each revision holds; r1 is the first.
    var revisions: [Files] = []
    /// The current one's index.
    var current = 0
    /// Files that are open or mapped, each with the bytes it must go on having.
    var held: [(file: Int32, mapping: Mapping?, path: String, content: [UInt8])] = []
    var steps = 0
    private var serial: UInt64 = 0

    init(_ site: Site, passthrough: String) throws {
        self.site = site
        mountFlags = ["--passthrough", passthrough]
        point = try site.makeFolder("mnt")
        for index in 0..<8 { try put("d\(index % 3)/f\(index)", 1_000 * index) }
        try site.publish()
        revisions = [origin]
        try site.ok(["mount", point] + mountFlags)
    }

    mutating func step(_ random: inout SeededRandom) throws {
        steps += 1
        switch random.below(20) {
        case 0..<6: try change(&random)
        case 6..<8: try scan()
        case 8..<10: try publish()
        case 10: try rollBack(random.below(revisions.count))
        case 11: try restart(killing: random.once(in: 2))
        case 12..<14: try hold(&random)
        case 14: release(&random)
        case 15: try compareListing(random.below(revisions.count))
        default: try compareFiles(&random)
        }
        checkHeld()
    }

    private mutating func put(_ path: String, _ size: Int) throws {
        serial += 1
        let content = pattern(size, version: serial)
        try DiskFile.makeFolders(
            "\(site.origin)/\(path)".split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
        try DiskFile.replace("\(site.origin)/\(path)", content)
        // Each version has a time of its own, whatever the clock's tick.
        try DiskFile.setModified(
            "\(site.origin)/\(path)",
            Timestamp(nanoseconds: 1_700_000_000_000_000_000 + Int64(serial) * 1_000))
        origin[path] = content
    }

    private mutating func change(_ random: inout SeededRandom) throws {
        for _ in 0...random.below(4) {
            let known = origin.keys.sorted()
            switch random.below(4) {
            case 0 where known.count > 3:
                let path = random.pick(known)
                try DiskFile.remove("\(site.origin)/\(path)")
                origin[path] = nil
            case 1:
                try put(
                    "d\(random.below(4))/e\(random.below(3))/n\(random.below(9))",
                    random.below(200_000))
            default: try put(random.pick(known), random.below(400_000))
            }
        }
    }

    private mutating func scan() throws {
        try site.ok("volume scan vol --quiet")
        candidate = origin == revisions.last ? nil : origin
    }

    private mutating func publish() throws {
        guard let next = candidate else {
            expectRefusal(try site.run("volume publish vol"), 1, saying: "candidate")
            return
        }
        try site.ok("volume publish vol --force")
        candidate = nil
        revisions.append(next)
        current = revisions.count - 1
    }

    private mutating func rollBack(_ index: Int) throws {
        try site.ok("volume rollback vol@r\(index + 1)")
        current = index
    }

    private mutating func restart(killing: Bool) throws {
        held.removeAll {
            close($0.file)
            return true
        }
        if killing {
            kill(try site.daemon(), SIGKILL)
            let isDead = eventually(within: 5) { listing(point) == .failed(ENOTCONN) }
            #expect(isDead)
        } else {
            try site.ok(["unmount", point])
            let isGone = eventually(within: 15) { site.daemons() == [] }
            #expect(isGone)
        }
        try site.ok(["mount", point] + mountFlags)
    }

    /// A file of the current revision or a pinned one, as its path in the mount.
    private func pick(_ random: inout SeededRandom) -> (String, String, [UInt8])? {
        let index = random.once(in: 2) ? current : random.below(revisions.count)
        let isPinned = index != current || random.once(in: 3)
        guard let path = revisions[index].keys.sorted().randomElement(using: &random),
            let content = revisions[index][path]
        else { return nil }
        let volume = isPinned ? "vol@r\(index + 1)" : "vol"
        return ("\(point)/\(volume)/\(path)", path, content)
    }

    private mutating func hold(_ random: inout SeededRandom) throws {
        guard held.count < 12, let (full, path, content) = pick(&random) else { return }
        var file: Int32 = -1
        // The mount follows a switch within a second.
        let isAsExpected = eventually(within: 2) {
            if file >= 0 { close(file) }
            file = open(full, O_RDONLY | O_CLOEXEC)
            let isServed = origin[path] == content
            return file >= 0 ? contents(of: file) == .ok(content) : !isServed && errno == ESTALE
        }
        #expect(isAsExpected, "\(full)")
        guard file >= 0 else { return }
        let isMapped = !content.isEmpty && random.once(in: 2)
        let mapping = isMapped ? try Mapping(file, count: content.count) : nil
        held.append((file, mapping, full, content))
    }

    private mutating func release(_ random: inout SeededRandom) {
        guard !held.isEmpty else { return }
        close(held.remove(at: random.below(held.count)).file)
    }

    /// Files are replaced by rename only, so what is open keeps its bytes.
    private func checkHeld() {
        for item in held {
            let read = contents(of: item.file)
            #expect(read == .ok(item.content) || read == .failed(ESTALE), "\(item.path)")
            if let mapping = item.mapping { #expect(mapping.bytes == item.content) }
        }
    }

    private func compareFiles(_ random: inout SeededRandom) throws {
        for _ in 0..<5 {
            guard let (full, path, content) = pick(&random) else { return }
            let isAsExpected = eventually(within: 2) {
                Facts(full)?.size == content.count && isServed(full, path, content)
            }
            #expect(isAsExpected, "\(full)")
        }
    }

    /// Old bytes that the origin no longer holds are ESTALE; all others are there.
    private func isServed(_ full: String, _ path: String, _ content: [UInt8]) -> Bool {
        origin[path] == content
            ? contents(full) == .ok(content) : contents(full) == .failed(ESTALE)
    }

    private func compareListing(_ index: Int) throws {
        for (volume, files) in [
            ("vol", revisions[current]), ("vol@r\(index + 1)", revisions[index]),
        ] {
            var found: [String] = []
            let isAsExpected = eventually(within: 2) {
                let tree = try? Tree.read("\(point)/\(volume)", isHashing: false)
                found = (tree ?? [:]).filter { !$0.value.isFolder }.keys.sorted()
                return found == files.keys.sorted()
            }
            #expect(isAsExpected, "\(volume): \(found)")
        }
    }

    func compareAll() throws {
        for (index, files) in revisions.enumerated() {
            let listed = try site.ok("ls -R vol@r\(index + 1)").lines.filter { !$0.hasSuffix("/") }
            #expect(Set(listed) == Set(files.keys), "r\(index + 1)")
            try compareListing(index)
        }
        for item in held { close(item.file) }
    }
}
