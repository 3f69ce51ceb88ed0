import Dispatch
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

/// What is mounted, from /proc/self/mountinfo: reading it waits for no file system.
enum MountTable {
    struct Line {
        var point: String
        var options: [String]
        var type: String
    }

    static func lines() -> [Line] {
        let text = String(
            decoding: (try? DiskFile.read("/proc/self/mountinfo")) ?? [], as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 8, let dash = words.firstIndex(of: "-") else { return nil }
            return Line(
                point: String(words[4]), options: words[5].split(separator: ",").map { String($0) },
                type: String(words[dash + 1]))
        }
    }

    static func points(below folder: String) -> [String] {
        lines().map(\.point).filter { $0 == folder || $0.hasPrefix("\(folder)/") }
    }

    static func line(at point: String) -> Line? { lines().last { $0.point == point } }
}

extension Site {
    /// Mounts in the background, runs `body`, and takes the mount away again whatever happened.
    ///
    /// - Parameter limit: seconds after which the mount's process is killed, so that nothing can
    ///   wait for it longer.
    func withMount<Value>(
        _ flags: [String] = [], name: String = "mnt", limit: Double = 180,
        _ body: (String) throws -> Value
    ) throws -> Value {
        let point = try makeFolder(name)
        try ok(["mount", point] + flags)
        let watchdog = DispatchWorkItem { [self] in
            print("the mount \(point) was still needed after \(limit) s and is taken away")
            umount2(point, Int32(MNT_DETACH))
            for pid in daemons() { kill(pid, SIGKILL) }
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + limit, execute: watchdog)
        defer {
            watchdog.cancel()
            umount2(point, Int32(MNT_DETACH))
        }
        return try body(point)
    }

    /// The process behind the only mount.
    func daemon() throws -> pid_t {
        let all = daemons()
        return try #require(all.count == 1 ? all.first : nil, "\(all.count) processes serve mounts")
    }

    /// What the mounts' processes have logged.
    var mountLog: String {
        String(decoding: (try? DiskFile.read("\(state)/log/mount.log")) ?? [], as: UTF8.self)
    }
}
