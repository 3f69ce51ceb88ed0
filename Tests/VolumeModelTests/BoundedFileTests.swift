import Glibc
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Files that somebody named")
struct BoundedFileTests {
    private func fault(_ body: () throws(BoundedFile.Fault) -> [UInt8]) -> BoundedFile.Fault? {
        do throws(BoundedFile.Fault) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    @Test("are read whole up to the limit, and not beyond")
    func limits() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/file"
            for count in [0, 1, 65_536, 200_000] {
                let content = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
                try DiskFile.write(path, content)
                let isSame = try BoundedFile.read(path, atMost: count) == content
                #expect(isSame, "\(count)")
                if count > 0 {
                    let found = fault { () throws(BoundedFile.Fault) in
                        try BoundedFile.read(path, atMost: count - 1)
                    }
                    #expect(found == .tooLong)
                }
            }
        }
    }

    @Test("are refused where they are secret and everybody's, and say what is not there")
    func faults() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/file"
            try DiskFile.write(path, [1])
            chmod(path, 0o604)
            #expect(try BoundedFile.read(path, atMost: 1) == [1])
            let open = fault { () throws(BoundedFile.Fault) in
                try BoundedFile.read(path, atMost: 1, isSecret: true)
            }
            #expect(open == .openToEverybody)
            chmod(path, 0o640)
            #expect(try BoundedFile.read(path, atMost: 1, isSecret: true) == [1])
            let missing = fault { () throws(BoundedFile.Fault) in
                try BoundedFile.read("\(folder)/none", atMost: 1)
            }
            #expect(missing == .system(SystemError(ENOENT)))
        }
    }
}
