import AccessControl
import Logging
import PerigeeTesting
import VolumeFileSystem
import VolumeModel
import VolumeService

/// A file system without a kernel, asked by its nodes.
struct AccessFileSystemDriver: AccessDriver {
    let system: VolumeFileSystem
    let principal: Principal
    var showing = ShownEntries.listed
    /// Names that one call of a listing has room for.
    var room = 3

    init(
        _ service: any VolumeService, as principal: Principal,
        showing: ShownEntries = .listed
    ) throws {
        self.principal = principal
        self.showing = showing
        system = try VolumeFileSystem(
            service: service, principal: principal, layout: .everyVolume, showing: showing,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    func volumes() async throws -> [VolumeName]? {
        try list(.root).map { try VolumeName(String(decoding: $0.name, as: UTF8.self)) }
    }

    func totals() async throws -> AccessTotals? {
        let totals = system.totals()
        // The root is counted.
        return AccessTotals(nodes: Int64(totals.nodes) - 1, bytes: Int64(totals.bytes))
    }

    func report(_ question: AccessQuestion) async throws -> AccessReport {
        var current = Node.root
        var attributes: NodeAttributes?
        var held: [Node] = []
        defer { for node in held { system.forget(node, lookups: 1) } }
        let names =
            [Array("\(question.volume)\(question.revision)".utf8)]
            + question.path.segments.map { Array($0) }
        for name in names {
            let found = lookup(name, in: current)
            if case .failure(let error) = found, error.code == .notADirectory {
                return AccessReport(.absent, refusal: "\(error.code): \(error)")
            }
            guard let found = try found.get() else {
                return AccessReport(.absent, refusal: "no entry")
            }
            current = found.attributes.node
            attributes = found.attributes
            held.append(current)
        }
        guard let attributes, try system.attributes(of: current) == attributes else {
            throw AccessContradiction("\(question): its attributes are others than its look-up's")
        }
        let details = try system.details(of: current)
        var report = AccessReport(
            attributes.kind == .folder
                ? .folder(try list(current).map(\.name)) : try await file(attributes))
        report.modified = attributes.modified
        report.words = [details.details?.etag?.text, details.details.map { "\($0.path)" }]
            .compactMap(\.self).joined(separator: " ")
        return report
    }

    /// Looks a name up, which counts.
    func lookup(_ name: [UInt8], in folder: Node) -> Result<NodeEntry?, PerigeeError> {
        name.withUnsafeBytes { bytes in
            Result { () throws(PerigeeError) in try system.lookup(bytes, in: folder) }
        }
    }

    /// Looks a name up for the length of `body`; nil where it is not there.
    func withNode<Value>(
        _ name: [UInt8], in folder: Node, _ body: (Node) throws -> Value
    ) throws -> Value? {
        guard let node = try lookup(name, in: folder).get()?.attributes.node else { return nil }
        defer { system.forget(node, lookups: 1) }
        return try body(node)
    }

    /// Everything in a folder, listed from offset to offset, and found by each name.
    func list(_ node: Node) throws -> [(name: [UInt8], attributes: NodeAttributes)] {
        let (handle, _) = try system.openFolder(node)
        defer { system.releaseFolder(handle) }
        var all: [(name: [UInt8], attributes: NodeAttributes)] = []
        var offset: UInt64 = 0
        while true {
            var taken = 0
            var counted: [Node] = []
            try system.list(handle, from: offset, counting: true) {
                name, attributes, lifetime, next in
                guard taken < room else { return false }
                taken += 1
                offset = next
                if lifetime != nil {
                    counted.append(attributes.node)
                    all.append((Array(name), attributes))
                }
                return true
            }
            for node in counted { system.forget(node, lookups: 1) }
            if taken == 0 { break }
        }
        for (name, attributes) in all {
            let found = try lookup(name, in: node).get()
            if let found { system.forget(found.attributes.node, lookups: 1) }
            guard found?.attributes == attributes else {
                throw AccessContradiction(
                    "\(Printable.quoted(name)) is listed, and found as something else")
            }
        }
        return all
    }

    private func file(_ attributes: NodeAttributes) async throws -> AccessAnswer {
        let node = attributes.node
        let isDenied = failure {
            try system.checkAccess(of: node, read: true, write: false, execute: false)
        }
        guard (isDenied?.code == .accessDenied) == !attributes.isReadable else {
            throw AccessContradiction("access(2) does not say what the mode says")
        }
        do {
            let opened: OpenFile
            if let now = try system.openNow(node) {
                opened = now
            } else {
                opened = try await system.open(node)
            }
            guard attributes.isReadable else {
                throw AccessContradiction("a file without any right to it opens")
            }
            return .content(try await opened.file.content(piece: 100))
        } catch let error as PerigeeError where error.code == .accessDenied {
            guard !attributes.isReadable else { throw error }
            return .closed(size: attributes.size)
        } catch let error as PerigeeError where error.code == .stale {
            return .gone(size: attributes.size)
        }
    }
}
