import Glibc
import Origins
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Random reads through random faults", .timeLimit(.minutes(2)))
struct FaultStressTests {
    private static let size = 600_000

    private static func fault(_ random: inout SeededRandom) -> FaultProxy.Fault {
        let place = random.below(size)
        switch random.below(10) {
        case 0: return .cut(after: place)
        case 1: return .reset(after: place)
        case 2: return .reset(after: -1)
        case 3: return .status(random.pick([500, 502, 503, 429]), fields: [])
        case 4: return .delay(milliseconds: random.below(20))
        case 5: return .fields(["Content-Length": "\(place)"])
        case 6: return .fields(["Content-Range": "bytes 0-\(place)/\(size)"])
        case 7: return .fields(["ETag": "\"other\""])
        case 8: return .endless
        default: return .none
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `what arrives is always a part of the range, and all of it where the read succeeds`(
        kind: ServedOrigin
    ) async throws {
        var random = SeededRandom(announcing: "FaultStressTests (\(kind))")
        let content = random.bytes(Self.size)
        try await kind.with(["f": content]) { server, _ in
            try await withFaultProxy(before: server.port) { proxy in
                // What is asked here is whether bytes are right, not when a server is left alone.
                let origin = try kind.origin(proxy.url, breaker: Breaker(failures: .max))
                let version = try await origin.stat("f").version
                var whole = 0
                for _ in 0..<120 {
                    for _ in 0..<random.below(3) { proxy.next(Self.fault(&random)) }
                    let start = random.below(Self.size)
                    let range = start..<(start + 1 + random.below(Self.size - start))
                    let received = Received()
                    let error = await asyncFailure {
                        try await origin.read(
                            Array("f".utf8), version: version,
                            range: Int64(range.lowerBound)..<Int64(range.upperBound)
                        ) { (bytes) throws(PerigeeError) in received.add(bytes) }
                    }
                    let bytes = received.bytes
                    #expect(content[range].starts(with: bytes))
                    if error == nil {
                        #expect(bytes.count == range.count)
                        whole += 1
                    }
                }
                #expect(whole > 40)
            }
        }
    }
}
