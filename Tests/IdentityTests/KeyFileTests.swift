import AccessControl
import ControlStore
import Foundation
import PerigeeTesting
import Testing
import VolumeModel

@testable import Identity

@Suite("The key file")
struct KeyFileTests {
    @Test("It is made when the first key is, for its owner only, and not for tokens")
    func firstNeed() throws {
        try withIdentity { site in
            let credentials = site.credentials()
            _ = try credentials.createToken(.all("ada"))
            #expect(!DiskFile.exists(try site.keyFile))
            _ = try credentials.createKey(.all("ada"))
            #expect(try mode(site.keyFile) == 0o600)
            #expect(try mode("\(site.folder)/home/.config/perigee") == 0o700)
            let text = String(decoding: try DiskFile.read(site.keyFile), as: UTF8.self)
            let lines = text.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines.first == "perigee-secrets 1")
            #expect(lines.dropFirst().first == "state \(try site.store.stateID())")
            let names = folderNames(Array("\(site.folder)/home/.config/perigee".utf8))
            #expect(names.count == 1, "no draft is left")
        }
    }

    @Test("Eight processes that need the first key at once make one")
    func race() throws {
        try withIdentity { site in
            let facts = try CredentialFacts.all("ada")
            let keys = try concurrently(8) { _ in
                try site.process().createKey(facts)
            }
            let reader = site.credentials()
            for key in keys {
                #expect(try reader.key(accessKeyID: key.accessKeyID).secret == key.secret)
            }
        }
    }

    @Test("It is where the environment says: named, of systemd, below XDG_CONFIG_HOME, at home")
    func places() throws {
        try withIdentity { site in
            let id = try site.store.stateID()
            func path(_ environment: [String: String]) throws -> String {
                try KeyFile(of: id, at: site.state, environment: environment).path
            }
            let service = "\(site.folder)/service"
            try DiskFile.makeFolder(service)
            var environment = ["HOME": "/h", "CREDENTIALS_DIRECTORY": service]
            #expect(try path(environment) == "/h/.config/perigee/secrets-\(id).key")
            environment["XDG_CONFIG_HOME"] = "relative"
            #expect(try path(environment) == "/h/.config/perigee/secrets-\(id).key")
            environment["XDG_CONFIG_HOME"] = "/x"
            #expect(try path(environment) == "/x/perigee/secrets-\(id).key")
            try DiskFile.write("\(service)/perigee-key", [])
            #expect(try path(environment) == "\(service)/perigee-key")
            environment["PERIGEE_KEY_FILE"] = "/k"
            #expect(try path(environment) == "/k")
            #expect(failure { _ = try path([:]) }?.code == .invalidArgument)
        }
    }

    @Test("It is refused in the state folder, whichever way that is named")
    func inTheState() throws {
        try withIdentity { site in
            try DiskFile.link("\(site.folder)/other", to: site.state.path)
            for path in [
                "\(site.state.path)/key", "\(site.state.path)/audit/../key",
                "\(site.folder)/other/key", "\(site.folder)/other/audit/key",
            ] {
                let credentials = site.credentials(["PERIGEE_KEY_FILE": path])
                let error = failure { _ = try credentials.createKey(.all("ada")) }
                #expect(error?.code == .invalidArgument, "\(path)")
                #expect(error?.message.contains("state folder") == true)
            }
            #expect(try site.credentials().list(.key).isEmpty)
        }
    }

    @Test(
        "One that others can read or write is refused, and says what to run",
        arguments: [0o640, 0o604, 0o620, 0o644, 0o601])
    func shared(mode: Int) throws {
        try withIdentity { site in
            let key = try site.credentials().createKey(.all("ada"))
            chmod(try site.keyFile, mode_t(mode))
            let credentials = site.credentials()
            for body in [
                { _ = try credentials.createKey(.all("ada")) },
                { _ = try credentials.key(accessKeyID: key.accessKeyID) },
                { _ = try credentials.rotateSecrets() },
            ] {
                let error = failure(body)
                #expect(error?.code == .storageFailed)
                #expect(error?.message.contains("(mode \(String(mode, radix: 8)))") == true)
                #expect(error?.remedy?.contains("chmod 600") == true)
            }
        }
    }

    @Test("One that belongs to somebody else is refused", .enabled(if: getuid() == 0))
    func foreign() throws {
        try withIdentity { site in
            _ = try site.credentials().createKey(.all("ada"))
            chown(try site.keyFile, 1_234, 1_234)
            let error = failure { _ = try site.credentials().createKey(.all("ada")) }
            #expect(error?.message.contains("belongs to user 1234") == true)
        }
    }

    @Test("systemd's own may show the service's ACL as a right of the group, and is never written")
    func systemd() throws {
        try withIdentity { site in
            let key = try site.credentials().createKey(.all("ada"))
            let service = "\(site.folder)/service"
            try DiskFile.makeFolder(service)
            try DiskFile.write("\(service)/perigee-key", DiskFile.read(site.keyFile))
            chmod("\(service)/perigee-key", 0o440)
            let credentials = site.credentials(["CREDENTIALS_DIRECTORY": service])
            #expect(
                try credentials.key(accessKeyID: key.accessKeyID).secret == key.secret)
            #expect(throws: Never.self) { try credentials.createKey(.all("eve")) }
            let error = failure { _ = try credentials.rotateSecrets() }
            #expect(error?.code == .conflict)
            #expect(error?.remedy?.contains("LoadCredential") == true)
            #expect(
                try credentials.key(accessKeyID: key.accessKeyID).secret == key.secret)
            chmod("\(service)/perigee-key", 0o444)
            #expect(
                failure {
                    _ = try site.credentials(["CREDENTIALS_DIRECTORY": service])
                        .key(accessKeyID: key.accessKeyID)
                }?.code == .storageFailed)
        }
    }

    @Test("Without it, or with another, nothing opens and nothing is made, and both keys are named")
    func wrongOrMissing() throws {
        try withIdentity { site in
            let key = try site.credentials().createKey(.all("ada"))
            let right = try DiskFile.read(site.keyFile)
            let sealed = try #require(try site.store.key(accessKeyID: key.accessKeyID))
            let name = sealed.secret.sealingKey
            let other = SealingKey.random()
            let wrong = Keyring(stateID: try site.store.stateID(), keys: [other]).reveal()
            for (content, words) in [(nil, "is not there"), (wrong, "holds \(other.id)")] {
                try DiskFile.remove(site.keyFile)
                if let content {
                    try DiskFile.write(site.keyFile, Array(content.utf8))
                    chmod(try site.keyFile, 0o600)
                }
                let credentials = site.credentials()
                for body in [
                    { _ = try credentials.createKey(.all("ada")) },
                    { _ = try credentials.key(accessKeyID: key.accessKeyID) },
                    { _ = try credentials.rotateSecrets() },
                ] {
                    let error = failure(body)
                    #expect(error?.code == .storageFailed)
                    #expect(error?.message.contains("sealed with the key \(name)") == true)
                    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
                }
                #expect(DiskFile.exists(try site.keyFile) == (content != nil))
                if content == nil { try DiskFile.write(site.keyFile, []) }
            }
            try DiskFile.write(site.keyFile, right)
            #expect(
                try site.credentials().key(accessKeyID: key.accessKeyID).secret == key.secret)
        }
    }

    @Test("Where nothing is sealed with a lost key any more, a new one is made")
    func lostAndGone() throws {
        try withIdentity { site in
            let key = try site.credentials().createKey(.all("ada"))
            try DiskFile.remove(site.keyFile)
            #expect(failure { _ = try site.credentials().createKey(.all("ada")) } != nil)
            try site.credentials().revoke(.key, key.record.id)
            let next = try site.credentials().createKey(.all("ada"))
            #expect(
                try site.credentials().key(accessKeyID: next.accessKeyID).secret == next.secret)
        }
    }

    @Test("Another state's key file is refused by its name")
    func anotherState() throws {
        try withIdentity { site in
            try withIdentity { other in
                let environment = ["PERIGEE_KEY_FILE": "\(site.folder)/key"]
                _ = try site.credentials(environment).createKey(.all("ada"))
                let error = failure {
                    _ = try other.credentials(environment).createKey(.all("ada"))
                }
                let id = try other.store.stateID()
                #expect(error?.code == .conflict)
                #expect(error?.message.contains(id) == true)
            }
        }
    }

    @Test("A damaged, newer, empty, long or odd file is refused and its content is not shown")
    func damaged() throws {
        try withIdentity { site in
            _ = try site.credentials().createKey(.all("ada"))
            let id = try site.store.stateID()
            let whole = String(decoding: try DiskFile.read(site.keyFile), as: UTF8.self)
            let hex = try #require(whole.split(separator: "\n").last).dropFirst(4)
            let bad: [(String, PerigeeError.Code)] = [
                ("", .corrupt), (String(whole.dropLast()), .corrupt),
                (String(whole.dropLast(9)) + "\n", .corrupt), (whole + "key \(hex)00\n", .corrupt),
                (whole + "\(hex)\n", .corrupt), ("perigee-secrets 1\nstate \(id)\n", .corrupt),
                ("perigee-secrets 0\nstate \(id)\nkey \(hex)\n", .corrupt),
                ("perigee-secrets 2\nanything \(hex)\n", .newerFormat),
                ("perigee-secrets 1\nkey \(hex)\n", .corrupt),
                (String(repeating: "key \(hex)\n", count: 1_000), .storageFailed),
            ]
            for (text, code) in bad {
                try DiskFile.write(site.keyFile, Array(text.utf8))
                let error = failure { _ = try site.credentials().createKey(.all("ada")) }
                #expect(error?.code == code, "\(text.prefix(40))")
                #expect(error.map { !"\($0)".contains(hex) } == true)
            }
            try DiskFile.write(site.keyFile, [0xff, 0xfe, 0x0a])
            #expect(failure { _ = try site.credentials().createKey(.all("ada")) }?.code == .corrupt)
            try DiskFile.remove(site.keyFile)
            try DiskFile.makePipe(site.keyFile)
            let error = failure { _ = try site.credentials().createKey(.all("ada")) }
            #expect(error?.message.contains("no regular file") == true)
        }
    }

    @Test("Where it cannot be written, no key is made")
    func unwritable() throws {
        try withIdentity { site in
            let credentials = site.credentials([
                "PERIGEE_KEY_FILE": "\(site.folder)/no/such/folder/key"
            ])
            let error = failure { _ = try credentials.createKey(.all("ada")) }
            let keys = try credentials.list(.key)
            #expect(error?.code == .storageFailed)
            #expect(keys.isEmpty)
        }
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o7777
    }
}
