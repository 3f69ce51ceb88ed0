internal import Synchronization

/// Compares the cache with its CRCs, slowly and for ever, so that a disk that rots is found before
/// its bytes are asked for.
struct Scrubber {
    let core: CacheCore
    /// What is left of this round.
    private var names: [String] = []
    private var object: SharedObject?
    private var next = 0

    init(core: CacheCore) { self.core = core }

    /// Checks some blocks, if there are any.
    ///
    /// - Returns: milliseconds until the next step.
    mutating func step(_ open: () -> [ObjectKey: SharedObject]) -> Int {
        let rate = core.limits.scrubRate
        guard rate > 0, core.mayRead, core.mayWrite else { return 1_000 }
        guard let object else {
            guard let name = names.popLast() else {
                names = FolderWalk(core: core).objects().shuffled()
                return names.isEmpty ? 5_000 : 1_000
            }
            begin(name, open())
            return 10
        }
        let end = min(next + 4, object.geometry.count)
        let bytes = object.check(next..<end, again: true)
        core.tally.add(bytes, to: \.scrubbedBytes)
        next = end
        if next >= object.geometry.count { self.object = nil }
        return max(1, bytes * 1_000 / rate)
    }

    private mutating func begin(_ name: String, _ open: [ObjectKey: SharedObject]) {
        next = 0
        guard let key = ObjectKey(name) else { return }
        if let there = open[key] {
            object = there
            return
        }
        // One that nobody here has open is opened for the time of its check.
        guard let id = StoredObject.id(at: core.folder.paths(of: name)) else { return }
        let shared = SharedObject(id, core: core)
        shared.openFiles(isUse: false)
        object = shared
    }
}
