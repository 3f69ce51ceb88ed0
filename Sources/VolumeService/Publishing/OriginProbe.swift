internal import Glibc
internal import Origins
internal import VolumeModel

/// Asks the origin for single names, on a thread of its own, since it may never answer.
struct OriginProbe {
    private struct Question: Sendable {
        enum Subject: Sendable {
            /// Whether the folder is there.
            case folder
            /// Whether the folder is there and holds anything.
            case content
            /// What stands at a name of it.
            case name([UInt8])
        }

        var subject: Subject
        var folder: FolderReader.Folder
    }

    /// Nil says that the folder is not there.
    private let queue: WorkQueue<Question, Result<FolderListing?, PerigeeError>>
    private let scanner: Scanner

    init(_ scanner: Scanner) {
        self.scanner = scanner
        let root = scanner.root
        queue = WorkQueue(name: "probe", threads: 1, ahead: 1) {
            var reader: FolderReader?
            return { question in
                do throws(PerigeeError) {
                    let own: FolderReader
                    if let reader { own = reader } else { own = try FolderReader(root: root) }
                    reader = own
                    switch question.subject {
                    case .name(let name):
                        return .success(try own.read(name, of: question.folder))
                    case .folder:
                        return .success(try own.holds(question.folder) ? FolderListing() : nil)
                    case .content:
                        let path = [UInt8](root.path.utf8) + [slash] + question.folder.realPath
                        return .success(isEmptyFolder(path) ? nil : FolderListing())
                    }
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    /// What stands at one name now; empty where nothing does.
    ///
    /// - Throws: `.cancelled`, `.originUnavailable` where the origin does not answer in time, and
    ///   what the reader throws.
    func read(
        _ name: [UInt8], of folder: FolderReader.Folder
    ) throws(PerigeeError) -> FolderListing {
        try ask(Question(subject: .name(name), folder: folder)) ?? FolderListing()
    }

    /// Whether a folder is there.
    ///
    /// - Throws: as `read`.
    func holds(_ folder: FolderReader.Folder) throws(PerigeeError) -> Bool {
        try ask(Question(subject: .folder, folder: folder)) != nil
    }

    /// Whether a folder is there and holds no name at all.
    ///
    /// - Throws: as `read`.
    func isEmpty(_ folder: FolderReader.Folder) throws(PerigeeError) -> Bool {
        try ask(Question(subject: .content, folder: folder)) == nil
    }

    private func ask(_ question: Question) throws(PerigeeError) -> FolderListing? {
        queue.add([question])
        let started = monotonicNanoseconds()
        while true {
            if let answer = queue.next(within: 100) { return try answer.get() }
            try scanner.checkCancelled()
            let waited = Double(monotonicNanoseconds() - started) * 1e-9
            if waited > scanner.options.stallLimit.inSeconds { throw scanner.stalled() }
        }
    }

    /// Ends the thread.
    func close() { queue.close() }
}

private let slash = UInt8(ascii: "/")

/// Reads no more than the first names: a folder may have millions.
private func isEmptyFolder(_ path: [UInt8]) -> Bool {
    guard let stream = opendir(path.map { CChar(bitPattern: $0) } + [0]) else { return false }
    defer { closedir(stream) }
    // "." and ".." are always there.
    return !(0..<3).allSatisfy { _ in readdir(stream) != nil }
}
