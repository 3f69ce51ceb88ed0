import AccessControl
import PerigeeTesting
import S3Protocol
import VolumeModel
import VolumeService

/// Buckets, as a client with nothing but HTTP meets them.
final class AccessGatewayDriver: AccessDriver {
    let principal: Principal
    let showsEmptyFolders = false
    /// Volumes that the principal may be told of, and no more.
    private let discoverable: Set<VolumeName>
    private let client: HTTPTalk
    private let gateway: TestGateway
    private let pageSize: Int

    init(
        _ gateway: TestGateway, _ client: HTTPTalk, as principal: Principal, in world: AccessWorld,
        pageSize: Int = 3
    ) {
        self.gateway = gateway
        self.client = client
        self.principal = principal
        self.pageSize = pageSize
        let now = world.hand.now
        let told = world.model.volumes(for: principal, from: .discover, showing: .listed, at: now)
        let shown = world.model.volumes(for: principal, from: .list, showing: .listed, at: now)
        discoverable = Set(told).subtracting(shown)
    }

    func volumes() async throws -> [VolumeName]? {
        let answer = try ask("GET", "/")
        return try answer.elements("Name").map { try VolumeName($0) }
    }

    func report(_ question: AccessQuestion) async throws -> AccessReport {
        let bucket =
            switch question.revision {
            case .current: question.volume.string
            case .pinned(let number): "\(question.volume).\(number)"
            // No name of a bucket leads there.
            case .candidate: "\(question.volume)@candidate"
            }
        let head = try ask("HEAD", "/\(bucket)")
        let page = try ask("GET", "/\(bucket)?list-type=2&max-keys=1")
        guard head.status == page.status else {
            throw AccessContradiction("\(question): HEAD \(head.status), GET \(page.status)")
        }
        guard page.status == 200 else { return try absent(question, page) }
        let found = question.path.isRoot ? nil : try object(question, bucket)
        if let found, found.answer != .absent { return found }
        let names = try names(in: question.path, bucket)
        if names.isEmpty, !question.path.isRoot {
            return found ?? AccessReport(.absent)
        }
        return AccessReport(.folder(names))
    }

    private func ask(
        _ method: String, _ target: String, _ fields: [(String, String)] = []
    ) throws -> HTTPAnswer {
        gateway.principal.now = principal
        return try client.request(method, target, fields)
    }

    /// A bucket that is not there, or of which is told and no more.
    private func absent(_ question: AccessQuestion, _ page: HTTPAnswer) throws -> AccessReport {
        let isTold = discoverable.contains(question.volume) && question.revision != .candidate
        let code = page.element("Code")
        guard code == (isTold ? "AccessDenied" : "NoSuchBucket") else {
            throw AccessContradiction("\(question): refused with \(code ?? page.text)")
        }
        return AccessReport(.absent, refusal: isTold ? nil : refusal(page))
    }

    private func refusal(_ answer: HTTPAnswer) -> String {
        "\(answer.status) \(answer.element("Code") ?? "") \(answer.element("Message") ?? "")"
    }

    private func object(_ question: AccessQuestion, _ bucket: String) throws -> AccessReport {
        let key = Self.encoded(question.path.bytes)
        let target = "/\(bucket)/\(key)"
        let get = try ask("GET", target)
        let head = try ask("HEAD", target)
        let words = get.fields.joined(separator: "\n")
        let listed = try listing(bucket, "prefix=\(key)&max-keys=1").first {
            $0.key == question.path.bytes
        }
        switch get.status {
        case 200:
            guard head.status == 200, let listed, listed.size == get.body.count,
                head.field("content-length") == String(get.body.count),
                head.field("etag") == get.field("etag"), get.field("etag") == listed.etag
            else { throw AccessContradiction("\(question): HEAD, GET and listing differ") }
            return AccessReport(.content(get.body), words: words)
        case 403:
            // Conditions and ranges must tell no more.
            let other = try ask("GET", target, [("If-None-Match", "*"), ("Range", "bytes=99999-")])
            guard head.status == 403, other.status == 403, let listed else {
                throw AccessContradiction("\(question): GET is denied, HEAD \(head.status)")
            }
            return AccessReport(.closed(size: listed.size), words: words)
        case 500:
            guard head.status == 200, let listed else {
                throw AccessContradiction("\(question): GET fails, HEAD \(head.status)")
            }
            return AccessReport(.gone(size: listed.size), words: words)
        case 404:
            guard head.status == 404, listed == nil else {
                throw AccessContradiction("\(question): is not there, and listed")
            }
            return AccessReport(.absent, refusal: refusal(get), words: words)
        default:
            throw AccessContradiction("\(question): GET says \(get.status) \(get.text)")
        }
    }

    private struct Listed {
        var key: [UInt8]
        var size: Int64
        var etag: String?
    }

    private func listing(_ bucket: String, _ query: String) throws -> [Listed] {
        let page = try ask("GET", "/\(bucket)?list-type=2&encoding-type=url&\(query)")
        return zip(page.elements("Contents"), page.elements("Key")).map { contents, key in
            let inner = Document(text: contents)
            return Listed(
                key: Self.decoded(key),
                size: inner.elements("Size").first.flatMap { Int64($0) } ?? -1,
                etag: inner.elements("ETag").first)
        }
    }

    /// Names in a folder, page by page; as files and folders come in the order of keys.
    private func names(
        in folder: EntryPath, _ bucket: String
    ) throws -> [[UInt8]] {
        let prefix = folder.isRoot ? [] : folder.bytes + [UInt8(ascii: "/")]
        var keys: [[UInt8]] = []
        var token: String?
        repeat {
            let more = token.map { "&continuation-token=\(Self.encoded(Array($0.utf8)))" } ?? ""
            let page = try ask(
                "GET",
                "/\(bucket)?list-type=2&encoding-type=url&delimiter=/&max-keys=\(pageSize)"
                    + "&prefix=\(Self.encoded(prefix))\(more)")
            guard page.status == 200 else {
                throw AccessContradiction("a page of \(bucket) is refused: \(page.text)")
            }
            let files = page.elements("Key").map(Self.decoded)
            let groups = page.elements("Prefix").map(Self.decoded).filter {
                $0 != prefix && $0.last == UInt8(ascii: "/")
            }
            let sorted = (files + groups).sorted { $0.lexicographicallyPrecedes($1) }
            if let last = keys.last, let first = sorted.first,
                !last.lexicographicallyPrecedes(first)
            {
                throw AccessContradiction("pages of \(bucket) are out of order")
            }
            keys += sorted
            token = page.element("NextContinuationToken")
        } while token != nil
        return keys.map { key in
            let rest = key.dropFirst(prefix.count)
            return Array(rest.last == UInt8(ascii: "/") ? rest.dropLast() : rest)
        }
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        PercentEncoding.append(bytes, keepsSlashes: true, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private static func decoded(_ text: String) -> [UInt8] {
        (try? RequestTarget(parsing: Array("/\(text)".utf8)[...]))?.path.dropFirst().map { $0 }
            ?? []
    }
}
