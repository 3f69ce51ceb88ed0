internal import Glibc

/// What the cache may take, and how long it waits.
package struct CacheLimits: Hashable, Sendable {
    /// Bytes on disk, by real blocks, above which eviction begins.
    package var highWatermark: Int64
    /// Bytes at which it ends.
    package var lowWatermark: Int64
    /// Bytes of the disk that are left to others: below, eviction begins as well.
    package var minimumFree: Int64
    /// Bytes of blocks in memory: on their way to the disk, or passing by.
    package var memory: Int
    /// Bytes that are fetched ahead of one stream at most.
    package var maximumWindow: Int64 = 128 << 20
    /// Bytes of one request at most, a multiple of a block.
    package var maximumRequest: Int64 = 8 << 20
    /// Requests to origins at once.
    package var parallelRequests = 32
    /// How long a reader waits for bytes where it says nothing itself.
    package var readDeadline: Duration = .seconds(60)
    /// How long a call on the disk may take before bytes go past it.
    package var diskDeadline: Duration = .seconds(5)
    /// How long another process may hold a block without any progress before it is fetched here
    /// too.
    package var foreignDeadline: Duration = .seconds(15)
    /// Bytes that the scrubber checks in a second; 0 for none.
    package var scrubRate: Int = 4 << 20
    /// How long written blocks may wait for the disk's confirmation.
    package var syncInterval: Duration = .seconds(2)

    /// - Parameters:
    ///   - bytes: bytes on disk that eviction keeps below.
    ///   - memory: bytes of blocks in memory; by default a sixteenth of what the machine or the
    ///     control group gives this process, between 8 MiB and 32 MiB.
    package init(bytes: Int64, memory: Int? = nil) {
        highWatermark = bytes
        lowWatermark = bytes / 10 * 9
        minimumFree = 256 << 20
        self.memory = memory ?? min(max(Self.availableMemory() / 16, 8 << 20), 32 << 20)
    }

    /// Bytes of memory that this process can have: the least limit of its control groups (cgroup
    /// v2 `memory.max`, v1 `memory.limit_in_bytes`), or all that the machine has.
    package static func availableMemory() -> Int {
        let machine = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        let groups = text(of: "/proc/self/cgroup") ?? ""
        return limit(groups: groups, machine: machine, read: text(of:))
    }

    /// The same from given files: `groups` is what `/proc/self/cgroup` says.
    package static func limit(groups: String, machine: Int, read: (String) -> String?) -> Int {
        var least = machine
        for line in groups.split(separator: "\n") {
            // hierarchy-ID:controllers:path (cgroups(7)); version 2 has no controllers.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isSecond = parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
            let base = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            let name = isSecond ? "memory.max" : "memory.limit_in_bytes"
            // Each group above may have a lower limit. Inside a container the path is one of the
            // host's, and only the base is there.
            var path = parts[2].split(separator: "/")
            while true {
                let file = ([base] + path.map(String.init) + [name]).joined(separator: "/")
                if let text = read(file), let limit = Int(text.prefix { $0 != "\n" }) {
                    least = min(least, limit)
                }
                if path.popLast() == nil { break }
            }
        }
        return least
    }

    private static func text(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = read(file, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
}
