import Glibc
import Testing

/// A directory of its own for the time of `body`, as an absolute path.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    var template = Array("/tmp/perigee-sample-XXXXXX".utf8CString)
    let path = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer { removeTree(path) }
    return try body(path)
}

/// One file of a tree.
struct TreeEntry: Equatable {
    let path: String
    let isDirectory: Bool
    let modified: Int
    let content: [UInt8]
}

/// All entries below `root` in order of their paths, which are relative to it.
func entries(of root: String, below folder: String = "") throws -> [TreeEntry] {
    var result: [TreeEntry] = []
    for name in names(in: "\(root)/\(folder)").sorted() {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        var status = stat()
        try #require(lstat("\(root)/\(path)", &status) == 0)
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        result.append(
            TreeEntry(
                path: path, isDirectory: isDirectory, modified: Int(status.st_mtim.tv_sec),
                content: isDirectory ? [] : try contents(of: "\(root)/\(path)")))
        if isDirectory {
            result += try entries(of: root, below: path)
        }
    }
    return result
}

func contents(of path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        guard count > 0 else { return result }
        result += buffer[..<count]
    }
}

func put(_ text: String, at path: String) throws {
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    #expect(fputs(text, file) >= 0)
}

/// Runs a program and waits for it; gives its exit status.
func run(_ program: String, _ arguments: [String]) throws -> Int32 {
    var words = ([program] + arguments).map { strdup($0) }
    defer {
        for word in words {
            free(word)
        }
    }
    words.append(nil)
    var process: pid_t = 0
    try #require(posix_spawnp(&process, program, nil, nil, words, environ) == 0)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
        try #require(errno == EINTR)
    }
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
}

private func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var result: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
            field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." {
            result.append(name)
        }
    }
    return result
}

private func removeTree(_ path: String) {
    for name in names(in: path) {
        let child = "\(path)/\(name)"
        if unlink(child) != 0 {
            removeTree(child)
        }
    }
    rmdir(path)
}
