internal import AccessControl
internal import Catalogue
internal import ControlStore
internal import VolumeModel

/// The classes of a volume's entries, by what its attributes come from.
///
/// For one thread, and for entries in the order of a walk, by which looking up attributes is
/// fastest.
final class EntryClasses {
    /// Classes that are remembered at most; the store finds those again that were forgotten.
    private static let most = 100_000

    private let number: ([AccessClass]) throws(PerigeeError) -> [AccessClassID]
    /// The source's folder below the origin root, which is where the volume's root is.
    private let folder: EntryPath
    private let resolver: AttributeResolver
    /// Of its own, since targets of links are elsewhere than what is walked.
    private let targets: AttributeResolver
    private var known: [AccessClass: AccessClassID] = [AccessClass(): .none]
    private var last: (attributes: [AttributeKey: String], id: AccessClassID) = ([:], .none)

    /// - Parameter number: gives classes their numbers in the control store, for good.
    init(
        _ source: AttributeSource, folder: EntryPath,
        number: @escaping ([AccessClass]) throws(PerigeeError) -> [AccessClassID]
    ) {
        self.number = number
        self.folder = folder
        resolver = AttributeResolver(source)
        targets = AttributeResolver(source)
    }

    /// The rows of the source that no entry so far is about.
    var unused: [AttributeRow] { resolver.unused }

    /// The class of each of `entries`. When this returns, the store knows them all.
    ///
    /// - Throws: `.conflict` where two rows give one entry different values of a key, and what the
    ///   store throws.
    func classes(of entries: [ClassifiedEntry]) throws(PerigeeError) -> [AccessClassID] {
        // A linked class names its target's, which has to be known before.
        if entries.contains(where: { $0.link != nil }) {
            var plain: [AccessClass] = []
            for entry in entries {
                guard let target = target(of: entry)?.entry else { continue }
                plain.append(AccessClass(attributes: try targets.attributes(of: target)))
            }
            try learn(plain)
        }
        var ids: [AccessClassID?] = []
        ids.reserveCapacity(entries.count)
        var missing: [(index: Int, accessClass: AccessClass)] = []
        for (index, entry) in entries.enumerated() {
            let attributes = try resolver.attributes(of: entry.path)
            // Neighbours mostly have the same attributes, kept in the same place.
            if entry.link == nil, attributes == last.attributes {
                ids.append(last.id)
                continue
            }
            let made = AccessClass(attributes: attributes, link: try link(of: entry))
            guard let id = known[made] else {
                ids.append(nil)
                missing.append((index, made))
                continue
            }
            ids.append(id)
            if entry.link == nil { last = (attributes, id) }
        }
        try learn(missing.map(\.accessClass))
        for (index, accessClass) in missing { ids[index] = known[accessClass] }
        if known.count > Self.most { known = [AccessClass(): .none] }
        return ids.map { $0 ?? .none }
    }

    /// Where an entry really is that a link leads to: the link's target and the entry's, as paths in
    /// the volume; nil where no link does, or it leads out of the volume.
    private func target(of entry: ClassifiedEntry) -> (link: [UInt8], entry: [UInt8])? {
        guard let link = entry.link, let target = folder.path(of: link.target) else { return nil }
        return (
            target,
            AccessClass.Link(path: link.path, target: target, targetClass: .none)
                .target(of: entry.path) ?? target
        )
    }

    private func link(of entry: ClassifiedEntry) throws(PerigeeError) -> AccessClass.Link? {
        guard let link = entry.link else { return nil }
        guard let target = target(of: entry) else {
            return AccessClass.Link(path: link.path, target: nil, targetClass: .none)
        }
        let there = AccessClass(attributes: try targets.attributes(of: target.entry))
        return AccessClass.Link(
            path: link.path, target: target.link, targetClass: known[there] ?? .none)
    }

    private func learn(_ classes: [AccessClass]) throws(PerigeeError) {
        let new = Array(Set(classes).filter { known[$0] == nil })
        guard !new.isEmpty else { return }
        let ids = try number(new)
        for (accessClass, id) in zip(new, ids) { known[accessClass] = id }
    }
}

extension EntryPath {
    /// A path below the origin root as one below this folder of it; nil where it lies outside.
    fileprivate func path(of other: [UInt8]) -> [UInt8]? {
        if isRoot { return other }
        if other == bytes { return [] }
        guard other.count > bytes.count, other[bytes.count] == UInt8(ascii: "/"),
            other.starts(with: bytes)
        else { return nil }
        return Array(other[(bytes.count + 1)...])
    }
}

extension AttributeSource {
    /// Whether no entry gets any attribute from it.
    var isEmpty: Bool { expressions.isEmpty && rows.isEmpty }

    /// A hash of everything that classes follow from.
    ///
    /// - Parameter folder: the source's folder below the origin root.
    func hash(folder: EntryPath) -> UInt64 {
        var hash = FramedHash(domain: "perigee.attributes.1")
        let add = { (text: String, hash: inout FramedHash) in
            var text = text
            text.withUTF8 { hash.update(counted: UnsafeRawBufferPointer($0)) }
        }
        add(folder.description, &hash)
        hash.update(UInt64(expressions.count))
        for expression in expressions { add(expression.text, &hash) }
        for row in rows {
            add(row.pattern.text, &hash)
            add(row.key.string, &hash)
            add(row.value, &hash)
        }
        return hash.finalizePrefix()
    }
}
