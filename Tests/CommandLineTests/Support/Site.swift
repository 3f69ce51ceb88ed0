import Foundation
import PerigeeTesting
import Testing
import VolumeModel

/// A state folder, an origin and room for mounts, all of one test.
final class Site: Sendable {
    /// The test's own folder; all else lies in it.
    let folder: String
    var state: String { "\(folder)/state" }
    var origin: String { "\(folder)/origin" }

    init(folder: String) { self.folder = folder }

    /// The program under test: it is built beside the bundle of the tests.
    static let program: String = {
        let bundles = Bundle.allBundles.map(\.bundlePath).filter { $0.hasSuffix(".xctest") }
        let running =
            (try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/exe")).map { [$0] } ?? []
        for bundle in bundles + running + [CommandLine.arguments[0]] {
            let products = URL(fileURLWithPath: bundle).deletingLastPathComponent().path
            if access("\(products)/perigee", X_OK) == 0 { return "\(products)/perigee" }
        }
        return "perigee-is-not-beside-the-tests"
    }()

    var environment: [String: String?] { ["PERIGEE_STATE": state, "HOME": folder] }

    /// Starts the program on this state.
    func start(_ words: [String]) throws -> Child {
        try Child([Site.program] + words, environment: environment)
    }

    /// Runs the program on this state to its end, whatever that is.
    func run(_ words: [String], within seconds: Double = 60) throws -> Finished {
        try start(words).wait(seconds)
    }

    /// The same where the words stand in one text without blanks inside them.
    func run(_ words: String, within seconds: Double = 60) throws -> Finished {
        try run(words.split(separator: " ").map { String($0) }, within: seconds)
    }

    /// Runs what has to succeed.
    @discardableResult
    func ok(_ words: [String], within seconds: Double = 60) throws -> Finished {
        let done = try run(words, within: seconds)
        guard done.status == 0 else { throw ProcessFailure(description: "\(done)") }
        return done
    }

    @discardableResult
    func ok(_ words: String, within seconds: Double = 60) throws -> Finished {
        try ok(words.split(separator: " ").map { String($0) }, within: seconds)
    }

    /// A volume of `origin`, added, scanned and published.
    func publish(
        _ volume: String = "vol", origin: String? = nil, flags: [String] = []
    ) throws {
        try ok(
            ["volume", "add", volume, "--origin", "posix:\(origin ?? self.origin)", "--public"]
                + flags)
        try scanAndPublish(volume)
    }

    func scanAndPublish(_ volume: String = "vol") throws {
        try ok("volume scan \(volume) --quiet", within: 300)
        try ok("volume publish \(volume)")
    }

    /// A new folder below the test's own.
    func makeFolder(_ name: String) throws -> String {
        try DiskFile.makeFolders("\(folder)/\(name)")
        return "\(folder)/\(name)"
    }

    /// Writes a file of the origin, with the folders above it.
    func write(_ name: String, _ content: [UInt8]) throws {
        let path = "\(origin)/\(name)"
        try DiskFile.makeFolders(String(path[..<path.lastIndex(of: "/")!]))
        try DiskFile.write(path, content)
    }

    func write(_ name: String, _ content: String) throws { try write(name, Array(content.utf8)) }

    /// The processes that serve this site's mounts: all whose words name the site's own folder.
    func daemons() -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            guard let bytes = try? DiskFile.read("/proc/\(pid)/cmdline") else { return false }
            let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return words.contains("mount") && words.contains { $0.hasPrefix(folder) }
        }
    }

    /// Ends what is left of mounts and their processes.
    func clear() {
        for mount in MountTable.points(below: folder).reversed() {
            umount2(mount, Int32(MNT_DETACH))
        }
        for pid in daemons() { kill(pid, SIGTERM) }
        let ended = eventually(within: 5) { daemons().isEmpty }
        if !ended { for pid in daemons() { kill(pid, SIGKILL) } }
    }
}

/// Gives `body` a site with an initialised state and an empty origin, and leaves nothing behind.
func withSite<Value>(_ body: (Site) throws -> Value) throws -> Value {
    try withTemporaryFolder { folder in
        let site = Site(folder: folder)
        defer { site.clear() }
        try DiskFile.makeFolder(site.origin)
        try site.ok("init --quiet")
        return try body(site)
    }
}
