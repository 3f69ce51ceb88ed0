internal import CKernel
internal import Glibc

/// How much all processes together have written to the folder: a file that each makes a byte longer
/// for every 64 MiB.
///
/// Each process counts its own writes as they happen; of the others' it learns here, and reads the
/// folder anew where they matter.
struct SharedGrowth {
    /// Bytes that one byte of the file stands for.
    static let unit: Int64 = 64 << 20

    private let path: String
    private var seen: Int64?
    private var told: Int64 = 0
    /// Bytes that others have written since the folder was read.
    private var others: Int64 = 0

    init(folder: CacheFolder) { path = "\(folder.path)/v1/filled" }

    /// Tells the others of this process's writes, and looks for theirs; blocks.
    ///
    /// - Parameter own: bytes that this process has written since its start.
    /// - Returns: bytes that others have written since `forget`.
    mutating func update(own: Int) -> Int64 {
        let file = perigee_open_block_file(path, 1, 0)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var facts = perigee_stat()
        guard perigee_stat_descriptor(file, &facts) == 0 else { return 0 }
        var size = Int64(facts.size)
        if let seen, size > seen { others += (size - seen) * Self.unit }
        let more = Int64(own) / Self.unit - told
        if more > 0, ftruncate(file, Int(size + more)) == 0 {
            told += more
            size += more
        }
        seen = size
        return others
    }

    /// The folder is being read.
    mutating func forget() { others = 0 }
}
