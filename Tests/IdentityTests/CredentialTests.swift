import AccessControl
import Foundation
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@testable import ControlStore
@testable import Identity

@Suite("Keys and tokens")
struct CredentialTests {
    @Test("Who comes with a token or key is its user, by that credential")
    func principals() throws {
        try withIdentity { site in
            let credentials = site.credentials()
            let token = try credentials.createToken(.all("ada"), comment: "lab")
            #expect(
                try credentials.principal(token: token.token)
                    == .user(UserName("ada"), credential: token.record.id))
            let key = try credentials.createKey(.all("eve"))
            for reader in [credentials, site.credentials()] {
                let found = try reader.key(accessKeyID: key.accessKeyID)
                #expect(found.secret == key.secret)
                #expect(found.principal == .user(try UserName("eve"), credential: key.record.id))
            }
            #expect(try credentials.list(.token).map(\.record) == [token.record])
            #expect(try credentials.list(.key, of: UserName("eve")).map(\.standing) == [.holds])
        }
    }

    @Test("What is no token of this site that holds is refused, all of it in the same words")
    func refusedTokens() throws {
        try withIdentity { site in
            let clock = Clock()
            let credentials = site.credentials(now: { clock.now })
            let text = try credentials.createToken(.all("ada")).token.reveal()
            let short = try credentials.createToken(
                CredentialFacts(user: UserName("ada"), expires: Timestamp(nanoseconds: 2_000)))
            let revoked = try credentials.createToken(.all("ada"))
            try credentials.revoke(.token, revoked.record.id)
            let gone = try credentials.createToken(.all("eve"))
            try site.store.perform([.removeUser(UserName("eve"))], at: nil)
            clock.now = Timestamp(nanoseconds: 2_000)

            let bad = [
                "", "pgt_", text + "A", String(text.dropLast()), String(text.dropFirst()),
                text.lowercased(), text.uppercased(), " " + text, text + "\n", text + "\0",
                String(repeating: "A", count: 47), "pgt_" + String(repeating: "A", count: 43),
                "pgt_" + String(repeating: "é", count: 21) + "A",
                String(repeating: "A", count: 256), String(repeating: text, count: 20_000),
                short.token.reveal(), revoked.token.reveal(), gone.token.reveal(),
            ]
            for token in bad {
                let error = failure { _ = try credentials.principal(token) }
                #expect(error?.code == .accessDenied, "\(token.prefix(80))")
                #expect(error.map { "\($0)" } == "\(Credentials.refusal)")
            }
            #expect(throws: Never.self) { try credentials.principal(text) }
            try site.store.perform([.setUserDisabled(UserName("ada"), true)], at: nil)
            #expect(
                failure { _ = try credentials.principal(text) }.map { "\($0)" }
                    == "\(Credentials.refusal)")
            try site.store.perform([.setUserDisabled(UserName("ada"), false)], at: nil)
            #expect(throws: Never.self) { try credentials.principal(text) }
        }
    }

    @Test("Every token that differs in one byte is refused")
    func oneByte() throws {
        try withIdentity { site in
            let credentials = site.credentials()
            let token = Array(try credentials.createToken(.all("ada")).token.reveal().utf8)
            var random = SeededRandom(announcing: "tokens with one wrong byte")
            for index in token.indices {
                var other = token
                while other == token { other[index] = UInt8(random.below(256)) }
                #expect(
                    failure { _ = try credentials.principal(token: Secret(other)) }?.code
                        == .accessDenied)
            }
        }
    }

    @Test("What is no key of this site that holds is refused in the same words")
    func refusedKeys() throws {
        try withIdentity { site in
            let clock = Clock()
            let credentials = site.credentials(now: { clock.now })
            let short = try credentials.createKey(
                CredentialFacts(user: UserName("ada"), expires: Timestamp(nanoseconds: 2_000)))
            let revoked = try credentials.createKey(.all("ada"))
            try credentials.revoke(.key, revoked.record.id)
            #expect(throws: Never.self) {
                try credentials.key(accessKeyID: short.accessKeyID)
            }
            clock.now = Timestamp(nanoseconds: 2_000)
            let bad = [
                short.accessKeyID, revoked.accessKeyID, "", "PGKA", AccessKeyID.random(),
                short.accessKeyID.lowercased(), String(repeating: "A", count: 1 << 20),
            ]
            for id in bad {
                let error = failure { _ = try credentials.key(accessKeyID: id) }
                #expect(error.map { "\($0)" } == "\(Credentials.refusal)")
            }
        }
    }

    @Test("After a restore nothing holds until it is renewed, and the list says why")
    func generations() throws {
        try withIdentity { site in
            let clock = Clock()
            let credentials = site.credentials(now: { clock.now })
            let token = try credentials.createToken(.all("ada"))
            let short = try credentials.createToken(
                CredentialFacts(user: UserName("eve"), expires: Timestamp(nanoseconds: 2_000)))
            try site.raiseGeneration()
            #expect(
                failure { _ = try credentials.principal(token: token.token) }?.code == .accessDenied
            )
            clock.now = Timestamp(nanoseconds: 2_000)
            #expect(
                try credentials.list(.token).map(\.standing) == [
                    .earlierGeneration, .earlierGeneration,
                ])
            try credentials.renew(.token, token.record.id)
            #expect(throws: Never.self) { try credentials.principal(token: token.token) }
            #expect(failure { try credentials.renew(.token, short.record.id) }?.code == .conflict)
            try credentials.renew(
                .token, short.record.id, expires: Timestamp(nanoseconds: 3_000))
            #expect(throws: Never.self) { try credentials.principal(token: short.token) }
            try site.store.perform([.setUserDisabled(UserName("ada"), true)], at: nil)
            clock.now = Timestamp(nanoseconds: 3_000)
            #expect(try credentials.list(.token).map(\.standing) == [.userDisabled, .expired])
            #expect(failure { try credentials.renew(.key, token.record.id) }?.code == .notFound)
        }
    }

    @Test(
        "No file of the state holds a secret, a token, a sealing key, or one of their bytes' forms")
    func nothingInTheState() throws {
        try withIdentity { site in
            let credentials = site.credentials()
            var hidden: [String] = []
            for index in 0..<20 {
                hidden.append(
                    try credentials.createToken(.all("ada"), comment: "\(index)").token.reveal())
                hidden.append(try credentials.createKey(.all("eve")).secret.reveal())
            }
            _ = try credentials.rotateSecrets()
            let file = String(decoding: try DiskFile.read(site.keyFile), as: UTF8.self)
            for line in file.split(separator: "\n") where line.hasPrefix("key ") {
                hidden.append(String(line.dropFirst(4)))
            }
            var needles = hidden.map { Array($0.utf8) }
            for text in hidden {
                let digits = text.hasPrefix("pgt_") ? String(text.dropFirst(4)) : text
                let base64 = digits.replacingOccurrences(of: "-", with: "+")
                    .replacingOccurrences(of: "_", with: "/")
                needles += [Hex.decode(digits.utf8), Data(base64Encoded: base64).map { Array($0) }]
                    .compactMap { $0 }
            }
            #expect(hidden.count == 41)
            let files = try site.stateFiles()
            #expect(files.contains { $0.hasSuffix("control.sqlite") })
            for path in files {
                let content = Data(try DiskFile.read(path))
                for needle in needles {
                    #expect(content.range(of: Data(needle)) == nil, "\(path)")
                }
            }
            for event in try site.store.history(after: 0, limit: 1_000) {
                #expect(!hidden.contains { "\(event)".contains($0) })
            }
        }
    }
}

/// A clock that a test sets.
private final class Clock: Sendable {
    private let time = Mutex(Timestamp(nanoseconds: 1_000))

    var now: Timestamp {
        get { time.withLock(\.self) }
        set { time.withLock { $0 = newValue } }
    }
}

extension IdentityFixture {
    /// What a restore does to credentials.
    fileprivate func raiseGeneration() throws {
        try store.changing { try $0.execute("UPDATE generation SET value = value + 1") }
    }

    /// Every file of the state.
    fileprivate func stateFiles() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: state.path)
            .map { "\(state.path)/\($0)" }
            .filter {
                (try? FileManager.default.attributesOfItem(atPath: $0)[.type] as? FileAttributeType)
                    == .typeRegular
            }
    }
}
