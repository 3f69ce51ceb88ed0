internal import VolumeModel

/// The archive of a random world: what is put there, and how it changes from revision to revision.
extension AccessChance {
    /// A first tree.
    mutating func plant(_ volume: VolumeName) throws {
        for _ in 0..<(3 + random.below(3)) { try plantFolder(volume, "", depth: 1) }
        for _ in 0..<random.below(3) { try plantFile(volume, "") }
        // Two folders that cannot be told apart by names, sizes and times, and a way to the first.
        for twin in ["left", "right"] {
            try world.write(
                volume, "\(twin)/twin.fits", Array("the \(twin) twin of \(volume)".utf8.prefix(19)),
                modified: Timestamp(nanoseconds: 1_600_000_000_000_000_000))
        }
        try aim(volume, "jw1_way", at: "left")
        for _ in 0..<4 { try plantLink(volume) }
    }

    /// Changes a few things for another revision.
    mutating func grow(_ volume: VolumeName) throws {
        try plantFolder(volume, "", depth: 2)
        for _ in 0..<(1 + random.below(3)) {
            let files = paths(volume, .file)
            guard !files.isEmpty else { break }
            let file = random.pick(files)
            switch random.below(5) {
            case 0, 1: try world.write(volume, file, content(volume, file), modified: tick())
            case 2: try DiskFile.remove(world.path(volume, file))
            case 3:
                // A folder where a file was.
                try DiskFile.remove(world.path(volume, file))
                try plantFile(volume, file)
            default: try plantLink(volume)
            }
        }
        let folders = paths(volume, .folder)
        if !folders.isEmpty, random.once(in: 3) { try plantFile(volume, random.pick(folders)) }
        if random.once(in: 4), let folder = folders.last { removeTree(world.path(volume, folder)) }
        if random.once(in: 2) { try aim(volume, "jw1_way", at: random.pick(["left", "right"])) }
    }

    private mutating func plantFolder(_ volume: VolumeName, _ parent: String, depth: Int) throws {
        let folder = join(parent, name(""))
        try DiskFile.makeFolders(world.path(volume, folder))
        // At times an empty one.
        for _ in 0..<random.below(4) { try plantFile(volume, folder) }
        guard depth < 4 else { return }
        for _ in 0..<random.below(3) { try plantFolder(volume, folder, depth: depth + 1) }
    }

    private mutating func plantFile(_ volume: VolumeName, _ folder: String) throws {
        let file = join(folder, name(".fits"))
        try world.write(volume, file, content(volume, file), modified: tick())
    }

    /// A link to a file or folder of the volume, from anywhere in it.
    private mutating func plantLink(_ volume: VolumeName) throws {
        let targets = paths(volume, random.once(in: 2) ? .file : .folder)
        let folders = paths(volume, .folder) + [""]
        guard !targets.isEmpty else { return }
        try aim(volume, join(random.pick(folders), name("-link")), at: random.pick(targets))
    }

    private func aim(_ volume: VolumeName, _ link: String, at target: String) throws {
        let path = world.path(volume, link)
        if DiskFile.exists(path) { try DiskFile.remove(path) }
        try DiskFile.link(
            path, to: String(repeating: "../", count: link.split(separator: "/").count - 1) + target
        )
    }

    /// Files or folders that are really there now, by no link.
    private func paths(_ volume: VolumeName, _ kind: EntryKind) -> [String] {
        let tree = ReferenceTree(walking: world.path(volume, ""))
        return tree.nodes.filter { $0.value.kind == kind && tree.targets[$0.key] == nil }
            .map { String(decoding: $0.key, as: UTF8.self) }.sorted()
            .filter { !$0.hasPrefix("left") && !$0.hasPrefix("right") }
    }

    /// A name that nothing else has, with a beginning that others have too.
    private mutating func name(_ end: String) -> String {
        serial += 1
        let letters = Array("bcdfghjklmnpqrstvwxz")
        let word = [serial / 400 % 20, serial / 20 % 20, serial % 20].map { String(letters[$0]) }
        return random.pick(["a_1", "b_2", "jw1", "jw2", "c 3", "é_1"]) + word.joined() + "q" + end
    }

    /// Bytes that nothing else holds, in a number that no other file has.
    private mutating func content(_ volume: VolumeName, _ path: String) -> [UInt8] {
        serial += 1
        let words = Array("version \(serial) of \(volume):\(path) ".utf8)
        let count = 100 + serial * 3
        return (0..<count).map { words[$0 % words.count] }
    }

    /// A time that no other file has.
    private mutating func tick() -> Timestamp {
        serial += 1
        return Timestamp(nanoseconds: 1_600_000_000_000_000_000).after(seconds: Int64(serial))
    }

    private func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }
}
