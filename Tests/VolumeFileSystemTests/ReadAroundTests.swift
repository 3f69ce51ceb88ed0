import Testing
import VolumeFileSystem
import VolumeModel

private let window = Int64(ReadAround.window)

@Suite("Reading around small reads")
struct ReadAroundTests {
    private let size = 100 * window + 10

    private func range(_ offset: Int64, _ count: Int = 4096) throws -> ByteRange {
        try #require(ByteRange(offset: offset, count: count))
    }

    @Test func theSecondSmallReadInAWindowBringsItIn() throws {
        var around = ReadAround()
        #expect(around.read(try range(3 * window + 8192), ofSize: size) == nil)
        #expect(around.read(try range(4 * window), ofSize: size) == nil)
        #expect(
            around.read(try range(4 * window - 4096), ofSize: size)
                == (try range(3 * window, Int(window))))
        // It was brought in: should the kernel let go of it, the count begins anew.
        #expect(around.read(try range(3 * window), ofSize: size) == nil)
        #expect(around.read(try range(3 * window), ofSize: size) != nil)
    }

    @Test func theLastWindowEndsWithTheFile() throws {
        var around = ReadAround()
        #expect(around.read(try range(100 * window), ofSize: size) == nil)
        #expect(
            around.read(try range(100 * window), ofSize: size) == (try range(100 * window, 10)))
        #expect(around.read(try range(size), ofSize: size) == nil)
        #expect(around.read(try range(size), ofSize: size) == nil)
    }

    @Test(arguments: [0, ReadAround.smallRead + 1, 1 << 20])
    func otherReadsBringNothingIn(count: Int) throws {
        var around = ReadAround()
        for _ in 0..<4 { #expect(around.read(try range(0, count), ofSize: size) == nil) }
    }

    @Test func aFileOfOneWindowIsLeftToTheKernel() throws {
        var around = ReadAround()
        for _ in 0..<4 { #expect(around.read(try range(0), ofSize: window) == nil) }
    }

    @Test func readsAllOverAVastFileAreForgottenInTheEnd() throws {
        var around = ReadAround()
        let vast = Int64(5) << 40
        for index in 0..<Int64(40_000) {
            #expect(around.read(try range(index * 1000 * window), ofSize: vast) == nil)
        }
        // Forgotten meanwhile, however little it was.
        #expect(around.read(try range(0), ofSize: vast) == nil)
        #expect(around.read(try range(39_999_000 * window), ofSize: vast) != nil)
    }
}
