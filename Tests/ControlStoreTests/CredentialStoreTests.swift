import AccessControl
import GRDB
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Keys and tokens in the store")
struct CredentialStoreTests {
    private static let keyA = SealingKeyID([UInt8](repeating: 0xa, count: 8))!
    private static let keyB = SealingKeyID([UInt8](repeating: 0xb, count: 8))!

    @Test("What was added comes back, by number, access key ID and hash")
    func roundTrip() throws {
        try withUsers { store in
            try store.addSample()
            let volumes: Set = [try VolumeName("hst-stis")]
            let limited = CredentialFacts(
                user: try UserName("ada"), volumes: volumes, expires: Timestamp(nanoseconds: 9))
            let key = try store.add("PGKA1", CredentialDraft(facts: limited, comment: "laptop"))
            let hash = [UInt8](repeating: 7, count: 32)
            let draft = CredentialDraft(
                facts: CredentialFacts(user: try UserName("eve")),
                created: Timestamp(nanoseconds: 5))
            let token = try store.addToken(draft, hash: hash)
            #expect(key.facts == limited)
            #expect(key.comment == "laptop")
            #expect(key.isCurrent && !key.isUserDisabled)
            #expect(token.created == Timestamp(nanoseconds: 5))
            #expect(try store.credentials(.key, of: nil) == [key])
            #expect(try store.credentials(.token, of: UserName("eve")) == [token])
            #expect(try store.credentials(.token, of: UserName("ada")) == [])
            #expect(try store.key(accessKeyID: "PGKA1")?.record == key)
            #expect(try store.key(accessKeyID: "PGKA2") == nil)
            #expect(try store.token(hash: hash)?.record == token)
            #expect(try store.token(hash: hash)?.hash == hash)
            #expect(try store.token(hash: [UInt8](repeating: 8, count: 32)) == nil)
            #expect(
                try store.facts() == [key.id: limited, token.id: draft.facts])
        }
    }

    @Test("Each change is one event and one epoch; what changes nothing is none")
    func events() throws {
        try withUsers { store in
            let facts = CredentialFacts(user: try UserName("ada"))
            let key = try store.add("PGKA1", CredentialDraft(facts: facts))
            let token = try store.addToken(
                CredentialDraft(facts: facts), hash: [UInt8](repeating: 1, count: 32))
            try store.renewCredential(.key, key.id, expires: nil)
            try store.renewCredential(.key, key.id, expires: Timestamp(nanoseconds: 9))
            try store.reseal { _, keys in (Self.keyB, keys.map { _ in .sample(Self.keyB) }) }
            try store.removeCredential(.token, token.id)
            try store.removeCredential(.key, key.id)
            let events = try store.history(after: 0, limit: 100).suffix(6)
            #expect(
                events.map { "\($0.action.rawValue) \($0.subject): \($0.detail)" } == [
                    "key-created ada: key 1 PGKA1", "token-created ada: token 2",
                    "key-renewed ada: key 1 PGKA1 until 1970-01-01T00:00:00.000000009Z",
                    "secrets-rotated secrets: 1 sealed with the key 0b0b0b0b0b0b0b0b",
                    "token-removed ada: token 2",
                    "key-removed ada: key 1 PGKA1 until 1970-01-01T00:00:00.000000009Z",
                ])
        }
    }

    @Test("A credential of an earlier generation is not one of the snapshot's until it is renewed")
    func generations() throws {
        try withUsers { store in
            let facts = CredentialFacts(user: try UserName("ada"))
            let key = try store.add("PGKA1", CredentialDraft(facts: facts))
            try store.queue.write { try $0.execute(sql: "UPDATE generation SET value = value + 1") }
            #expect(try store.facts() == [:])
            #expect(try store.credentials(.key, of: nil).map(\.isCurrent) == [false])
            try store.renewCredential(.key, key.id, expires: nil)
            #expect(try store.facts() == [key.id: facts])
        }
    }

    @Test("What it cannot be for is refused, and nothing is changed")
    func refused() throws {
        try withUsers { store in
            let ada = try UserName("ada")
            _ = try store.add("PGKA1", CredentialDraft(facts: CredentialFacts(user: ada)))
            let epoch = try store.queue.read {
                try Int.fetchOne($0, sql: "SELECT value FROM epoch")
            }
            let nobody = CredentialFacts(user: try UserName("nobody"))
            let wrong = CredentialFacts(user: ada, volumes: [try VolumeName("hst")])
            let nothing = CredentialFacts(user: ada, volumes: [])
            for (facts, code) in [
                (nobody, PerigeeError.Code.notFound), (wrong, .notFound),
                (nothing, .invalidArgument),
            ] {
                let draft = CredentialDraft(facts: facts)
                #expect(failure { _ = try store.add("PGKA2", draft) }?.code == code)
                #expect(
                    failure {
                        _ = try store.addToken(draft, hash: [UInt8](repeating: 1, count: 32))
                    }?.code == code)
            }
            let draft = CredentialDraft(facts: CredentialFacts(user: ada))
            #expect(failure { _ = try store.add("PGKA1", draft) }?.code == .conflict)
            #expect(failure { _ = try store.addToken(draft, hash: [1]) }?.code == .invalidArgument)
            #expect(
                failure { try store.removeCredential(.token, CredentialID(1)) }?.code == .notFound)
            #expect(
                failure { try store.renewCredential(.key, CredentialID(9), expires: nil) }?.code
                    == .notFound)
            let denied = PerigeeError(.storageFailed, "no")
            #expect(
                failure {
                    _ = try store.addKey(draft, accessKeyID: "PGKA3") { _ throws(PerigeeError) in
                        throw denied
                    }
                }?.message == "no")
            #expect(failure { try store.reseal { _, _ in (Self.keyB, []) } }?.code == .conflict)
            #expect(
                try store.queue.read { try Int.fetchOne($0, sql: "SELECT value FROM epoch") }
                    == epoch)
        }
    }

    @Test("The key that seals is the one that sealed last, and each key's uses are counted")
    func sealing() throws {
        try withUsers { store in
            let draft = CredentialDraft(facts: CredentialFacts(user: try UserName("ada")))
            var states: [SealingState] = []
            for (name, key) in [("PGKA1", Self.keyA), ("PGKA2", Self.keyA), ("PGKA3", Self.keyB)] {
                _ = try store.addKey(draft, accessKeyID: name) { state in
                    states.append(state)
                    return .sample(key)
                }
            }
            try store.holdingSealing { states.append($0) }
            #expect(
                states == [
                    SealingState(current: nil, uses: [:]),
                    SealingState(current: Self.keyA, uses: [Self.keyA: 1]),
                    SealingState(current: Self.keyA, uses: [Self.keyA: 2]),
                    SealingState(current: Self.keyB, uses: [Self.keyA: 2, Self.keyB: 1]),
                ])
            #expect(try store.stateID().utf8.count == 16)
            #expect(try store.stateID() == store.stateID())
        }
    }

    @Test("A user's credentials go with him")
    func cascade() throws {
        try withUsers { store in
            let draft = CredentialDraft(facts: CredentialFacts(user: try UserName("ada")))
            _ = try store.add("PGKA1", draft)
            try store.queue.write { try $0.execute(sql: "DELETE FROM user WHERE name = 'ada'") }
            #expect(try store.credentials(.key, of: nil) == [])
        }
    }

    @Test("Lists of names that are none of the store's own are not taken for some")
    func lists() throws {
        for names in [["hst"], ["hst", "euclid-q1"]] {
            let set = Set(try names.map { name throws in try VolumeName(name) })
            #expect(VolumeNameList.decode(VolumeNameList.encode(set)) == set)
        }
        for text in ["", "[]", "[\"\"]", "[\"hst\"", "[\"hst\",]", "[\"HST\"]", "[hst]", "[\"]"] {
            #expect(VolumeNameList.decode(text) == nil, "\(text)")
        }
    }

    /// Gives `body` a store with the users ada and eve.
    private func withUsers(_ body: (SQLiteControlStore) throws -> Void) throws {
        try withStore { store in
            try store.perform([.addUser(UserName("ada")), .addUser(UserName("eve"))], at: nil)
            try body(store)
        }
    }
}

extension SealedSecret {
    /// A secret that is none.
    fileprivate static func sample(_ key: SealingKeyID) -> SealedSecret {
        SealedSecret(bytes: [1, 2, 3], sealingKey: key)
    }
}

extension SQLiteControlStore {
    fileprivate func add(
        _ accessKeyID: String, _ draft: CredentialDraft
    ) throws(PerigeeError) -> CredentialRecord {
        try addKey(draft, accessKeyID: accessKeyID) { state in
            .sample(state.current ?? SealingKeyID([UInt8](repeating: 0xa, count: 8))!)
        }
    }

    /// The credentials of the snapshot.
    fileprivate func facts() throws -> [CredentialID: CredentialFacts] {
        try reading { try $0.credentials() }
    }
}
