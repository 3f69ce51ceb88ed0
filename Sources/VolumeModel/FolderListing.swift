/// What a folder of an origin holds, in key order: one arena of names and one array of items, so
/// that a folder of a million files costs two allocations.
package struct FolderListing: Sendable {
    /// One file or folder.
    package struct Item: Sendable {
        /// Where its name starts in `names`.
        package var nameOffset: UInt32
        /// Bytes of its name, at most 255.
        package var nameCount: UInt16
        /// File or folder, after links.
        package var kind: EntryKind
        /// Whether it is a file that has other names too (hard links), here or elsewhere.
        package var hasOtherNames: Bool
        /// Index into `targets`, or -1 where the item stands where its name says.
        package var target: Int32
        /// Index into `tags`, or -1 where the origin tells none.
        package var tag: Int32
        /// Bytes; 0 for a folder.
        package var size: Int64
        /// Nanoseconds since 1970; 0 for a folder, whose own listing tells.
        package var modified: Int64
        /// Nanoseconds since 1970.
        package var changed: Int64
        /// Inode number and device, mixed to one number where several devices meet below a root.
        package var inode: UInt64

        /// Puts an item together.
        package init(
            nameOffset: UInt32, nameCount: UInt16, kind: EntryKind, target: Int32, size: Int64,
            modified: Int64, changed: Int64, inode: UInt64, hasOtherNames: Bool = false,
            tag: Int32 = -1
        ) {
            self.nameOffset = nameOffset
            self.nameCount = nameCount
            self.kind = kind
            self.target = target
            self.size = size
            self.modified = modified
            self.changed = changed
            self.inode = inode
            self.hasOtherNames = hasOtherNames
            self.tag = tag
        }
    }

    /// The names, one behind the other, without separators.
    package var names: [UInt8] = []
    /// Sorted by key: the name in bytes, a folder's with `/` behind it.
    package var items: [Item] = []
    /// Real paths below the root of items that were reached by a link.
    package var targets: [[UInt8]] = []
    /// Entity tags of items, as their origin sends them.
    package var tags: [String] = []
    /// Tokens of the items' versions, in the items' order; empty where nobody has made them.
    package var versions: [UInt64] = []
    /// Names that are there and of which nothing could be learnt: what is known of them stays.
    package var unread: Set<[UInt8]> = []
    /// What was left out.
    package var problems: [ScanProblem] = []
    /// The folder's own mtime.
    package var modified = Timestamp(nanoseconds: 0)

    package init() {}

    /// The bytes of an item's name.
    package func name(_ item: Item) -> ArraySlice<UInt8> {
        names[Int(item.nameOffset)..<(Int(item.nameOffset) + Int(item.nameCount))]
    }

    /// The entity tag of an item, where its origin tells one.
    package func tag(_ item: Item) -> String? { item.tag >= 0 ? tags[Int(item.tag)] : nil }

    /// Puts the items into key order, each key once: POSIX leaves open whether a name that goes and
    /// comes back while its folder is being listed is there once or twice.
    ///
    /// Names in one folder of an archive mostly begin alike, so the prefix that all share is found
    /// once, and the eight bytes behind it decide most comparisons as one number.
    package mutating func sort() {
        guard items.count > 1 else { return }
        names.withUnsafeBytes { names in
            let shared = sharedPrefix(names)
            var order = items.map { (rank: rank(names, $0, skipping: shared), item: $0) }
            order.sort { left, right in
                left.rank != right.rank
                    ? left.rank < right.rank
                    : keyPrecedes(names, left.item, right.item)
            }
            items.removeAll(keepingCapacity: true)
            for next in order {
                if let last = items.last,
                    !keyPrecedes(names, last, next.item)
                {
                    // The one that was looked at later counts.
                    if next.item.nameOffset > last.nameOffset { items[items.count - 1] = next.item }
                } else {
                    items.append(next.item)
                }
            }
        }
    }

    /// The length of the prefix that all names share.
    private func sharedPrefix(_ names: UnsafeRawBufferPointer) -> Int {
        let first = items[0]
        var count = Int(first.nameCount)
        for item in items.dropFirst() where count > 0 {
            let limit = min(count, Int(item.nameCount))
            var index = 0
            while index < limit,
                names[Int(first.nameOffset) + index] == names[Int(item.nameOffset) + index]
            {
                index += 1
            }
            count = index
        }
        return count
    }

    /// The eight key bytes behind the shared prefix, as a number in key order.
    private func rank(_ names: UnsafeRawBufferPointer, _ item: Item, skipping shared: Int)
        -> UInt64
    {
        var rank: UInt64 = 0
        let count = Int(item.nameCount)
        for index in shared..<(shared + 8) {
            let byte: UInt8 =
                index < count
                ? names[Int(item.nameOffset) + index]
                : index == count && item.kind == .folder ? UInt8(ascii: "/") : 0
            rank = rank << 8 | UInt64(byte)
        }
        return rank
    }

    private func keyPrecedes(_ names: UnsafeRawBufferPointer, _ left: Item, _ right: Item) -> Bool {
        let leftName = UnsafeRawBufferPointer(
            rebasing: names[
                Int(left.nameOffset)..<(Int(left.nameOffset) + Int(left.nameCount))])
        let rightName = UnsafeRawBufferPointer(
            rebasing: names[
                Int(right.nameOffset)..<(Int(right.nameOffset) + Int(right.nameCount))])
        return KeyOrder.precedes(
            leftName, isFolder: left.kind == .folder, rightName, isFolder: right.kind == .folder)
    }
}
