internal import CKernel
internal import Glibc
internal import Synchronization
internal import VolumeModel

/// The data file and the map file of one object version, open. All calls block.
///
/// While it is open it holds shared locks on a byte of each that no block has: on the map's, so that
/// nobody takes it for abandoned, and on the data's, so that nobody punches holes into what is read
/// here. The data has its own since a map can be removed and made anew over the same data. All
/// locks vanish with the process.
final class ObjectFiles: Sendable {
    let id: CachedObjectID
    let geometry: BlockGeometry
    let paths: ObjectPaths
    let data: Int32
    let map: Int32
    /// The data once more, for those who are given a descriptor and must not write.
    let readOnlyData: Int32
    let headerLength: Int
    /// Held while a record is read and written anew.
    private let mapChange = Mutex(())

    /// Blocks' own bytes are far below.
    private static let openLock: Int64 = 1 << 62

    /// What the lock byte of a file says.
    enum Use: Int32 {
        case none = 0
        case shared = 1
        case exclusive = 2
    }

    private init(
        id: CachedObjectID, paths: ObjectPaths, data: Int32, map: Int32, readOnlyData: Int32,
        headerLength: Int
    ) {
        self.id = id
        geometry = BlockGeometry(size: id.size)
        self.paths = paths
        self.data = data
        self.map = map
        self.readOnlyData = readOnlyData
        self.headerLength = headerLength
    }

    deinit {
        close(data)
        close(readOnlyData)
        close(map)
    }

    // MARK: Opening

    /// Opens the files of a version, and makes them where they are missing or damaged.
    ///
    /// - Throws: what stands against it; the version's bytes then pass by.
    static func open(_ id: CachedObjectID, in folder: CacheFolder) throws(DiskFault)
        -> ObjectFiles
    {
        let paths = folder.paths(of: id.fileName)
        guard let header = MapHeader(id: id).encoded() else { throw .unsuitable }
        // Another process that has the files to itself needs some milliseconds.
        for attempt in 0..<100 {
            if attempt > 2 { usleep(2_000) }
            let map = perigee_open_block_file(paths.map, 0, 0)
            if map == -ENOENT {
                try create(id, paths, header: header, in: folder)
                continue
            }
            guard map >= 0 else { throw .system(-map) }
            var opened: ObjectFiles?
            do throws(DiskFault) {
                opened = try adopt(id, paths, map: map, headerLength: header.count)
            } catch {
                close(map)
                throw error
            }
            if let opened { return opened }
            close(map)
        }
        throw .busy
    }

    /// Takes an open map with its data; nil where it has to be opened anew.
    private static func adopt(
        _ id: CachedObjectID, _ paths: ObjectPaths, map: Int32, headerLength: Int
    ) throws(DiskFault) -> ObjectFiles? {
        guard use(map, .shared) else { return nil }
        var facts = perigee_stat()
        let code = perigee_stat_descriptor(map, &facts)
        guard code == 0 else { throw .system(-code) }
        // Another process removed it before the lock was ours.
        guard facts.link_count > 0 else { return nil }
        let records = BlockGeometry(size: id.size).count * BlockRecord.size
        do throws(MapHeader.Fault) {
            let bytes = try read(map, count: headerLength)
            guard try MapHeader(bytes).id == id, Int(facts.size) >= headerLength + records
            else { throw .damaged }
        } catch {
            if case .newer = error { throw .unsuitable }
            guard use(map, .exclusive) else { return nil }
            paths.unlink()
            return nil
        }
        var data = perigee_open_block_file(paths.data, 0, 0)
        if data == -ENOENT || (data >= 0 && !isSized(data, id.size)) {
            if data >= 0 { close(data) }
            // The map may say things of bytes that are gone.
            guard use(map, .exclusive) else { return nil }
            unlink(paths.data)
            data = perigee_open_block_file(paths.data, 1, 0)
            guard data >= 0 else { throw .system(-data) }
            guard ftruncate(map, headerLength) == 0,
                ftruncate(map, headerLength + records) == 0, ftruncate(data, Int(id.size)) == 0
            else {
                let code = errno
                close(data)
                throw .system(code)
            }
            _ = use(map, .shared)
        }
        guard data >= 0 else { throw .system(-data) }
        // Another process may be punching it, or may have removed it meanwhile.
        guard use(data, .shared), perigee_stat_descriptor(data, &facts) == 0, facts.link_count > 0
        else {
            close(data)
            return nil
        }
        let readOnly = perigee_open_block_file(paths.data, 0, 1)
        guard readOnly >= 0 else {
            close(data)
            if readOnly == -ENOENT { return nil }
            throw .system(-readOnly)
        }
        return ObjectFiles(
            id: id, paths: paths, data: data, map: map, readOnlyData: readOnly,
            headerLength: headerLength)
    }

    /// Puts a new map in its place at once as a whole, unless another process was faster.
    private static func create(
        _ id: CachedObjectID, _ paths: ObjectPaths, header: [UInt8], in folder: CacheFolder
    ) throws(DiskFault) {
        try folder.makeShard(of: paths)
        let new = "\(paths.map).new-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let map = perigee_open_block_file(new, 1, 0)
        guard map >= 0 else { throw .system(-map) }
        defer {
            close(map)
            unlink(new)
        }
        let records = BlockGeometry(size: id.size).count * BlockRecord.size
        guard pwrite(map, header, header.count, 0) == header.count,
            ftruncate(map, header.count + records) == 0
        else { throw .system(errno == 0 ? ENOSPC : errno) }
        if link(new, paths.map) != 0 && errno != EEXIST { throw .system(errno) }
    }

    private static func isSized(_ file: Int32, _ size: Int64) -> Bool {
        var facts = perigee_stat()
        return perigee_stat_descriptor(file, &facts) == 0 && facts.size == UInt64(size)
    }

    private static func read(_ file: Int32, count: Int) throws(MapHeader.Fault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard pread(file, &bytes, count, 0) == count else { throw .damaged }
        return bytes
    }

    // MARK: Locks

    static func use(_ file: Int32, _ use: Use) -> Bool {
        perigee_lock_bytes(file, use.rawValue, openLock, 1) == 0
    }

    /// Tries to have the data to itself (`exclusive`), or shares it again; never waits.
    func useData(_ use: Use) -> Bool { Self.use(data, use) }

    /// Tries to be the one who fetches these blocks; never waits.
    func lock(_ blocks: Range<Int>) -> Bool {
        perigee_lock_bytes(map, 2, Int64(blocks.lowerBound), Int64(blocks.count)) == 0
    }

    /// Lets others fetch them. Works in memory alone, so that it may be called anywhere.
    func unlock(_ blocks: Range<Int>) {
        guard !blocks.isEmpty else { return }
        _ = perigee_lock_bytes(map, 0, Int64(blocks.lowerBound), Int64(blocks.count))
    }

    // MARK: Records

    /// What the map says of neighbouring blocks.
    func records(of blocks: Range<Int>) throws(DiskFault) -> [BlockRecord] {
        var raw = [UInt64](repeating: 0, count: blocks.count)
        let offset = headerLength + blocks.lowerBound * BlockRecord.size
        let fault = raw.withUnsafeMutableBytes { raw in
            Self.transfer(raw.count) { [map] done in
                pread(map, raw.baseAddress! + done, raw.count - done, offset + done)
            }
        }
        if let fault { throw fault }
        return raw.map { BlockRecord(rawValue: UInt64(littleEndian: $0)) }
    }

    /// Says it of neighbouring blocks that begin with `first`.
    func write(_ records: [BlockRecord], at first: Int) throws(DiskFault) {
        let raw = records.map(\.rawValue.littleEndian)
        let offset = headerLength + first * BlockRecord.size
        let fault = raw.withUnsafeBytes { raw in
            Self.transfer(raw.count) { [map] done in
                pwrite(map, raw.baseAddress! + done, raw.count - done, offset + done)
            }
        }
        if let fault { throw fault }
    }

    /// Runs `body` while nobody else of this process changes records.
    func changeMap(_ body: () throws(DiskFault) -> Void) throws(DiskFault) {
        try mapChange.withLock { _ throws(DiskFault) in try body() }
    }

    // MARK: Bytes

    /// Writes a block's bytes.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DiskFault) {
        let fault = Self.transfer(bytes.count) { [data] done in
            pwrite(data, bytes.baseAddress! + done, bytes.count - done, Int(offset) + done)
        }
        if let fault { throw fault }
    }

    /// Fills `buffer`.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(DiskFault) {
        let fault = Self.transfer(buffer.count) { [data] done in
            pread(data, buffer.baseAddress! + done, buffer.count - done, Int(offset) + done)
        }
        if let fault { throw fault }
    }

    /// Fills `buffer` with what is in memory; false where the disk would have to be asked.
    func readNow(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        perigee_read_now(data, buffer.baseAddress, buffer.count, offset) == buffer.count
    }

    /// Notes in the map's time that the version was used, which is all that a later process learns
    /// of it.
    func noteUse() { futimens(map, nil) }

    /// Makes the data durable.
    func sync() throws(DiskFault) {
        if fdatasync(data) != 0 { throw .system(errno) }
    }

    /// Repeats a call until all bytes went through.
    private static func transfer(_ count: Int, _ call: (Int) -> Int) -> DiskFault? {
        var done = 0
        while done < count {
            let step = call(done)
            if step > 0 {
                done += step
            } else if step == 0 {
                return .system(EIO)
            } else if errno != EINTR {
                return .system(errno)
            }
        }
        return nil
    }
}
