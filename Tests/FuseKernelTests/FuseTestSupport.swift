import Glibc
import Logging
import Synchronization
import Testing

@testable import FuseKernel

/// What the tests on the real kernel share.
enum FuseTestSupport {
    static let logger: Logger = {
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        return logger
    }()

    /// Mounts in a folder of its own, runs `body`, and leaves nothing behind whatever happens.
    static func withMount(
        _ nodes: [NodeID: MemoryFileSystem.Node],
        options: FuseMountOptions = FuseMountOptions(), threads: Int? = nil,
        _ body: (_ path: String, _ session: FuseSession, _ files: MemoryFileSystem) throws -> Void
    ) throws {
        try withFolder { path in
            let files = MemoryFileSystem(nodes)
            let session = try FuseSession(
                mountPoint: path, options: options, threads: threads, handler: files,
                logger: logger)
            defer {
                session.abort()
                session.unmount(drain: .seconds(5))
                umount2(path, Int32(MNT_DETACH))
            }
            files.look { $0.session = session }
            try session.mount()
            try session.start()
            try body(path, session, files)
        }
    }

    static func withFolder(_ body: (String) throws -> Void) throws {
        let template = "/tmp/perigee-fuse-XXXXXX"
        var path = Array(template.utf8CString)
        try #require(mkdtemp(&path) != nil)
        let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { rmdir(folder) }
        try body(folder)
    }

    /// A file in memory with these bytes.
    static func withFile(_ bytes: [UInt8], _ body: (Int32) throws -> Void) throws {
        var template = Array("/tmp/perigee-file-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        try #require(file >= 0)
        defer { close(file) }
        unlink(template)
        try #require(write(file, bytes, bytes.count) == bytes.count)
        try body(file)
    }

    /// Runs `body` on a thread of its own.
    static func onThread<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value
    ) throws -> Monitor<Value?> {
        let result = Monitor<Value?>(nil)
        try FuseThread.start("test") {
            let value = body()
            result.update { $0 = value }
        }
        return result
    }

    /// Looks every millisecond, for 10 seconds at most, whether something has come about.
    static func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<10_000 {
            if condition() { return true }
            usleep(1000)
        }
        return false
    }

    // MARK: Files, as a program sees them

    /// A file's bytes, or the errno.
    static func contents(_ path: String) -> Outcome<[UInt8]> {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return .failed(errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0 { return .failed(errno) }
            if count == 0 { return .ok(bytes) }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// The names in a folder with their types, without "." and "..".
    static func names(_ path: String) -> Outcome<[String]> {
        guard let folder = opendir(path) else { return .failed(errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return .ok(names)
    }

    /// A file's size in bytes, or the errno.
    static func size(_ path: String) -> Outcome<Int> {
        var status = stat()
        return stat(path, &status) == 0 ? .ok(Int(status.st_size)) : .failed(errno)
    }
}

/// The result of a system call.
enum Outcome<Value: Equatable & Sendable>: Equatable, Sendable {
    case ok(Value)
    case failed(Int32)
}
