import Foundation
import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite struct LargeThingsTests {
        private static let fileCount =
            ProcessInfo.processInfo.environment["PERIGEE_SLOW"] == "1" ? 1_000_000 : 100_000

        @Test(.needsMounts()) func `a folder of very many files is listed whole and in order`()
            throws
        {
            try withSite { site in
                let count = Self.fileCount
                let folder = open(site.origin, Linux.path | O_DIRECTORY | O_CLOEXEC)
                defer { close(folder) }
                for index in 0..<count {
                    let file = openat(folder, "f\(index)", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
                    try #require(file >= 0)
                    close(file)
                }
                try site.publish()
                let expected = (0..<count).map { "f\($0)" }.sorted()
                #expect(try site.ok("ls vol", within: 300).lines == expected)
                try site.withMount { mount in
                    let walk = try tool("find", "\(mount)/vol", "-type", "f", within: 300)
                    #expect(Set(walk.lines).count == count)
                    #expect(walk.lines.count == count)
                    // An open listing goes on where it was, whatever is published meanwhile.
                    let stream = try #require(opendir("\(mount)/vol"))
                    defer { closedir(stream) }
                    var seen = 0
                    while seen < 1_000, readdir(stream) != nil { seen += 1 }
                    for index in 0..<50 { unlink("\(site.origin)/f\(index * 1_999 % count)") }
                    try site.scanAndPublish()
                    var names: Set<String> = []
                    while let entry = readdir(stream) {
                        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                        }
                        #expect(names.insert(name).inserted, "\(name) comes twice")
                        seen += 1
                    }
                    #expect(seen == count + 2, "with . and .., as it was opened")
                }
            }
        }

        @Test(.needsMounts(), arguments: ["auto", "off"])
        func `an empty file and one of 5 TiB are read at any offset`(_ mode: String) throws {
            try withSite { site in
                let size = 5 << 40
                try site.write("empty", [])
                try DiskFile.setSize("\(site.origin)/huge", Int64(size))
                let marks = [0, 1 << 20, (2 << 40) + 77, (4 << 40) - 3, size - 9]
                for offset in marks {
                    try DiskFile.overwrite(
                        "\(site.origin)/huge", at: offset, Array("here is \(offset % 10)".utf8))
                }
                try site.publish()
                #expect(try objects(site.ok("stat vol:huge --json")).first?["size"] as? Int == size)
                #expect(try site.ok("cat vol:empty").output == [])
                try site.withMount(["--passthrough", mode]) { mount in
                    #expect(contents("\(mount)/vol/empty") == .ok([]))
                    #expect(Facts("\(mount)/vol/huge")?.size == size)
                    let file = open("\(mount)/vol/huge", O_RDONLY | O_CLOEXEC)
                    try #require(file >= 0)
                    defer { close(file) }
                    for offset in marks {
                        let expected = Array("here is \(offset % 10)".utf8)
                        #expect(bytes(of: file, at: offset, count: 9) == .ok(expected))
                    }
                    #expect(bytes(of: file, at: 3 << 40, count: 3) == .ok([0, 0, 0]))
                    #expect(bytes(of: file, at: size - 9, count: 100).value?.count == 9)
                    #expect(bytes(of: file, at: size, count: 100) == .ok([]))
                    #expect(bytes(of: file, at: size + (1 << 40), count: 100) == .ok([]))
                    let last = size - 4_096
                    let page = mmap(nil, 4_096, PROT_READ, MAP_SHARED, file, last)
                    try #require(page != MAP_FAILED)
                    let tail = UnsafeRawBufferPointer(start: page, count: 4_096).suffix(9)
                    #expect(tail.elementsEqual("here is \((size - 9) % 10)".utf8))
                    munmap(page, 4_096)
                }
            }
        }
    }
}
