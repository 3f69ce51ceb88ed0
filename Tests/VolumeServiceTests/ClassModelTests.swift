import AccessControl
import ControlStore
import Glibc
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// Random archives with links, tables and expressions, against what the disk and the tables say of
/// each path by itself.
@Suite("Classes against a model of an archive", .timeLimit(.minutes(5)))
struct ClassModelTests {
    /// What a path of a revision is, with its link as the disk has it.
    private struct Seen {
        var link: [UInt8]?
        var target: [UInt8]?
    }

    private struct Model {
        var rows: [AttributeRow] = []
        var expressions: [PathExpression] = []

        /// Nil where two rows clash.
        func attributes(_ path: [UInt8]) -> [AttributeKey: String]? {
            var found: [AttributeKey: String] = [:]
            for expression in expressions {
                found.merge(expression.attributes(of: path) ?? [:]) { first, _ in first }
            }
            var given: [AttributeKey: String] = [:]
            for row in rows where row.pattern.covers(path) {
                if let other = given[row.key], other != row.value { return nil }
                given[row.key] = row.value
            }
            return found.merging(given) { _, row in row }
        }

        func clashes(_ paths: [String: Seen]) -> Bool {
            paths.contains { path, seen in
                attributes(Array(path.utf8)) == nil
                    || target(path, seen).map(attributes) == .some(nil)
            }
        }

        /// Where an entry really is, as a path in the volume.
        func target(_ path: String, _ seen: Seen) -> [UInt8]? {
            guard let link = seen.link, let target = seen.target else { return nil }
            return target + Array(path.utf8).dropFirst(link.count)
        }
    }

    private static func real(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// Everything that the volume holds, by the catalogue, and where the disk says that it is.
    private func look(_ volume: ClassFixture, _ revision: Int) throws -> [String: Seen] {
        let root = try #require(Self.real(volume.fixture.archive))
        var seen: [String: Seen] = [:]
        for path in try volume.classes(revision).keys {
            seen[path] = Seen()
            var names = path.split(separator: "/").map { String($0) }
            // The deepest name that does not stand where it says.
            while let name = names.last {
                let prefix = names.joined(separator: "/")
                names.removeLast()
                let here = try #require(Self.real(volume.disk(prefix)))
                let above = try #require(Self.real(volume.disk(names.joined(separator: "/"))))
                guard here != "\(above)/\(name)" else { continue }
                let below = here.dropFirst(root.count + 1)
                seen[path] = Seen(
                    link: Array(prefix.utf8),
                    target: below.hasPrefix("vol/") ? Array(below.dropFirst(4).utf8) : nil)
                break
            }
        }
        return seen
    }

    private func expect(
        _ volume: ClassFixture, _ revision: Int, _ model: Model, _ seen: [String: Seen]
    ) throws {
        let known = try volume.policy().classes
        let found = try volume.classes(revision)
        #expect(Set(found.keys) == Set(seen.keys))
        for (path, one) in found {
            guard let place = seen[path] else { continue }
            #expect(one.attributes == model.attributes(Array(path.utf8)), "\(path) in \(revision)")
            #expect(one.link?.path == place.link, "\(path) in \(revision)")
            #expect(one.link?.target == place.target, "\(path) in \(revision)")
            guard let link = one.link else { continue }
            let there =
                link.targetClass == .none ? AccessClass() : try #require(known[link.targetClass])
            #expect(there.link == nil)
            #expect(
                there.attributes == model.target(path, place).map(model.attributes) ?? [:],
                "\(path) in \(revision)")
        }
    }

    private static let names = ["a", "b", "c"]

    /// Changes some names of the archive: files, folders, and links to any of them.
    private func change(_ volume: ClassFixture, _ random: inout SeededRandom) throws {
        for _ in 0..<8 {
            let depth = 1 + random.below(3)
            let names = (0..<depth).map { _ in random.pick(Self.names) }
            let base = random.once(in: 5) ? volume.fixture.archive("out") : volume.disk("")
            let path = "\(base)/\(names.joined(separator: "/"))"
            let above = String(path[..<path.lastIndex(of: "/")!])
            guard let real = Self.real(above) ?? (try? DiskFile.makeFolders(above)).map({ above })
            else { continue }
            let place = "\(real)/\(names.last!)"
            switch random.below(4) {
            case 0: _ = Glibc.remove(place)
            case 1: try? DiskFile.write(place, random.bytes(random.below(3)))
            case 2: try? DiskFile.makeFolder(place)
            default:
                _ = unlink(place)
                let top = random.once(in: 4) ? "out" : "vol"
                let to = (0...random.below(2)).map { _ in random.pick(Self.names) }
                let target = volume.fixture.archive("\(top)/\(to.joined(separator: "/"))")
                if Self.real(target) != nil { try? DiskFile.link(place, to: target) }
            }
        }
    }

    private func row(_ number: Int, _ random: inout SeededRandom) throws -> AttributeRow {
        let glob = (0...random.below(3)).map { _ in
            random.pick(Self.names + ["*", "?", "**", "{a,b}"])
        }.joined(separator: "/")
        return AttributeRow(
            pattern: try PathPattern(glob), key: try AttributeKey("k\(random.below(3))"),
            value: "\(random.below(3))", line: number + 2)
    }

    @Test(
        "Each entry of each revision is in the class that its path and its place call for",
        arguments: 1...4)
    func model(_: Int) throws {
        var random = SeededRandom(announcing: "classes of an archive")
        try withClasses { volume in
            try DiskFile.makeFolders(volume.fixture.archive("out/b"))
            try volume.write("a/b/c")
            var published: [[String: Seen]] = []
            var model = Model()
            for _ in 0..<25 {
                if random.below(3) > 0 { try change(volume, &random) }
                var next = model
                if random.once(in: 3) {
                    next.rows = try (0..<random.below(4)).map { try row($0, &random) }
                }
                if random.once(in: 4) {
                    next.expressions = try random.pick([
                        [], ["a/{k0}"], ["{k1}/**", "{k0}/b"], ["**/{k2:1}"],
                    ]).map { try PathExpression($0) }
                    try volume.perform(
                        .setSettings(
                            volume.volume, VolumeSettings(expressions: next.expressions)))
                }
                let error = failure {
                    // With the table, or with what is stored.
                    if next.rows != model.rows {
                        _ = try volume.publisher.scan(
                            volume.volume,
                            options: scanOptions {
                                $0.attributes = next.rows
                                $0.allowsFewerAttributes = true
                            })
                    } else {
                        try volume.scan()
                    }
                }
                if let error {
                    // Nothing was changed, but for what stands in the volume's settings.
                    #expect(error.code == .conflict, "\(error)")
                    #expect(error.message.contains("two values"))
                    #expect(
                        try volume.fixture.store.attributeSource(of: volume.volume).rows
                            == model.rows)
                    next.rows = []
                    _ = try volume.publisher.scan(
                        volume.volume,
                        options: scanOptions {
                            $0.attributes = []
                            $0.allowsFewerAttributes = true
                        })
                }
                model = next
                let candidate = published.count + 1
                if try volume.publisher.candidate(of: volume.volume) != nil {
                    let seen = try look(volume, candidate)
                    #expect(!model.clashes(seen))
                    try expect(volume, candidate, model, seen)
                    if random.once(in: 2) {
                        _ = try volume.publisher.publish(
                            volume.volume, isForced: true, isAccepted: true)
                        published.append(seen)
                    }
                }
                for (index, seen) in published.enumerated() {
                    try expect(volume, index + 1, model, seen)
                }
                #expect(try volume.publisher.assignClassesIfNeeded(volume.volume) == 0)
            }
        }
    }
}
