import Crypto
import Foundation
import PerigeeTesting
import Testing
import VolumeModel

@testable import Identity

@Suite("Secrets and their texts")
struct SecretTests {
    private struct Holder {
        let name = "a"
        let secret = Secret("open sesame".utf8)
    }

    @Test("A secret does not print, whatever it is printed with and wherever it stands")
    func silent() {
        let secret = Secret("open sesame".utf8)
        var dumped = ""
        dump(Holder(), to: &dumped)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Holder())",
            "\([secret])", "\(Optional(secret) as Any)", String(reflecting: Holder()), dumped,
            "\(PerigeeError(.corrupt, "\(secret)"))",
        ]
        for text in texts {
            #expect(!text.contains("sesame"))
            #expect(text.contains("***") || text.contains("Secret"))
        }
        #expect(secret.reveal() == "open sesame")
    }

    @Test("A sealing key tells its identifier alone")
    func sealingKey() throws {
        let key = try #require(SealingKey([UInt8](repeating: 0x5a, count: 32)))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(text.contains("\(key.id)"))
            #expect(!text.contains("5a5a"))
        }
        #expect(SealingKey([1, 2, 3]) == nil)
    }

    @Test("Secrets are the same where their bytes are")
    func equality() {
        #expect(Secret("abc".utf8) == Secret("abc".utf8))
        for other in ["abd", "xbc", "ab", "abcd", ""] {
            #expect(Secret("abc".utf8) != Secret(other.utf8))
        }
        #expect(ConstantTime.areEqual([1, 2], [1, 2]))
        #expect(!ConstantTime.areEqual([1, 2], [1, 3]))
        #expect(!ConstantTime.areEqual([1, 2], [1, 2, 0]))
        #expect(ConstantTime.areEqual([], []))
    }

    @Test("Comparing takes as long where the first byte differs as where the last does")
    func constantTime() {
        // Over bytes enough that a comparison that stops early would be many times faster.
        let secret = [UInt8](repeating: 7, count: 1 << 14)
        var first = secret
        first[0] = 8
        var last = secret
        last[secret.count - 1] = 8
        let one = Secret(secret)
        let (early, late) = (Secret(first), Secret(last))
        func nanoseconds(_ other: Secret) -> UInt64 {
            (0..<20).map { _ in
                let start = monotonicNanoseconds()
                #expect(one != other)
                return monotonicNanoseconds() - start
            }.min() ?? 0
        }
        let (fast, slow) = (nanoseconds(early), nanoseconds(late))
        #expect(fast * 4 > slow, "\(fast) ns and \(slow) ns")
    }

    @Test("base64url and base32 are those of RFC 4648")
    func encodings() {
        let vectors = ["": "", "f": "Zg", "fo": "Zm8", "foo": "Zm9v", "foobar": "Zm9vYmFy"]
        for (plain, encoded) in vectors {
            #expect(encode(Array(plain.utf8), Base64URL.encode) == encoded)
        }
        #expect(encode([0xfb, 0xff, 0xfe], Base64URL.encode) == "-__-")
        #expect(encode(Array("fooba".utf8), Base32.encode) == "MZXW6YTB")
        var random = SeededRandom(announcing: "base64url")
        for _ in 0..<200 {
            let bytes = random.bytes(random.below(64))
            let expected = Data(bytes).base64EncodedString()
                .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                .replacingOccurrences(of: "=", with: "")
            #expect(encode(bytes, Base64URL.encode) == expected)
        }
    }

    @Test("New keys and tokens have their forms, and no two are alike")
    func forms() {
        var seen: Set<String> = []
        for _ in 0..<500 {
            let id = AccessKeyID.random()
            let token = BearerToken.random()
            #expect(AccessKeyID.isOne(id))
            #expect(id.hasPrefix("PGKA") && id.utf8.count == 20)
            #expect(token.reveal().hasPrefix("pgt_") && token.reveal().utf8.count == 47)
            #expect(token.withBytes { BearerToken.hash($0)?.count } == 32)
            #expect(Secret(randomBytes: 30).reveal().utf8.count == 40)
            seen.formUnion([id, token.reveal()])
        }
        #expect(seen.count == 1_000)
        for text in [
            "", "PGKA", "PGKAAAAAAAAAAAAAAAA1", "pgkaAAAAAAAAAAAAAAAA", "XXXXAAAAAAAAAAAAAAAA",
        ] {
            #expect(!AccessKeyID.isOne(text))
        }
    }

    @Test("The stored hash of a token is the one that the format says")
    func tokenVector() {
        let token = "pgt_" + String(repeating: "A", count: 43)
        let expected = SHA256.hash(
            data: Array("perigee.token.1".utf8) + [0, 0, 0, 0, 47] + Array(token.utf8))
        #expect(Secret(token.utf8).withBytes { BearerToken.hash($0) } == Array(expected))
    }

    private func encode(_ bytes: [UInt8], _ encoder: (UnsafeRawBufferPointer) -> [UInt8]) -> String
    {
        String(decoding: bytes.withUnsafeBytes { encoder($0) }, as: UTF8.self)
    }
}
