import Glibc
import Origins
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

/// What a consumer got, for a test to compare.
final class Received: Sendable {
    private let state = Mutex<[UInt8]>([])

    var bytes: [UInt8] { state.withLock(\.self) }

    func add(_ bytes: UnsafeRawBufferPointer) {
        state.withLock { $0.append(contentsOf: bytes) }
    }
}

extension RemoteOrigin {
    /// All bytes of a range at once.
    func bytes(
        _ key: String, version: ObjectVersion, range: Range<Int64>? = nil
    ) async throws(PerigeeError) -> [UInt8] {
        let received = Received()
        try await read(Array(key.utf8), version: version, range: range ?? 0..<version.size) {
            (bytes) throws(PerigeeError) in received.add(bytes)
        }
        return received.bytes
    }

    /// The whole list, page by page.
    func list(_ prefix: String = "") async throws(PerigeeError) -> [OriginObject] {
        var objects: [OriginObject] = []
        var token: ListingToken?
        repeat {
            let page = try await list(prefix: Array(prefix.utf8), continuing: token)
            objects += page.objects
            token = page.next
        } while token != nil
        return objects
    }

    func stat(_ key: String) async throws(PerigeeError) -> OriginObject {
        try await stat(Array(key.utf8))
    }
}

/// Limits under which a test does not wait long for what goes wrong.
let shortLimits: TransferLimits = {
    var limits = TransferLimits()
    limits.connect = .seconds(10)
    limits.slowWindow = .seconds(1)
    limits.slowBytes = 1_024
    limits.total = .seconds(30)
    return limits
}()

/// A transport to a server of a test.
func transport(
    to url: String, limits: TransferLimits = shortLimits, signer: (any RequestSigner)? = nil,
    transfers: HTTPTransfers? = nil, breaker: Breaker = Breaker(failures: 8)
) throws -> OriginTransport {
    OriginTransport(
        name: "test", transfers: try transfers ?? HTTPTransfers(),
        gate: OutboundGate([
            OutboundGate.Host(
                try WebAddress(url).host, allowsClearText: true, allowsLocal: true)
        ]), signer: signer, limits: limits, breaker: breaker)
}

/// A kind of origin with a real server, through which one suite of tests goes.
enum ServedOrigin: String, CaseIterable, CustomTestStringConvertible {
    case bucket
    case archive

    var testDescription: String { rawValue }

    /// Those whose servers are installed; others are said to be skipped.
    static let present: [ServedOrigin] = allCases.filter {
        ($0 == .bucket ? OriginServer.rclone : .nginx).isThere(for: "origin tests (\($0))")
    }

    /// Starts a server over a folder with these files.
    func with(
        _ files: [String: [UInt8]],
        _ body: (_ server: ServerProcess, _ folder: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let data = "\(folder)/data/bucket"
            try DiskFile.makeFolders(data)
            try DiskFile.makeFolders("\(folder)/scratch")
            for (path, content) in files {
                if let slash = path.lastIndex(of: "/") {
                    try DiskFile.makeFolders("\(data)/\(path[..<slash])")
                }
                try DiskFile.write("\(data)/\(path)", content)
            }
            let server =
                switch self {
                case .bucket:
                    try OriginServer.bucketServer(
                        of: "\(folder)/data", scratch: "\(folder)/scratch")
                case .archive:
                    try OriginServer.webServer(
                        of: "\(folder)/data", scratch: "\(folder)/scratch")
                }
            try await body(server, data)
        }
    }

    /// The origin at a server, or at a proxy before it.
    func origin(
        _ url: String, limits: TransferLimits = shortLimits,
        breaker: Breaker = Breaker(failures: 8)
    ) throws -> any RemoteOrigin {
        let transport = try transport(to: url, limits: limits, breaker: breaker)
        return switch self {
        case .bucket:
            try S3Origin(endpoint: WebAddress(url), bucket: "bucket", transport: transport)
        case .archive:
            try WebOrigin(
                folder: WebAddress("\(url)/bucket/"), listing: .autoindex, transport: transport)
        }
    }
}
