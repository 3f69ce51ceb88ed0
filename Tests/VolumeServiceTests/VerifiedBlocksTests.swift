import BlockCache
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@testable import VolumeService

/// A source of content in pieces of any size, of which some have a flipped bit.
private final class FlippingSource: BlockSource {
    let content: [UInt8]
    private let random: Mutex<SeededRandom>
    /// One answer in so many has a flipped bit; 0 for none.
    let odds: Int
    let asked = Mutex<[Range<Int64>]>([])
    let flips = Atomic(0)

    init(_ content: [UInt8], odds: Int, random: SeededRandom) {
        self.content = content
        self.odds = odds
        self.random = Mutex(random)
    }

    func fetch(
        _ range: Range<Int64>,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        asked.withLock { $0.append(range) }
        var bytes = Array(content[Int(range.lowerBound)..<Int(range.upperBound)])
        var pieces: [Int] = []
        random.withLock { random in
            if odds > 0, random.once(in: odds), !bytes.isEmpty {
                bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
                flips.add(1, ordering: .relaxed)
            }
            var left = bytes.count
            while left > 0 {
                let piece = min(left, 1 + random.below(100_000))
                pieces.append(piece)
                left -= piece
            }
        }
        var at = 0
        for piece in pieces {
            let part = Array(bytes[at..<at + piece])
            let result = part.withUnsafeBytes { raw -> Result<Void, PerigeeError> in
                do throws(PerigeeError) { return .success(try deliver(raw)) } catch {
                    return .failure(error)
                }
            }
            try result.get()
            at += piece
        }
    }
}

@Suite("Verified blocks", .timeLimit(.minutes(2)))
struct VerifiedBlocksTests {
    private static let leaf = 65_536

    private func verified(
        _ source: FlippingSource, of content: [UInt8], rejected: @escaping @Sendable (Int) -> Void
    ) -> VerifiedBlocks {
        var hasher = TreeHasher(leafSize: Self.leaf)
        content.withUnsafeBytes { hasher.update($0) }
        let tree = hasher.finalize()
        return VerifiedBlocks(
            source: source,
            verification: LeafVerification(
                digest: tree.digest, name: Array("file".utf8),
                leaves: { () async throws(PerigeeError) in tree.leaves }, rejected: rejected),
            size: Int64(content.count))
    }

    /// The bytes that came before the fetch ended, and its error.
    private func fetch(
        _ range: Range<Int64>, from blocks: VerifiedBlocks
    ) async -> (bytes: [UInt8], error: PerigeeError?) {
        final class Got: Sendable { let bytes = Mutex<[UInt8]>([]) }
        let got = Got()
        do throws(PerigeeError) {
            try await blocks.fetch(range) { bytes in got.bytes.withLock { $0 += bytes } }
            return (got.bytes.withLock(\.self), nil)
        } catch {
            return (got.bytes.withLock(\.self), error)
        }
    }

    @Test("Whatever a source sends, only right bytes are delivered")
    func model() async throws {
        var random = SeededRandom(announcing: "ranges of a source that flips bits")
        var (failures, successes) = (0, 0)
        for _ in 0..<150 {
            let count = random.pick([1, 1_000, 65_536, 65_537, 200_000, 700_001])
            let content = random.bytes(count)
            let source = FlippingSource(content, odds: random.pick([0, 1, 3]), random: random)
            let rejected = Tries()
            let blocks = verified(source, of: content) { _ in rejected.add() }
            for _ in 0..<8 {
                let start = random.below(count)
                let end = start + 1 + random.below(count - start)
                let before = source.flips.load(ordering: .relaxed)
                let (bytes, error) = await fetch(Int64(start)..<Int64(end), from: blocks)
                let isRight = bytes == Array(content[start..<start + bytes.count])
                #expect(isRight)
                let isFlipped = source.flips.load(ordering: .relaxed) > before
                #expect(error?.code == (isFlipped ? .unverified : nil))
                if error == nil {
                    #expect(bytes.count == end - start)
                    successes += 1
                } else {
                    failures += 1
                }
            }
            #expect(rejected.value == source.flips.load(ordering: .relaxed))
            let isWhole = source.asked.withLock { asked in
                asked.allSatisfy { range in
                    range.lowerBound % Int64(Self.leaf) == 0
                        && (range.upperBound % Int64(Self.leaf) == 0
                            || range.upperBound == Int64(count))
                }
            }
            #expect(isWhole)
            _ = random.next()
        }
        #expect(failures > 50 && successes > 50)
    }

    private final class Tries: Sendable {
        private let count = Atomic(0)
        func add() { count.add(1, ordering: .relaxed) }
        var value: Int { count.load(ordering: .relaxed) }
    }

    @Test("Other content of the same file never passes, whole or in part")
    func exchanged() async throws {
        let content = SeededRandom.content(300_000)
        var other = content
        other[131_072] ^= 0x80
        let source = FlippingSource(other, odds: 0, random: SeededRandom(seed: 1))
        let blocks = verified(source, of: content) { #expect($0 == 2) }
        #expect(await fetch(0..<131_072, from: blocks).error == nil)
        let (bytes, error) = await fetch(0..<300_000, from: blocks)
        #expect(error?.code == .unverified && bytes.count == 131_072)
        #expect(await fetch(196_000..<196_001, from: blocks).error?.code == .unverified)
        #expect(await fetch(196_608..<300_000, from: blocks).error == nil)
    }
}

extension SeededRandom {
    fileprivate static func content(_ count: Int) -> [UInt8] {
        var random = SeededRandom(seed: 7)
        return random.bytes(count)
    }
}
