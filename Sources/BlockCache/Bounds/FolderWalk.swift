internal import CKernel
internal import Glibc

/// Goes through all files of the cache.
struct FolderWalk {
    let core: CacheCore

    /// Tells the index what is there, oldest use first, and removes what crashes have left.
    func index(_ isStopped: () -> Bool) {
        var found: [(used: Int64, key: ObjectKey, bytes: Int64)] = []
        let known = core.index.withQueue(\.keys)
        for shard in 0..<256 {
            if isStopped() { return }
            for (path, name) in Self.names(in: shardPath(shard)) {
                var facts = perigee_stat()
                guard perigee_stat_at(AT_FDCWD, path, &facts) == 0 else { continue }
                let isOld = Int64(time(nil)) - facts.mtime_ns / 1_000_000_000 > 60
                if name.contains(".new-") || (name.hasSuffix(".data") && !hasMap(name)) {
                    if isOld { unlink(path) }
                } else if name.hasSuffix(".map"), let key = ObjectKey(name.dropLast(4)) {
                    var data = perigee_stat()
                    let isThere = perigee_stat_at(
                        AT_FDCWD, core.folder.paths(of: key.name).data, &data)
                    let blocks = facts.blocks + (isThere == 0 ? data.blocks : 0)
                    found.append((facts.mtime_ns, key, Int64(blocks) * 512))
                }
            }
        }
        found.sort { $0.used < $1.used }
        core.index.withQueue { queue in
            for object in found { queue.insert(object.key, bytes: object.bytes) }
            // Others evict too. What has come since the walk began was not among the known.
            for key in known.subtracting(found.lazy.map(\.key)) { queue.remove(key) }
        }
        core.index.isIndexed = true
        core.index.wake()
    }

    private func hasMap(_ data: String) -> Bool {
        var facts = perigee_stat()
        guard let key = ObjectKey(data.dropLast(5)) else { return false }
        return perigee_stat_at(AT_FDCWD, core.folder.paths(of: key.name).map, &facts) == 0
    }

    /// The names of all objects that have a map.
    func objects() -> [String] {
        (0..<256).flatMap { shard in
            Self.names(in: shardPath(shard)).compactMap { _, name in
                name.hasSuffix(".map") && ObjectKey(name.dropLast(4)) != nil
                    ? String(name.dropLast(4)) : nil
            }
        }
    }

    func shardPath(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "\(core.folder.objects)/\(digits.count == 1 ? "0" : "")\(digits)"
    }

    static func names(in folder: String) -> [(path: String, name: String)] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [(path: String, name: String)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            names.append(("\(folder)/\(name)", name))
        }
        return names
    }
}
