internal import Glibc

/// What a map says of one block, in eight bytes.
///
/// A record is a claim that is checked against the block's bytes before they are used, so a record
/// that was damaged can cost a fetch and never gives a wrong byte.
package struct BlockRecord: Hashable, Sendable {
    /// Bytes of a record.
    package static let size = 8

    /// What is claimed of the block.
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        /// The bytes were synced to the disk before this was written.
        package static let durable = Flags(rawValue: 1)
        /// The bytes are in the data file, perhaps not yet on the disk: good until the machine
        /// starts again, so that other processes need not wait for a sync.
        package static let written = Flags(rawValue: 2)
        /// Eviction leaves it for last. May be set before the block is there.
        package static let pinned = Flags(rawValue: 4)
    }

    /// What is claimed.
    package var flags: Flags
    /// Which start of the machine `written` belongs to.
    package var boot: UInt16
    /// CRC32C of the block's bytes.
    package var crc: UInt32

    /// Puts the three together.
    package init(flags: Flags, boot: UInt16, crc: UInt32) {
        self.flags = flags
        self.boot = boot
        self.crc = crc
    }

    /// A block that is not there.
    package static let absent = BlockRecord(flags: [], boot: 0, crc: 0)

    /// Whether the block is there, to be checked.
    ///
    /// - Parameter boot: of the machine's present start; 0 where it cannot be told.
    package func isPresent(boot: UInt16) -> Bool {
        flags.contains(.durable) || (flags.contains(.written) && boot != 0 && self.boot == boot)
    }

    /// As one number: flags, boot and CRC from the lowest bits upward, stored little-endian.
    package var rawValue: UInt64 {
        UInt64(flags.rawValue) | UInt64(boot) << 16 | UInt64(crc) << 32
    }

    /// Reads one number; unknown flags are kept.
    package init(rawValue: UInt64) {
        flags = Flags(rawValue: UInt16(truncatingIfNeeded: rawValue))
        boot = UInt16(truncatingIfNeeded: rawValue >> 16)
        crc = UInt32(truncatingIfNeeded: rawValue >> 32)
    }

    /// 16 bits that tell this start of the machine from others, from the kernel's `boot_id`; 0
    /// where it does not say, and no block is then taken for written before it is durable.
    package static let presentBoot: UInt16 = {
        let file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 4)
        guard read(file, &text, 4) == 4 else { return 0 }
        return UInt16(String(decoding: text, as: UTF8.self), radix: 16) ?? 0
    }()
}
