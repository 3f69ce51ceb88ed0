internal import CKernel
internal import ControlStore
internal import Foundation
internal import Glibc
internal import VolumeModel

/// Starting the process that serves a mount, and waiting until it does.
enum BackgroundMount {
    /// How long the mount may take to answer.
    private static let patience: Int32 = 30

    /// Runs this program again as a session leader in the foreground mode, and returns when the
    /// mount answers. Never a `fork`: other threads of this process would be gone in the copy.
    ///
    /// - Parameter arguments: the command's words behind `perigee mount MOUNTPOINT`.
    /// - Throws: what the other process says is wrong; `.timedOut`, `.storageFailed`.
    static func start(at mountPoint: String, state: StateFolder, arguments: [String])
        throws(PerigeeError)
    {
        var pipe: [Int32] = [-1, -1]
        guard Glibc.pipe(&pipe) == 0 else { throw failed("make a pipe", errno) }
        defer { close(pipe[0]) }
        let log = try openLog(in: state)
        let all =
            ["perigee", "mount", mountPoint, "--state", state.path, "--foreground"]
            + ["--ready-descriptor", "3"] + arguments
        var words: [UnsafeMutablePointer<CChar>?] = all.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let process = perigee_spawn_session("/proc/self/exe", &words, environ, log, pipe[1])
        close(pipe[1])
        close(log)
        guard process > 0 else { throw failed("start the mount's process", -process) }
        try wait(pipe[0], process)
    }

    private static func wait(_ descriptor: Int32, _ process: Int32) throws(PerigeeError) {
        var text: [UInt8] = []
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let end = monotonicNanoseconds() + UInt64(patience) * 1_000_000_000
        while true {
            let left = Int64(bitPattern: end &- monotonicNanoseconds()) / 1_000_000
            guard left > 0 else {
                kill(process, SIGTERM)
                throw PerigeeError(
                    .timedOut, "the mount did not answer within \(patience) s",
                    remedy: "read the log, or run again with --foreground")
            }
            let count = Glibc.poll(&poll, 1, Int32(left))
            if count < 0, errno != EINTR { throw failed("wait for the mount", errno) }
            if count <= 0 { continue }
            var piece = [UInt8](repeating: 0, count: 4_096)
            let got = read(descriptor, &piece, piece.count)
            if got < 0, errno == EINTR { continue }
            if got <= 0 { break }
            text += piece[..<got]
            if text == ReadyPipe.ready { return }
        }
        throw ReadyPipe.failure(in: text)
    }

    private static func openLog(in state: StateFolder) throws(PerigeeError) -> Int32 {
        let folder = state.path + "/log"
        let path = folder + "/mount.log"
        if mkdir(folder, 0o700) == 0 || errno == EEXIST {
            let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if log >= 0 { return log }
        }
        throw PerigeeError(
            .storageFailed, "the log \(Printable.quoted(path)) cannot be written",
            remedy: "see that the disk has room and at the folder's rights, or stay in the front "
                + "with --foreground, which logs to standard error",
            cause: SystemError(errno))
    }

    private static func failed(_ what: String, _ errno: Int32) -> PerigeeError {
        PerigeeError(.storageFailed, "cannot \(what)", cause: SystemError(errno))
    }
}

/// What the process behind a mount tells the one that started it: a word, or JSON about an error.
enum ReadyPipe {
    static let ready = Array("ready\n".utf8)

    private struct Words: Codable {
        var code: String
        var message: String
        var remedy: String?
    }

    /// Tells once; without a descriptor there is nobody to tell.
    static func tell(_ descriptor: Int32?, failure: (any Error)?) {
        guard let descriptor else { return }
        var bytes = ready
        if let failure {
            let error =
                failure as? PerigeeError
                ?? PerigeeError(.storageFailed, "the mount failed: \(failure)")
            let cause = error.cause.map { ": \($0)" } ?? ""
            let words = Words(
                code: error.code.rawValue, message: error.message + cause, remedy: error.remedy)
            bytes = (try? JSONEncoder().encode(words)).map { Array($0) } ?? []
        }
        bytes.withUnsafeBytes { _ = Output.writeAll($0, to: descriptor) }
        close(descriptor)
    }

    /// What the other process said before it ended.
    static func failure(in text: [UInt8]) -> PerigeeError {
        guard let words = try? JSONDecoder().decode(Words.self, from: Data(text)) else {
            return PerigeeError(
                .storageFailed, "the mount's process ended before it answered",
                remedy: "run again with --foreground to see why")
        }
        return PerigeeError(
            PerigeeError.Code(rawValue: words.code) ?? .storageFailed, words.message,
            remedy: words.remedy)
    }
}
