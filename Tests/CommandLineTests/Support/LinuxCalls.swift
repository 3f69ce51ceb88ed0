import Glibc

/// Calls that Glibc's overlay for Swift leaves out, found by name.
enum Linux {
    private typealias Path = UnsafePointer<CChar>
    private typealias Get = @convention(c) (Path, Path, UnsafeMutableRawPointer?, Int) -> Int
    private typealias Set = @convention(c) (Path, Path, UnsafeRawPointer?, Int, Int32) -> Int32
    private typealias Remove = @convention(c) (Path, Path) -> Int32
    private typealias Rename = @convention(c) (Int32, Path, Int32, Path, UInt32) -> Int32
    private typealias Allocate = @convention(c) (Int32, Int32, Int, Int) -> Int32
    private typealias Copy =
        @convention(c) (
            Int32, UnsafeMutablePointer<Int>?, Int32, UnsafeMutablePointer<Int>?, Int, UInt32
        ) -> Int

    /// From `<fcntl.h>`, behind _GNU_SOURCE; the same on every architecture.
    static let path: Int32 = 0o10_000_000
    /// O_TMPFILE contains O_DIRECTORY, whose bit differs between architectures.
    static let temporaryFile: Int32 = 0o20_000_000 | O_DIRECTORY

    static func getxattr(_ path: String, _ name: String, _ value: inout [UInt8]) -> Int {
        value.withUnsafeMutableBytes {
            function("getxattr", Get.self)(path, name, $0.baseAddress, $0.count)
        }
    }

    static func setxattr(_ path: String, _ name: String, _ value: [UInt8]) -> Int32 {
        value.withUnsafeBytes {
            function("setxattr", Set.self)(path, name, $0.baseAddress, $0.count, 0)
        }
    }

    static func removexattr(_ path: String, _ name: String) -> Int32 {
        function("removexattr", Remove.self)(path, name)
    }

    /// - Parameter flags: 1 RENAME_NOREPLACE, 2 RENAME_EXCHANGE, 4 RENAME_WHITEOUT.
    static func renameat2(_ old: String, _ new: String, _ flags: UInt32) -> Int32 {
        function("renameat2", Rename.self)(AT_FDCWD, old, AT_FDCWD, new, flags)
    }

    static func fallocate(_ file: Int32, _ mode: Int32, _ count: Int) -> Int32 {
        function("fallocate", Allocate.self)(file, mode, 0, count)
    }

    static func copyFileRange(_ from: Int32, _ to: Int32, _ count: Int) -> Int {
        function("copy_file_range", Copy.self)(from, nil, to, nil, count, 0)
    }

    private static func function<Function>(_ name: String, _ type: Function.Type) -> Function {
        guard let pointer = dlsym(dlopen(nil, RTLD_NOW), name) else {
            fatalError("the C library has no \(name)")
        }
        return unsafeBitCast(pointer, to: type)
    }
}
