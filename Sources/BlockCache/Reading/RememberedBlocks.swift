/// Which blocks of closed objects were verified by this process, as long as nobody has touched the
/// files since.
struct RememberedBlocks: Sendable {
    /// One object's files as they were, and what was known of its blocks.
    struct Object: Sendable {
        let stamp: FileStamp
        let blocks: [BlockState]
    }

    /// Bytes of block states that are kept.
    static let limit = 8 << 20

    private var objects: [CachedObjectID: Object] = [:]
    private var order: [CachedObjectID] = []
    private var bytes = 0

    mutating func insert(_ object: Object, of id: CachedObjectID) {
        _ = remove(id)
        guard object.blocks.count <= Self.limit else { return }
        objects[id] = object
        order.append(id)
        bytes += Self.cost(object)
        var count = 0
        while bytes > Self.limit, count < order.count {
            if let old = objects.removeValue(forKey: order[count]) { bytes -= Self.cost(old) }
            count += 1
        }
        order.removeFirst(count)
    }

    mutating func remove(_ id: CachedObjectID) -> Object? {
        guard let object = objects.removeValue(forKey: id) else { return nil }
        bytes -= Self.cost(object)
        order.removeAll { $0 == id }
        return object
    }

    private static func cost(_ object: Object) -> Int { object.blocks.count + 512 }
}

/// What changes when anybody writes one of an object's two files, or puts another in its place.
struct FileStamp: Hashable, Sendable {
    let mapInode: UInt64
    let dataInode: UInt64
    let dataModified: Int64
    let dataChanged: Int64
}
