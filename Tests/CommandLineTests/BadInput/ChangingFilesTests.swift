import Foundation
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    /// A file that is changed at its origin while a mount has it open.
    @Suite(.needsMounts()) struct ChangingFilesTests {
        /// How a mount serves.
        enum Serving: String, CaseIterable, CustomTestStringConvertible {
            case passthrough
            case daemon
            case rewritten

            var testDescription: String { rawValue }
            var rootFlags: [String] { self == .rewritten ? ["--files", "rewritten"] : [] }
            var mountFlags: [String] { self == .daemon ? ["--passthrough", "off"] : [] }
        }

        enum Change: String, CaseIterable, CustomTestStringConvertible {
            case replaced, removed, moved, truncated, emptied, rewritten, grown

            var testDescription: String { rawValue }
            /// Whether the open file keeps its bytes, since the inode is left alone.
            var keepsInode: Bool {
                switch self {
                case .replaced, .removed, .moved: true
                case .truncated, .emptied, .rewritten, .grown: false
                }
            }

            func apply(_ path: String, _ new: [UInt8]) throws {
                switch self {
                case .replaced: try DiskFile.replace(path, new)
                case .removed: try DiskFile.remove(path)
                case .moved: try DiskFile.move(path, to: "\(path).elsewhere")
                case .truncated: try DiskFile.setSize(path, 100_000)
                case .emptied: try DiskFile.setSize(path, 0)
                case .rewritten: try DiskFile.overwrite(path, at: 0, new)
                case .grown: try DiskFile.overwrite(path, at: new.count, new)
                }
            }
        }

        private static let size = 600_000
        private static let old = pattern(size, version: 1)
        private static let new = pattern(size, version: 2)

        private func withFile(
            _ serving: Serving, _ body: (Site, _ mount: String, _ file: Int32) throws -> Void
        ) throws {
            try withSite { site in
                try site.write("f", Self.old)
                // Older than the tick of the file system's clock.
                try DiskFile.setModified(
                    "\(site.origin)/f", Timestamp(nanoseconds: 1_700_000_000_123_456_789))
                try site.publish(flags: serving.rootFlags)
                try site.withMount(serving.mountFlags) { mount in
                    let file = open("\(mount)/vol/f", O_RDONLY | O_CLOEXEC)
                    try #require(file >= 0)
                    defer { close(file) }
                    try body(site, mount, file)
                }
            }
        }

        @Test(arguments: Serving.allCases, Change.allCases)
        func `an open file gives its own version's bytes, or ESTALE`(
            _ serving: Serving, _ change: Change
        ) throws {
            // What the kernel reads by itself of a file that is edited in place, nobody can check:
            // the contract of the root rules it out, and the next test covers what is done then.
            if serving == .passthrough, !change.keepsInode { return }
            try withFile(serving) { site, mount, file in
                let half = bytes(of: file, at: 0, count: Self.size / 2)
                #expect(half.value == Array(Self.old.prefix(Self.size / 2)))
                try change.apply("\(site.origin)/f", Self.new)
                for _ in 0..<12 {
                    for offset in stride(from: 0, to: Self.size, by: 131_072) {
                        let count = min(131_072, Self.size - offset)
                        switch bytes(of: file, at: offset, count: count) {
                        case .ok(let read):
                            // A short read is one: of pages that the kernel kept, up to one that it
                            // had to ask for.
                            let old = Self.old[offset..<offset + count]
                            let isOld = !read.isEmpty && old.starts(with: read)
                            let same = zip(read, old).prefix { $0 == $1 }.count
                            #expect(isOld, "\(read.count) bytes at \(offset), old up to \(same)")
                        case .failed(let code):
                            #expect(code == ESTALE, "\(SystemError(code))")
                            #expect(!change.keepsInode, "the inode was left alone")
                        }
                    }
                    usleep(100_000)
                }
                // A new open never shows new bytes under the old version.
                switch contents("\(mount)/vol/f") {
                case .ok(let read): #expect(read == Self.old)
                case .failed(let code): #expect(code == ESTALE || code == ENOENT)
                }
            }
        }

        @Test(arguments: [Change.truncated, .rewritten, .emptied, .grown])
        func `a file that is edited in place behind the kernel's back is noticed within seconds`(
            _ change: Change
        ) throws {
            try withFile(.passthrough) { site, mount, file in
                let before = bytes(of: file, at: 0, count: 10).value
                #expect(before?.elementsEqual(Self.old.prefix(10)) == true)
                try change.apply("\(site.origin)/f", Self.new)
                #expect(eventually(within: 5) { site.mountLog.contains("changed at its origin") })
                #expect(contents("\(mount)/vol/f").error == ESTALE)
                // Once it is scanned and published it is a new version under the same name.
                try site.scanAndPublish()
                let expected = contents("\(site.origin)/f")
                #expect(eventually(within: 3) { contents("\(mount)/vol/f") == expected })
            }
        }

        @Test(arguments: [Serving.passthrough, .daemon], [Change.replaced, .removed, .moved])
        func `a shared mapping keeps its version's bytes`(
            _ serving: Serving, _ change: Change
        ) throws {
            try withFile(serving) { site, _, file in
                let mapping = try Mapping(file, count: Self.size)
                #expect(mapping.bytes.prefix(5_000).elementsEqual(Self.old.prefix(5_000)))
                try change.apply("\(site.origin)/f", Self.new)
                usleep(1_500_000)
                #expect(mapping.bytes == Self.old)
            }
        }

        @Test func `an open that is refused, since the file is another, is in the log`() throws {
            try withFile(.passthrough) { site, mount, _ in
                try DiskFile.replace("\(site.origin)/f", Self.new)
                #expect(contents("\(mount)/vol/f") == .failed(ESTALE))
                let words = "file is not what was published"
                #expect(eventually(within: 5) { site.mountLog.contains(words) })
            }
        }

        @Test func `opening a refused file again and again does not fill the log`() throws {
            try withFile(.passthrough) { site, mount, _ in
                try DiskFile.replace("\(site.origin)/f", Self.new)
                for _ in 0..<500 { #expect(contents("\(mount)/vol/f") == .failed(ESTALE)) }
                let lines = site.mountLog.split(separator: "\n").filter {
                    $0.contains("file is not what was published")
                }
                // Two where a minute ended in between.
                #expect((1...2).contains(lines.count))
            }
        }

        @Test func `files that may be rewritten are never passed through, and not shared`() throws {
            try withFile(.rewritten) { site, mount, file in
                #expect(throws: SystemError(ENODEV)) { try Mapping(file, count: Self.size) }
                let own = try Mapping(file, count: Self.size, flags: MAP_PRIVATE)
                #expect(own.bytes == Self.old)
                let stat = try objects(site.ok(["stat", "\(mount)/vol/f", "--json"]))
                #expect(stat.first?["serving"] as? String == "direct")
            }
        }

        @Test func `a mapping of a truncated file ends in SIGBUS or its own bytes, not in others`()
            throws
        {
            try withFile(.daemon) { site, _, file in
                let mapping = try Mapping(file, count: Self.size)
                let first = Array(Self.old.prefix(4_096))
                #expect(try mapping.page(0) == .ok(first))
                try DiskFile.setSize("\(site.origin)/f", 10)
                // The daemon looks once a second at what is open.
                usleep(1_500_000)
                var gone = 0
                for index in 0..<(Self.size + 4_095) / 4_096 {
                    let page = Array(Self.old[(index * 4_096)...].prefix(4_096))
                    let found = try mapping.page(index)
                    if found == .failed(EFAULT) { gone += 1 } else { #expect(found == .ok(page)) }
                }
                #expect(gone > 0, "nothing was truncated")
            }
        }

        @Test(arguments: Serving.allCases)
        func `readers of a file that is replaced again and again see one whole version`(
            _ serving: Serving
        ) throws {
            try withSite { site in
                let size = 300_000
                try site.write("f", pattern(size, version: 0))
                try site.publish(flags: serving.rootFlags)
                try site.withMount(serving.mountFlags) { mount in
                    let end = monotonicNanoseconds() + 5_000_000_000
                    var version: UInt64 = 0
                    var whole = 0
                    // Their first bytes tell versions apart.
                    var versions = [Array(pattern(8, version: 0)): pattern(size, version: 0)]
                    while monotonicNanoseconds() < end {
                        version += 1
                        let newest = pattern(size, version: version)
                        versions[Array(newest.prefix(8))] = newest
                        try DiskFile.replace("\(site.origin)/f", newest)
                        for _ in 0..<3 {
                            switch contents("\(mount)/vol/f") {
                            case .ok(let read):
                                let isWhole = versions[Array(read.prefix(8))] == read
                                #expect(isWhole)
                            case .failed(let code):
                                #expect(code == ESTALE || code == ENOENT, "\(SystemError(code))")
                            }
                        }
                        guard version % 2 == 0 else { continue }
                        try site.scanAndPublish()
                        let isSeen = eventually(within: 2) {
                            contents("\(mount)/vol/f") == .ok(newest)
                        }
                        #expect(isSeen)
                        whole += 1
                    }
                    #expect(whole > 0, "nothing could be read at all")
                }
            }
        }
    }
}
