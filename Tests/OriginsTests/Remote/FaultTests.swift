import Glibc
import Origins
import PerigeeTesting
import Testing
import VolumeModel

/// Real servers behind a proxy that does harm.
@Suite("Reads through a network that fails", .timeLimit(.minutes(3)))
struct FaultTests {
    private static let content: [UInt8] = {
        var random = SeededRandom(seed: 7)
        return random.bytes(1_000_000)
    }()

    /// Gives `body` the proxy, the origin behind it, and the object's version.
    private func withFaults(
        _ kind: ServedOrigin, limits: TransferLimits = shortLimits,
        _ body: (FaultProxy, any RemoteOrigin, ObjectVersion) async throws -> Void
    ) async throws {
        try await kind.with(["f": Self.content]) { server, _ in
            try await withFaultProxy(before: server.port) { proxy in
                let origin = try kind.origin(proxy.url, limits: limits)
                try await body(proxy, origin, try await origin.stat("f").version)
            }
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `a body that is cut goes on where it was cut`(kind: ServedOrigin) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.next(.cut(after: 300_000), .reset(after: 100_000), .cut(after: 0))
            let bytes = try await origin.bytes("f", version: version)
            #expect(bytes == Self.content)
            let ranges = proxy.requests.compactMap { $0.field("range") }
            #expect(ranges.count == 4)
            #expect(ranges[1] == "bytes=300000-999999")
            // What a reset throws away of what was sent is asked for again.
            #expect(ranges[0] == "bytes=0-999999")
            #expect(ranges[2] == ranges[3])
            #expect(Set(proxy.requests.suffix(4).map { $0.field("if-match") }) == [version.etag])
        }
    }

    @Test(arguments: ServedOrigin.present, [500, 502, 503, 504, 429])
    func `a failure that passes is retried`(kind: ServedOrigin, status: Int) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.next(.status(status, fields: []), .status(status, fields: []))
            let bytes = try await origin.bytes("f", version: version, range: 10..<20)
            #expect(bytes == Array(Self.content[10..<20]))
            #expect(proxy.requests.count == 4)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `Retry-After is honoured, up to the deadline`(kind: ServedOrigin) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.next(.status(503, fields: ["Retry-After: 1"]))
            let start = monotonicNanoseconds()
            _ = try await origin.bytes("f", version: version, range: 0..<9)
            #expect(monotonicNanoseconds() - start >= 1_000_000_000)
            proxy.next(.status(429, fields: ["Retry-After: 3600"]))
            let error = await asyncFailure {
                _ = try await origin.bytes("f", version: version, range: 0..<9)
            }
            #expect(error?.code == .originUnavailable)
            // Long before what it asks for.
            #expect(monotonicNanoseconds() - start < 60_000_000_000)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `retries end`(kind: ServedOrigin) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.always(.status(500, fields: []))
            let error = await asyncFailure {
                _ = try await origin.bytes("f", version: version, range: 0..<9)
            }
            #expect(error?.code == .originUnavailable)
            #expect(error?.isTransient == true)
            #expect(proxy.requests.count == 6)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `a budget keeps many calls from multiplying what fails`(kind: ServedOrigin) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.always(.status(503, fields: []))
            for _ in 0..<40 {
                _ = await asyncFailure {
                    _ = try await origin.bytes("f", version: version, range: 0..<9)
                }
            }
            // Without it 40 calls of five tries; with it 32 retries, and one for each second.
            #expect(proxy.requests.count < 40 + 32 + 40)
        }
    }

    @Test(arguments: ServedOrigin.present, [-1, 0, 500])
    func `a stalled transfer is given up, and another try succeeds`(
        kind: ServedOrigin, position: Int
    ) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.next(.stall(after: position))
            let bytes = try await origin.bytes("f", version: version)
            #expect(bytes == Self.content)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `a drip is given up at the deadline`(kind: ServedOrigin) async throws {
        var limits = shortLimits
        limits.total = .milliseconds(600)
        try await withFaults(kind, limits: limits) { proxy, origin, version in
            proxy.always(.drip(bytes: 10, milliseconds: 50))
            let error = await asyncFailure {
                _ = try await origin.bytes("f", version: version, range: 0..<2_000)
            }
            #expect(error?.code == .timedOut)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `a dead server is not asked by every call`(kind: ServedOrigin) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.always(.reset(after: -1))
            for _ in 0..<20 {
                let error = await asyncFailure {
                    _ = try await origin.bytes("f", version: version, range: 0..<9)
                }
                #expect(error?.code == .originUnavailable)
            }
            #expect(proxy.requests.count < 20)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `a cancelled read ends at once`(kind: ServedOrigin) async throws {
        var limits = shortLimits
        limits.slowWindow = .seconds(60)
        try await withFaults(kind, limits: limits) { proxy, origin, version in
            proxy.always(.stall(after: 1_000))
            let received = Received()
            let reading = Task {
                await asyncFailure {
                    try await origin.read(Array("f".utf8), version: version, range: 0..<9_000) {
                        (bytes) throws(PerigeeError) in received.add(bytes)
                    }
                }
            }
            while received.bytes.count < 1_000 { await Task.yield() }
            let start = monotonicNanoseconds()
            reading.cancel()
            #expect(await reading.value?.code == .cancelled)
            #expect(monotonicNanoseconds() - start < 5_000_000_000)
            #expect(received.bytes == Array(Self.content[..<1_000]))
        }
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var fault: FaultProxy.Fault
        var code: PerigeeError.Code
    }

    private static let lies: [Lie] = [
        Lie(
            testDescription: "another range",
            fault: .fields(["Content-Range": "bytes 0-99/1000000"]),
            code: .originUnavailable),
        Lie(
            testDescription: "a range beyond the end",
            fault: .fields(["Content-Range": "bytes 100-199/150"]), code: .originUnavailable),
        Lie(
            testDescription: "another size",
            fault: .fields(["Content-Range": "bytes 100-199/999999"]),
            code: .stale),
        Lie(
            testDescription: "no total", fault: .fields(["Content-Range": "bytes 100-199/*"]),
            code: .originUnavailable),
        Lie(
            testDescription: "a longer body", fault: .fields(["Content-Length": "500"]),
            code: .originUnavailable),
        Lie(
            testDescription: "a shorter body", fault: .fields(["Content-Length": "50"]),
            code: .originUnavailable),
        Lie(
            testDescription: "another entity tag", fault: .fields(["ETag": "\"other\""]),
            code: .stale),
        Lie(
            testDescription: "no entity tag and no time",
            fault: .fields(["ETag": "", "Last-Modified": ""]), code: .originUnavailable),
        Lie(testDescription: "an endless body", fault: .endless, code: .originUnavailable),
        Lie(
            testDescription: "bytes behind the body", fault: .appended([1, 2, 3]),
            code: .originUnavailable),
        Lie(
            testDescription: "no HTTP", fault: .raw(Array("hello\r\n\r\n".utf8)),
            code: .originUnavailable),
        Lie(
            testDescription: "an endless header",
            fault: .raw(
                Array("HTTP/1.1 200 OK\r\n".utf8)
                    + [UInt8](repeating: 0x61, count: 200_000)),
            code: .originUnavailable),
        Lie(testDescription: "gone", fault: .status(404, fields: []), code: .notFound),
        Lie(testDescription: "changed", fault: .status(412, fields: []), code: .stale),
        Lie(testDescription: "shorter", fault: .status(416, fields: []), code: .stale),
        Lie(testDescription: "forbidden", fault: .status(403, fields: []), code: .originDenied),
        Lie(testDescription: "nonsense", fault: .status(204, fields: []), code: .originUnavailable),
    ]

    @Test(arguments: ServedOrigin.present, lies)
    func `a lie is found before a byte beyond the range is delivered`(
        kind: ServedOrigin, lie: Lie
    ) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.always(lie.fault)
            let received = Received()
            let error = await asyncFailure {
                try await origin.read(Array("f".utf8), version: version, range: 100..<200) {
                    (bytes) throws(PerigeeError) in received.add(bytes)
                }
            }
            #expect(error?.code == lie.code, "\(String(describing: error))")
            #expect(Self.content[100..<200].starts(with: received.bytes))
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `a version that changes in the middle is never mixed`(kind: ServedOrigin) async throws {
        try await withFaults(kind) { proxy, origin, version in
            proxy.next(.cut(after: 1_000), .fields(["ETag": "\"other\""]))
            let received = Received()
            let error = await asyncFailure {
                try await origin.read(Array("f".utf8), version: version, range: 0..<5_000) {
                    (bytes) throws(PerigeeError) in received.add(bytes)
                }
            }
            #expect(error?.code == .stale)
            #expect(received.bytes == Array(Self.content[..<1_000]))
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `a consumer that is full holds up the transfer, and loses nothing`(kind: ServedOrigin)
        async throws
    {
        try await withFaults(kind) { proxy, origin, version in
            let pace = ReadPace()
            let received = Received()
            let reading = Task {
                await asyncFailure {
                    try await origin.read(
                        Array("f".utf8), version: version, range: 0..<1_000_000, pace: pace
                    ) { (bytes) throws(PerigeeError) in
                        received.add(bytes)
                        pace.pause()
                    }
                }
            }
            var pieces = 0
            while received.bytes.count < 1_000_000 {
                let count = received.bytes.count
                while received.bytes.count == count {
                    // The consumer may say that it is full just after its bytes were counted.
                    pace.resume()
                    await Task.yield()
                }
                pieces += 1
            }
            pace.resume()
            #expect(await reading.value == nil)
            #expect(received.bytes == Self.content)
            #expect(pieces > 1)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `what the consumer throws ends the read`(kind: ServedOrigin) async throws {
        try await withFaults(kind) { _, origin, version in
            let error = await asyncFailure {
                try await origin.read(Array("f".utf8), version: version, range: 0..<1_000_000) {
                    (_) throws(PerigeeError) in throw PerigeeError(.storageFailed, "full")
                }
            }
            #expect(error?.code == .storageFailed)
        }
    }

    @Test(arguments: ServedOrigin.present)
    func `an empty range asks nothing, and one beyond the end is refused`(kind: ServedOrigin)
        async throws
    {
        try await withFaults(kind) { proxy, origin, version in
            let before = proxy.requests.count
            let bytes = try await origin.bytes("f", version: version, range: 5..<5)
            #expect(bytes == [])
            let error = await asyncFailure {
                _ = try await origin.bytes("f", version: version, range: 5..<1_000_001)
            }
            #expect(error?.code == .invalidArgument)
            #expect(proxy.requests.count == before)
        }
    }
}
