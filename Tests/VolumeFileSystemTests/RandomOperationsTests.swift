import Origins
import PerigeeTesting
import Synchronization
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

/// What volumes hold, kept in the plainest way.
private struct NaiveModel {
    typealias Files = [String: FakeVolumeService.Content]

    struct Volume {
        var revisions: [Files] = []
        var current = 0
    }

    var volumes: [String: Volume] = [:]

    /// The files behind a name at the root, or nil where there is no such name.
    func files(_ root: String) -> Files? {
        let parts = root.split(separator: "@")
        guard let volume = volumes[String(parts[0])] else { return nil }
        let number = parts.count == 2 ? Int(parts[1].dropFirst()) ?? 0 : volume.current
        guard (1...volume.revisions.count).contains(number) else { return nil }
        return volume.revisions[number - 1]
    }

    /// Names in the folder at `path`, nil where there is no such folder.
    static func names(_ files: Files, _ path: String) -> Set<String>? {
        let prefix = path.isEmpty ? "" : path + "/"
        let below = files.keys.filter { $0.hasPrefix(prefix) }
        guard !below.isEmpty || path.isEmpty else { return nil }
        return Set(
            below.map { String($0.dropFirst(prefix.count).split(separator: "/")[0]) })
    }
}

@Suite("A file system under random operations", .timeLimit(.minutes(1)))
struct RandomOperationsTests {
    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, UInt64.random(in: 0...(.max))])
    func itAnswersAsANaiveModel(seed: UInt64) async throws {
        print("seed \(seed)")
        try await withFakeService { service in
            let run = Run(service: service, random: SeededGenerator(seed: seed))
            try run.start()
            for _ in 0..<1_500 { try run.step() }
            try run.finish()
        }
    }

    /// One run; its methods are the operations.
    private final class Run {
        private struct Listing {
            let handle: UInt64
            let expected: Set<String>
            var seen: [String] = []
            var offsets: [UInt64] = [0]
        }

        let service: FakeVolumeService
        var random: SeededGenerator
        var model = NaiveModel()
        var system: VolumeFileSystem!
        /// Lookups that this caller holds, by node.
        var held: [Node: UInt64] = [:]
        /// What each file node was seen to hold, for ever.
        var meaning: [Node: FakeVolumeService.Content] = [:]
        private var listings: [Listing] = []
        var open: [(handle: UInt64, content: FakeVolumeService.Content)] = []

        init(service: FakeVolumeService, random: SeededGenerator) {
            self.service = service
            self.random = random
        }

        func start() throws {
            try publish("hst")
            try publish("jwst")
            system = try makeFileSystem(service)
            system.start { _ in }
        }

        func step() throws {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<4: try publish(volume())
            case 4..<6: try rollback(volume())
            case 6..<45: try walk()
            case 45..<55: forget()
            case 55..<65: try beginListing()
            case 65..<85: try continueListing()
            case 85..<92: try openFile()
            case 92..<97: try readFile()
            default: closeFile()
            }
        }

        func finish() throws {
            for listing in listings { system.releaseFolder(listing.handle) }
            for file in open { system.release(file.handle) }
            #expect(system.heldLookups == held.values.reduce(0, +))
            #expect(system.knownNodes == held.count)
            for (node, count) in held { system.forget(node, lookups: count) }
            #expect(system.knownNodes == 0)
            #expect(system.openFiles == 0)
            #expect(service.state.withLock { $0.opened == $0.closed })
        }

        private func volume() -> String {
            Bool.random(using: &random) ? "hst" : "jwst"
        }

        private func rootName() -> String {
            let volume = volume()
            guard Int.random(in: 0..<3, using: &random) == 0 else { return volume }
            let count = model.volumes[volume]?.revisions.count ?? 1
            return "\(volume)@r\(Int.random(in: 1...(count + 1), using: &random))"
        }

        private func path() -> String {
            (0..<Int.random(in: 1...3, using: &random)).map { _ in
                ["a", "b", "c", "é x"].randomElement(using: &random) ?? "a"
            }.joined(separator: "/")
        }

        private func publish(_ volume: String) throws {
            var files: NaiveModel.Files = [:]
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let path = path()
                // A name is a file or a folder, never both.
                guard !files.keys.contains(where: { $0.hasPrefix(path + "/") }),
                    !files.keys.contains(where: { path.hasPrefix($0 + "/") })
                else { continue }
                files[path] = .text(
                    "\(path)#\(Int.random(in: 0..<3, using: &random))")
            }
            var changed = model.volumes[volume] ?? NaiveModel.Volume()
            changed.revisions.append(files)
            changed.current = changed.revisions.count
            model.volumes[volume] = changed
            try service.publish(volume, files)
        }

        private func rollback(_ volume: String) throws {
            let count = model.volumes[volume]?.revisions.count ?? 1
            let number = Int.random(in: 1...count, using: &random)
            model.volumes[volume]?.current = number
            service.rollback(volume, to: number)
        }

        /// Looks a random path up, from the root.
        @discardableResult
        private func walk() throws -> (node: Node, content: FakeVolumeService.Content?)? {
            let root = rootName()
            let files = model.files(root)
            guard var found = try lookUp(root, in: .root) else {
                #expect(files == nil)
                return nil
            }
            let here = try #require(files)
            let target = path()
            var walked = ""
            for part in target.split(separator: "/") {
                let expected = NaiveModel.names(here, walked)?.contains(String(part)) ?? false
                walked += walked.isEmpty ? String(part) : "/\(part)"
                guard let next = try lookUp(String(part), in: found.attributes.node) else {
                    #expect(!expected)
                    return nil
                }
                #expect(expected)
                found = next
                guard let content = here[walked] else { continue }
                let node = found.attributes.node
                #expect(found.attributes.size == content.size)
                if let known = meaning[node] { #expect(known == content) }
                meaning[node] = content
                #expect(try system.attributes(of: node) == found.attributes)
                return (node, content)
            }
            #expect(found.attributes.kind == .folder)
            return (found.attributes.node, nil)
        }

        private func lookUp(_ name: String, in parent: Node) throws -> NodeEntry? {
            let found = try system.find(name, in: parent)
            if let found { held[found.attributes.node, default: 0] += 1 }
            return found
        }

        private func forget() {
            // In the order of numbers, so that a seed repeats the run.
            let nodes = held.keys.sorted { $0.value < $1.value }
            guard let node = nodes.randomElement(using: &random), let count = held[node] else {
                return
            }
            let returned = UInt64.random(in: 1...count, using: &random)
            system.forget(node, lookups: returned)
            held[node] = count == returned ? nil : count - returned
        }

        private func beginListing() throws {
            let root = rootName()
            guard let files = model.files(root), let found = try lookUp(root, in: .root) else {
                return
            }
            let names = NaiveModel.names(files, "") ?? []
            let (handle, _) = try system.openFolder(found.attributes.node)
            // The first call fixes the revision.
            let first = try system.names(handle, from: 0, room: 1)
            #expect(first.map(\.name) == ["."])
            listings.append(
                Listing(handle: handle, expected: names, seen: ["."], offsets: [0, first[0].next]))
        }

        private func continueListing() throws {
            guard let index = listings.indices.randomElement(using: &random) else { return }
            if Int.random(in: 0..<4, using: &random) == 0 {
                // Back to an offset that was handed out; never to 0, which would start anew.
                let back = Int.random(in: 1..<listings[index].offsets.count, using: &random)
                listings[index].offsets.removeLast(listings[index].offsets.count - 1 - back)
                listings[index].seen.removeLast(listings[index].seen.count - back)
            }
            let listing = listings[index]
            let more = try system.names(
                listing.handle, from: listing.offsets.last ?? 0,
                room: Int.random(in: 1...4, using: &random),
                counting: Bool.random(using: &random))
            for name in more where name.isCounted { held[name.node, default: 0] += 1 }
            listings[index].seen += more.map(\.name)
            listings[index].offsets += more.map(\.next)
            guard more.isEmpty else { return }
            let names = listings[index].seen
            #expect(Set(names) == listing.expected.union([".", ".."]))
            #expect(names.count == listing.expected.count + 2)
            system.releaseFolder(listing.handle)
            listings.remove(at: index)
        }

        private func openFile() throws {
            guard let (node, content) = try walk(), let content else { return }
            let file = try #require(try system.openNow(node))
            open.append((system.register(file), content))
        }

        private func readFile() throws {
            guard let (handle, content) = open.randomElement(using: &random),
                case .bytes(let bytes) = content
            else { return }
            let offset = Int.random(in: 0...(bytes.count + 2), using: &random)
            let range = try #require(ByteRange(offset: Int64(offset), count: 100))
            let file = try system.openFile(handle).file
            var found: [UInt8] = []
            for segment in try #require(try file.segmentsNow(range)) {
                guard case .file(_, let offset, let count) = segment else { continue }
                var buffer = [UInt8](repeating: 0, count: count)
                try buffer.withUnsafeMutableBytes {
                    try file.read(at: offset, count: count, into: $0)
                }
                found += buffer
            }
            #expect(found == Array(bytes.dropFirst(offset)))
        }

        private func closeFile() {
            guard let index = open.indices.randomElement(using: &random) else { return }
            system.release(open[index].handle)
            open.remove(at: index)
        }
    }
}
