internal import Glibc

/// What Linux tells of this process, under the names that Prometheus' own clients use.
package enum ProcessMetrics {
    /// Writes the families; what the system does not tell is left out.
    package static func write(to text: inout PrometheusText) {
        var usage = rusage()
        if getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
            add(
                "process_cpu_seconds_total", .counter, "CPU time used, in seconds.",
                seconds(usage.ru_utime) + seconds(usage.ru_stime), &text)
        }
        let pages = contents("/proc/self/statm").split(separator: " ").compactMap { Double($0) }
        if pages.count > 1 {
            let page = Double(sysconf(Int32(_SC_PAGESIZE)))
            add(
                "process_virtual_memory_bytes", .gauge, "Virtual memory, in bytes.",
                pages[0] * page, &text)
            add(
                "process_resident_memory_bytes", .gauge, "Memory in use, in bytes.",
                pages[1] * page, &text)
        }
        if let count = openFiles() {
            add("process_open_fds", .gauge, "Open file descriptors.", Double(count), &text)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            add(
                "process_max_fds", .gauge, "Most file descriptors that may be open.",
                Double(limit.rlim_cur), &text)
        }
        if let start = startTime() {
            add(
                "process_start_time_seconds", .gauge,
                "When the process started, in seconds since 1970.", start, &text)
        }
    }

    private static func add(
        _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: Double,
        _ text: inout PrometheusText
    ) {
        text.family(name, kind, help: help)
        text.sample(name, [], value)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
    }

    private static func openFiles() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the folder itself.
        return max(0, count - 3)
    }

    /// proc(5): field 22 of stat, in clock ticks since the machine started.
    private static func startTime() -> Double? {
        let stat = contents("/proc/self/stat")
        // The program's name stands in brackets, and may hold blanks and brackets itself.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        let boot = contents("/proc/stat").split(separator: "\n")
            .first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst(6)) }
        guard fields.count > 19, let ticks = Double(fields[19]), let boot else { return nil }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func contents(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &piece, piece.count)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += piece[..<count]
        }
    }
}
