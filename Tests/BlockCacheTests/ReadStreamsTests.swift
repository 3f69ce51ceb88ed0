import BlockCache
import PerigeeTesting
import Testing

@Suite("Streams of reads")
struct ReadStreamsTests {
    private static let size: Int64 = 4 << 30
    private static let piece: Int64 = 128 << 10

    private static func streams(_ size: Int64 = size) -> ReadStreams {
        ReadStreams(size: size, maximumRequest: 8 << 20)
    }

    /// Reads on from `start` and gives what was asked for ahead.
    private static func read(
        _ streams: inout ReadStreams, from start: Int64, count: Int, limit: Int64 = 128 << 20
    ) -> [Range<Int64>] {
        (0..<count).flatMap { index in
            let at = start + Int64(index) * piece
            return streams.note(at..<min(at + piece, size), limit: limit)
        }
    }

    @Test("The second read of a sequence starts a window of 1 MiB + 128 KiB")
    func firstWindow() {
        var streams = Self.streams()
        #expect(Self.read(&streams, from: 0, count: 1) == [])
        let ahead = streams.note(Self.piece..<2 * Self.piece, limit: 128 << 20)
        #expect(ahead == [2 * Self.piece..<2 * Self.piece + 1 << 20])
        #expect(ReadStreams.firstWindow == 1_179_648)
    }

    @Test("The window doubles while the stream goes on, up to the limit, in larger requests")
    func grows() {
        var streams = Self.streams()
        let ahead = Self.read(&streams, from: 0, count: 4_000)
        let last = Int64(4_000) * Self.piece
        let end = ahead.map(\.upperBound).max() ?? 0
        #expect(end - last > 100 << 20 && end - last <= 128 << 20)
        #expect(ahead.map(\.count).max() == 8 << 20)
        // Nothing twice, and nothing left out.
        #expect(zip(ahead, ahead.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        // Less is wanted under pressure.
        #expect(Self.read(&streams, from: last, count: 100, limit: 1 << 20) == [])
    }

    @Test("What finds no room in memory is asked for later, and what was lost once more")
    func roomAndLoss() {
        var streams = Self.streams()
        _ = Self.read(&streams, from: 0, count: 1)
        let first = Self.piece..<2 * Self.piece
        #expect(streams.note(first, limit: 64 << 20, room: 1 << 19) == [])
        let second = 2 * Self.piece..<3 * Self.piece
        let ahead = streams.note(second, limit: 64 << 20, room: 2 << 20)
        #expect(ahead == [3 * Self.piece..<3 * Self.piece + 1 << 20])
        let third = 3 * Self.piece..<4 * Self.piece
        let again = streams.note(third, limit: 64 << 20, isLost: true)
        #expect(again.first == 4 * Self.piece..<4 * Self.piece + 1 << 20)
    }

    @Test("Random reads fetch nothing ahead")
    func random() {
        var random = SeededRandom(announcing: "random reads")
        var streams = Self.streams()
        var ahead: Int64 = 0
        for _ in 0..<2_000 {
            let at = Int64.random(in: 0..<Self.size - Self.piece, using: &random)
            for range in streams.note(at..<at + Self.piece, limit: 128 << 20) {
                ahead += Int64(range.count)
            }
        }
        // Of 2,000 reads in 4 GiB some are next to one of the eight before by chance.
        #expect(ahead < 2_000 * Self.piece / 10)
    }

    @Test("Five interleaved sequences are five streams")
    func interleaved() {
        var streams = Self.streams()
        var ends: [Int: Int64] = [:]
        for step in 0..<200 {
            for number in 0..<5 {
                let at = Int64(number) * 700 << 20 + Int64(step) * Self.piece
                for range in streams.note(at..<at + Self.piece, limit: 64 << 20) {
                    let owner = Int(range.lowerBound / (700 << 20))
                    ends[owner] = range.upperBound
                }
            }
        }
        for number in 0..<5 {
            let read = Int64(number) * 700 << 20 + 200 * Self.piece
            #expect((ends[number] ?? 0) > read + 1 << 20)
        }
    }

    @Test("Equal steps are foreseen, forward and backward", arguments: [3_000_000, -3_000_000])
    func steps(step: Int64) {
        var streams = Self.streams()
        let start: Int64 = 2 << 30
        var ahead: Set<Range<Int64>> = []
        var foreseen = 0
        for index in 0..<100 {
            let at = start + Int64(index) * step
            let range = at..<at + 8_192
            if ahead.contains(range) { foreseen += 1 }
            for next in streams.note(range, limit: 64 << 20) {
                #expect(!ahead.contains(next))
                ahead.insert(next)
            }
        }
        #expect(foreseen >= 95)
    }

    @Test("Reads that come out of order stay in their stream")
    func outOfOrder() {
        var streams = Self.streams()
        _ = Self.read(&streams, from: 0, count: 20)
        let before = Self.read(&streams, from: 21 * Self.piece, count: 1)
        let late = Self.read(&streams, from: 20 * Self.piece, count: 1)
        let after = Self.read(&streams, from: 22 * Self.piece, count: 30)
        let all = before + late + after
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }

    @Test("Nothing is asked for behind the end")
    func end() {
        var streams = Self.streams(1_000_000)
        var ahead: [Range<Int64>] = []
        for at in stride(from: Int64(0), to: 1_000_000, by: 100_000) {
            ahead += streams.note(at..<at + 100_000, limit: 128 << 20)
        }
        #expect(ahead.map(\.upperBound).max() == 1_000_000)
        #expect(streams.note(5..<5, limit: 1 << 20) == [])
    }
}
