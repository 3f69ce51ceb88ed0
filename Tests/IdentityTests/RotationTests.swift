import AccessControl
import ControlStore
import Foundation
import PerigeeTesting
import Testing
import VolumeModel

@testable import Identity

@Suite("Sealing and rotation")
struct RotationTests {
    @Test("A sealed secret opens with its key at its place, and nowhere else")
    func places() throws {
        let key = SealingKey.random()
        let place = SealedPlace(row: "PGKAONE", user: "ada")
        let secret = Secret("open sesame".utf8)
        let sealed = try key.seal(secret, for: place)
        #expect(try key.open(sealed, at: place) == secret)
        #expect(sealed.sealingKey == key.id)
        #expect(sealed.bytes.count == 12 + 11 + 16)
        #expect(try key.seal(secret, for: place).bytes != sealed.bytes, "nonces are random")
        for other in [
            SealedPlace(row: "PGKATWO", user: "ada"), SealedPlace(row: "PGKAONE", user: "eve"),
            SealedPlace(row: "PGKAONEa", user: "da"), SealedPlace(row: "", user: ""),
        ] {
            #expect(failure { _ = try key.open(sealed, at: other) }?.code == .corrupt)
        }
        #expect(failure { _ = try SealingKey.random().open(sealed, at: place) }?.code == .corrupt)
        for index in sealed.bytes.indices {
            var changed = sealed
            changed.bytes[index] ^= 1
            #expect(failure { _ = try key.open(changed, at: place) }?.code == .corrupt)
        }
        for count in [0, 1, 27, 38] {
            var cut = sealed
            cut.bytes = Array(cut.bytes.prefix(count))
            #expect(failure { _ = try key.open(cut, at: place) }?.code == .corrupt)
        }
    }

    @Test("A sealed secret that was moved to another row does not open")
    func moved() throws {
        try withIdentity { site in
            let credentials = site.credentials()
            let ada = try credentials.createKey(.all("ada"))
            let eve = try credentials.createKey(.all("eve"))
            try site.store.reseal { state, keys throws(PerigeeError) in
                (state.current!, keys.reversed().map(\.secret))
            }
            for key in [ada, eve] {
                let error = failure { _ = try credentials.key(accessKeyID: key.accessKeyID) }
                #expect(error?.code == .corrupt)
                #expect(error.map { "\($0)" }?.contains(key.secret.reveal()) == false)
            }
            #expect(failure { _ = try credentials.rotateSecrets() }?.code == .corrupt)
        }
    }

    @Test("After a rotation every secret is as it was, and the old key is of no use")
    func rotation() throws {
        try withIdentity { site in
            let credentials = site.credentials()
            let keys = try (0..<5).map { _ in try credentials.createKey(.all("ada")) }
            let old = try Keyring(parsing: DiskFile.read(site.keyFile), from: "old")
            let done = try site.credentials().rotateSecrets()
            #expect(done.count == 5)
            #expect(done.retired == old.keys.map(\.id))
            let new = try Keyring(parsing: DiskFile.read(site.keyFile), from: "new")
            #expect(new.keys.map(\.id) == [done.key])
            // The one that has read the old file goes on as well.
            for reader in [credentials, site.credentials()] {
                for key in keys {
                    #expect(try reader.key(accessKeyID: key.accessKeyID).secret == key.secret)
                }
            }
            for key in keys {
                let stored = try #require(try site.store.key(accessKeyID: key.accessKeyID))
                #expect(stored.secret.sealingKey == done.key)
                #expect(
                    failure { _ = try old.keys[0].open(stored.secret, at: SealedPlace(stored)) }
                        != nil)
            }
        }
    }

    @Test("A rotation with no key file and nothing to seal makes one")
    func emptyRotation() throws {
        try withIdentity { site in
            #expect(try site.credentials().rotateSecrets().count == 0)
            let key = try site.credentials().createKey(.all("ada"))
            #expect(
                try site.credentials().key(accessKeyID: key.accessKeyID).secret == key.secret)
        }
    }

    @Test(
        "A rotation that is cut off leaves everything open, and the next one ends it",
        arguments: Credentials.RotationStep.allCases)
    func cutOff(at step: Credentials.RotationStep) throws {
        try withIdentity { site in
            var keys = try (0..<3).map { _ in try site.credentials().createKey(.all("ada")) }
            let cut = PerigeeError(.cancelled, "cut off")
            // Twice, since what the first one left must not hinder the second.
            for _ in 0..<2 {
                let error = failure {
                    _ = try site.credentials().rotateSecrets { reached throws(PerigeeError) in
                        if reached == step { throw cut }
                    }
                }
                #expect(error?.message == "cut off")
                keys.append(try site.credentials().createKey(.all("eve")))
                for key in keys {
                    #expect(
                        try site.credentials().key(accessKeyID: key.accessKeyID).secret
                            == key.secret)
                }
            }
            let done = try site.credentials().rotateSecrets()
            #expect(done.count == 5)
            let ring = try Keyring(parsing: DiskFile.read(site.keyFile), from: "after")
            #expect(ring.keys.map(\.id) == [done.key])
            for key in keys {
                #expect(
                    try site.credentials().key(accessKeyID: key.accessKeyID).secret == key.secret
                )
            }
        }
    }

    @Test(
        "Rotations, new keys and readers at once: every secret always opens",
        .timeLimit(.minutes(2)))
    func atOnce() throws {
        try withIdentity { site in
            let facts = try CredentialFacts.all("ada")
            let first = try site.credentials().createKey(facts)
            let made = try concurrently(4) { index in
                let credentials = try site.process()
                return try (0..<10).compactMap { _ in
                    switch index {
                    case 0, 1: _ = try credentials.rotateSecrets()
                    case 2: return try credentials.createKey(facts)
                    default:
                        let secret = try credentials.key(accessKeyID: first.accessKeyID).secret
                        #expect(secret == first.secret)
                    }
                    return nil as Credentials.NewKey?
                }
            }.joined()
            #expect(made.count == 10)
            for key in made + [first] {
                #expect(
                    try site.credentials().key(accessKeyID: key.accessKeyID).secret == key.secret
                )
            }
        }
    }

    @Test("A key file behind a link is rotated where it is, and the link stays")
    func link() throws {
        try withIdentity { site in
            let real = "\(site.folder)/real.key"
            let environment = ["PERIGEE_KEY_FILE": "\(site.folder)/link.key"]
            let key = try site.credentials(["PERIGEE_KEY_FILE": real]).createKey(.all("ada"))
            try DiskFile.link("\(site.folder)/link.key", to: real)
            _ = try site.credentials(environment).rotateSecrets()
            #expect(
                try FileManager.default.destinationOfSymbolicLink(
                    atPath: "\(site.folder)/link.key") == real)
            #expect(
                try site.credentials(environment).key(accessKeyID: key.accessKeyID).secret
                    == key.secret)
        }
    }
}

@Suite("Token files")
struct TokenFileTests {
    @Test("A file holds a token and the end of its line")
    func reads() throws {
        try withTemporaryFolder { folder in
            let token = BearerToken.random()
            for ending in ["", "\n", "\r\n", " \n\n"] {
                try write(folder, token.reveal() + ending, 0o600)
                #expect(try TokenFile.read("\(folder)/token") == token)
            }
            chmod("\(folder)/token", 0o440)
            #expect(try TokenFile.read("\(folder)/token") == token)
        }
    }

    @Test("What is not there, open to everybody or no token is refused without being shown")
    func refuses() throws {
        try withTemporaryFolder { folder in
            #expect(failure { _ = try TokenFile.read("\(folder)/token") }?.code == .notFound)
            let token = BearerToken.random().reveal()
            try write(folder, token, 0o644)
            #expect(failure { _ = try TokenFile.read("\(folder)/token") }?.code == .accessDenied)
            for text in [
                "", "\n", token + "x", token + "\n" + token, String(repeating: "x", count: 1 << 20),
            ] {
                try write(folder, text, 0o600)
                let error = failure { _ = try TokenFile.read("\(folder)/token") }
                #expect(error?.code == .invalidArgument)
                #expect(error.map { "\($0)" }?.contains(token) == false)
            }
        }
    }

    private func write(_ folder: String, _ text: String, _ mode: mode_t) throws {
        try DiskFile.write("\(folder)/token", Array(text.utf8))
        chmod("\(folder)/token", mode)
    }
}
