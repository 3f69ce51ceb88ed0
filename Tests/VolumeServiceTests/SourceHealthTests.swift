import PerigeeTesting
import Testing
import VolumeModel

@testable import VolumeService

@Suite("Which sources are asked first")
struct SourceHealthTests {
    private static let second: UInt64 = 1_000_000_000

    private func places(_ names: String...) throws -> [(index: Int, root: RootName)] {
        try names.enumerated().map { ($0.offset, try RootName($0.element)) }
    }

    @Test("Roots that are well keep their order")
    func well() throws {
        var health = SourceHealth()
        #expect(health.order(try places("aa", "bb", "cc"), at: 0) == [0, 1, 2])
        let wasIll = health.answered(try RootName("aa"))
        #expect(!wasIll)
    }

    @Test(
        "One that failed goes last, is probed by one reader a while later, and is well by an answer"
    )
    func recovery() throws {
        var health = SourceHealth()
        let (aa, all) = (try RootName("aa"), try places("aa", "bb"))
        let isNew = health.failed(aa, at: 0)
        #expect(isNew)
        #expect(health.order(all, at: 0) == [1, 0])
        #expect(health.order(all, at: Self.second) == [1, 0])
        // Who only opens a file there takes nobody's turn.
        #expect(health.order(all, at: 2 * Self.second, asks: { _ in false }) == [0, 1])
        // The probe, and those who come at the same time.
        #expect(health.order(all, at: 2 * Self.second) == [0, 1])
        #expect(health.order(all, at: 2 * Self.second) == [1, 0])
        #expect(health.order(all, at: 4 * Self.second) == [0, 1])
        let wasIll = health.answered(aa)
        #expect(wasIll)
        #expect(health.order(all, at: 4 * Self.second) == [0, 1])
    }

    @Test("The time between probes doubles, to half a minute")
    func doubling() throws {
        var health = SourceHealth()
        let (aa, all) = (try RootName("aa"), try places("aa", "bb"))
        var now: UInt64 = 0
        for seconds: UInt64 in [2, 4, 8, 16, 30, 30] {
            _ = health.failed(aa, at: now)
            #expect(health.order(all, at: now + seconds * Self.second - 1) == [1, 0])
            now += seconds * Self.second
            #expect(health.order(all, at: now) == [0, 1])
        }
    }

    @Test("One that stands behind a root that is well is not probed, and those in trouble all stay")
    func behind() throws {
        var health = SourceHealth()
        _ = health.failed(try RootName("bb"), at: 0)
        let later = 100 * Self.second
        #expect(health.order(try places("aa", "bb", "cc"), at: later) == [0, 2, 1])
        _ = health.failed(try RootName("aa"), at: later)
        _ = health.failed(try RootName("cc"), at: later)
        #expect(health.order(try places("aa", "cc"), at: later) == [0, 1])
    }

    @Test("Only a plain tag of an object is taken for the MD5 of its content")
    func tags() {
        #expect(SourceComparison.plainMD5("\"d41d8cd98f00b204e9800998ecf8427e\"")?.count == 16)
        for tag in [
            nil, "\"d41d8cd98f00b204e9800998ecf8427e-2\"", "W/\"d41d8cd98f00b204e9800998ecf8427e\"",
            "\"zz1d8cd98f00b204e9800998ecf8427e\"", "\"65a1-5f\"", "",
        ] {
            #expect(SourceComparison.plainMD5(tag) == nil, "\(tag ?? "none")")
        }
    }
}
