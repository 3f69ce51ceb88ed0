/// One data file, with its label if that stands beside it.
struct Product {
    enum Content {
        /// Header-data units, in order.
        case fits([FITSUnit])
        /// Bytes, such as an attached label, and then rows.
        case rows(prefix: [UInt8], any RowSource)
    }

    struct Label {
        let name: String
        /// The text for the data file's size in bytes and its MD5 in lower-case hexadecimal.
        let text: (_ fileSize: Int, _ md5: String) -> [UInt8]
    }

    /// The first folder: a volume as a lab mounts it.
    let volume: String
    /// Folders below the volume, without slashes at the ends.
    let folder: String
    let name: String
    /// End of the observation; the modification time of the files.
    let observed: UTCTime
    let content: Content
    var isCompressed = false
    var label: Label?

    var path: String { "\(volume)/\(folder)/\(name)" }
}

/// What a mission is asked for: its `ordinal`th product of one kind.
struct ProductRequest {
    let kind: ProductKind
    /// From 0, without gaps, within the kind.
    let ordinal: Int
    /// How many products of the kind the archive has.
    let count: Int
    /// Size on disk to aim at.
    let bytes: Int
    let seed: UInt64

    /// Members of one programme, visit or orbit range. It grows with the square root of the
    /// archive, so that a large one has both many folders and full ones.
    private var groupSize: Int { max(2, 2 * Int(Double(count).squareRoot())) }
    /// The programme, from 0.
    var group: Int { ordinal / groupSize }
    /// The place within the programme, from 0.
    var member: Int { ordinal % groupSize }

    /// The numbers of this file alone.
    func random() -> SplitMix64 {
        SplitMix64(seed: seed, stream: UInt64(kind.rawValue) << 40 | UInt64(ordinal))
    }

    /// Numbers that all members of a group share, over kinds too if `topic` is the same.
    func groupRandom(_ group: Int, topic: UInt64) -> SplitMix64 {
        SplitMix64(seed: seed, stream: (1 << 63) | topic << 40 | UInt64(group))
    }

    /// Bytes of pixels and rows that fit beside `headers` header blocks of 2880 bytes.
    func dataBytes(headers: Int) -> Int {
        max(0, bytes - headers * 2880)
    }

    /// Bytes of pixels and rows, before compression, that fit into a compressed file.
    ///
    /// - Parameter ratio: To what part of their length they shrink, measured; header blocks shrink
    ///   to a tenth.
    func dataBytes(headers: Int, compressedTo ratio: Double) -> Int {
        Int(Double(max(0, bytes - headers * 330)) / ratio)
    }
}
