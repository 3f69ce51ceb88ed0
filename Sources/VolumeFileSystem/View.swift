internal import VolumeModel
internal import VolumeService

/// One state of a volume that nodes are reached through: "current", or a pinned revision.
struct ViewKey: Hashable, Sendable {
    let ordinal: Int
    let selector: RevisionSelector
}

/// What a view shows at present. A class, so that a request takes hold of it with one count.
final class View: Sendable {
    /// The number by which node records name it.
    let number: Int
    let snapshot: VolumeSnapshot

    init(number: Int, snapshot: VolumeSnapshot) {
        self.number = number
        self.snapshot = snapshot
    }

    /// What has to be the same for a listing that was kept to be still right.
    var contents: FolderContents {
        FolderContents(revision: snapshot.number.value, viewID: snapshot.viewID)
    }

    /// The volume's root as an entry of the folder of volumes.
    var root: Entry {
        Entry(
            id: .root, parent: .root, name: [], kind: .folder, size: 0,
            modified: snapshot.created, version: VersionToken(bits: 0))
    }
}

/// What a folder's listing was made from.
struct FolderContents: Hashable, Sendable {
    let revision: Int
    let viewID: UInt64

    /// 16 bits for the offsets of a listing, so that a position in one is none in another.
    var salt: UInt64 {
        let mixed = (viewID ^ UInt64(revision)) &* 0x9e37_79b9_7f4a_7c15
        return mixed >> 48
    }
}

/// A name at the root and the view behind it.
struct RootName: Sendable {
    let name: [UInt8]
    let view: View
}

/// The views that were ever used, by their numbers, and what stands at the root.
struct ViewTable: Sendable {
    private struct Slot {
        let key: ViewKey
        let name: VolumeName
        /// Nil while the volume or the revision is not there for the principal.
        var view: View?
    }

    /// Append-only: node records name views by their index.
    private var slots: [Slot] = []
    private var numbers: [ViewKey: Int] = [:]
    /// The listed names at the root, in byte order; empty in a layout with one volume.
    private(set) var names: [RootName] = []
    private var byName: [[UInt8]: View] = [:]
    /// Counts changes of `names`.
    private(set) var namesVersion = 0
    /// The folder that is the root, in a layout with one volume, while it is there.
    var rootFolder: (view: View, folder: Entry)?

    /// The view with that number, or nil where it shows nothing at present.
    func view(_ number: Int) -> View? {
        number < slots.count ? slots[number].view : nil
    }

    /// The view of a listed name.
    func view(named name: [UInt8]) -> View? { byName[name] }

    /// What views exist, for resolving them again.
    var known: [(name: VolumeName, key: ViewKey)] { slots.map { ($0.name, $0.key) } }

    /// Every view that shows something.
    var shown: [View] { slots.compactMap(\.view) }

    /// Puts a snapshot behind its view.
    ///
    /// - Throws: `.corrupt` where numbers are out of range.
    mutating func update(_ snapshot: VolumeSnapshot) throws(PerigeeError) -> View {
        let key = ViewKey(ordinal: snapshot.ordinal, selector: snapshot.selector)
        let number = numbers[key] ?? slots.count
        // Ordinal 0 would make the root of a volume the root of the mount.
        guard (1...NodeNumber.highestOrdinal).contains(snapshot.ordinal),
            number <= NodeRecord.highestView
        else {
            throw PerigeeError(.corrupt, "volume \(snapshot.name) has a number out of range")
        }
        if number < slots.count, let view = slots[number].view, view.snapshot == snapshot {
            return view
        }
        let view = View(number: number, snapshot: snapshot)
        if number == slots.count {
            numbers[key] = number
            slots.append(Slot(key: key, name: snapshot.name, view: view))
        } else {
            slots[number].view = view
        }
        return view
    }

    /// Takes away what a view showed.
    mutating func hide(_ key: ViewKey) {
        if let number = numbers[key] { slots[number].view = nil }
    }

    /// Replaces the names at the root.
    mutating func setNames(_ fresh: [RootName]) {
        if names.map(\.name) != fresh.map(\.name) { namesVersion += 1 }
        names = fresh
        byName = Dictionary(fresh.map { ($0.name, $0.view) }) { first, _ in first }
    }
}
