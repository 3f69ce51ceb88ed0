import Foundation
import FuseMount
import PerigeeTesting
import Testing
import VolumeFileSystem

@Suite(
    "Nothing can be changed through a mount", .serialized,
    .needsMounts(), .timeLimit(.minutes(1)))
struct MountReadOnlyTests {
    struct Call: Sendable {
        let name: String
        /// Gets an existing file, an existing folder and a missing path, each of one parent.
        let run: @Sendable (_ file: String, _ folder: String, _ missing: String) -> Int32
    }

    static let calls: [Call] = [
        Call(name: "open for writing") { file, _, _ in failure(open(file, O_WRONLY)) },
        Call(name: "open for both") { file, _, _ in failure(open(file, O_RDWR)) },
        Call(name: "open and truncate") { file, _, _ in failure(open(file, O_RDONLY | O_TRUNC)) },
        Call(name: "open for appending") { file, _, _ in failure(open(file, O_WRONLY | O_APPEND)) },
        Call(name: "create") { _, _, missing in failure(open(missing, O_CREAT | O_WRONLY, 0o644)) },
        Call(name: "create what exists") { file, _, _ in
            failure(open(file, O_CREAT | O_WRONLY, 0o644))
        },
        Call(name: "create exclusively") { _, _, missing in
            failure(open(missing, O_CREAT | O_EXCL | O_RDWR, 0o644))
        },
        Call(name: "nameless file") { _, folder, _ in
            failure(open(folder, O_RDWR | 0o20000000 | O_DIRECTORY, 0o600))
        },
        Call(name: "truncate") { file, _, _ in failure(truncate(file, 0)) },
        Call(name: "unlink") { file, _, _ in failure(unlink(file)) },
        Call(name: "unlink what is missing") { _, _, missing in failure(unlink(missing)) },
        Call(name: "rmdir") { _, folder, _ in failure(rmdir(folder)) },
        Call(name: "mkdir") { _, _, missing in failure(mkdir(missing, 0o755)) },
        Call(name: "mkdir what exists") { _, folder, _ in failure(mkdir(folder, 0o755)) },
        Call(name: "rename") { file, _, missing in failure(rename(file, missing)) },
        Call(name: "rename over") { file, folder, _ in failure(rename(file, folder + "/y")) },
        Call(name: "link") { file, _, missing in failure(link(file, missing)) },
        Call(name: "symlink") { _, _, missing in failure(symlink("x", missing)) },
        Call(name: "mknod") { _, _, missing in failure(mknod(missing, S_IFREG | 0o644, 0)) },
        Call(name: "mkfifo") { _, _, missing in failure(mkfifo(missing, 0o644)) },
        Call(name: "chmod") { file, _, _ in failure(chmod(file, 0o600)) },
        Call(name: "chmod folder") { _, folder, _ in failure(chmod(folder, 0o700)) },
        Call(name: "chown") { file, _, _ in failure(chown(file, 1, 1)) },
        Call(name: "utimensat") { file, _, _ in failure(utimensat(AT_FDCWD, file, nil, 0)) },
        Call(name: "setxattr") { file, _, _ in failure(setxattr(file, "user.a", "b", 1, 0)) },
        Call(name: "removexattr") { file, _, _ in failure(removexattr(file, "user.a")) },
        Call(name: "access for writing") { file, _, _ in failure(access(file, W_OK)) },
        Call(name: "fchmod") { file, _, _ in
            let descriptor = open(file, O_RDONLY)
            defer { close(descriptor) }
            return failure(fchmod(descriptor, 0o600))
        },
        Call(name: "ftruncate a reader") { file, _, _ in
            let descriptor = open(file, O_RDONLY)
            defer { close(descriptor) }
            return failure(ftruncate(descriptor, 0))
        },
        Call(name: "fallocate a reader") { file, _, _ in
            let descriptor = open(file, O_RDONLY)
            defer { close(descriptor) }
            return failure(fallocate(descriptor, 0, 0, 10))
        },
        Call(name: "write to a reader") { file, _, _ in
            let descriptor = open(file, O_RDONLY)
            defer { close(descriptor) }
            return failure(write(descriptor, "a", 1))
        },
        Call(name: "fsync a reader") { file, _, _ in
            let descriptor = open(file, O_RDONLY)
            defer { close(descriptor) }
            return failure(fsync(descriptor))
        },
    ]

    /// Each call fails as it does on a read-only bind mount of the same tree.
    @Test func everyMutatingCallFailsAsOnAReadOnlyMount() async throws {
        try await withFakeService { service in
            try service.publish("hst", ["d/x": .text("file"), "d/sub/y": .text("y")])
            let native = "\(service.folder)/native"
            try FileManager.default.createDirectory(
                atPath: native + "/d/sub", withIntermediateDirectories: true)
            try Data("file".utf8).write(to: URL(fileURLWithPath: native + "/d/x"))
            try Data("y".utf8).write(to: URL(fileURLWithPath: native + "/d/sub/y"))
            try #require(mount(native, native, nil, UInt(MS_BIND), nil) == 0)
            defer { umount2(native, Int32(MNT_DETACH)) }
            let flags = MS_BIND | MS_REMOUNT | MS_RDONLY
            try #require(mount(nil, native, nil, UInt(flags), nil) == 0)
            try await withMount(service) { mounted throws in
                for call in Self.calls {
                    func run(_ base: String) -> Int32 {
                        call.run("\(base)/d/x", "\(base)/d/sub", "\(base)/d/missing")
                    }
                    let expected = run(native)
                    let found = run(mounted.at("hst"))
                    // A bind mount says EROFS for nearly all; ENOENT and EEXIST come first there
                    // as here.
                    #expect(found == expected, "\(call.name): \(found), natively \(expected)")
                }
                #expect(try text(mounted.at("hst/d/x")) == "file")
            }
        }
    }
}
