import Foundation
import PerigeeTesting
import Testing
import VolumeModel

extension Site {
    /// Makes a key or token, and gives its JSON.
    fileprivate func create(_ kind: String, _ flags: String = "") throws -> [String: any Sendable] {
        try #require(try objects(ok("\(kind) create --user ada --json \(flags)")).first)
    }

    /// The bytes of every file below the state.
    fileprivate func stateBytes() throws -> [(path: String, content: Data)] {
        try FileManager.default.subpathsOfDirectory(atPath: state).compactMap { name in
            let path = "\(state)/\(name)"
            guard let facts = Facts(path), !facts.isFolder else { return nil }
            return (path, Data(try DiskFile.read(path)))
        }
    }

    fileprivate var keyFolder: String { "\(folder)/.config/perigee" }
}

extension CommandLineTests {
    @Suite struct CredentialCommandTests {
        @Test func `a key is shown once, and then listed without its secret`() throws {
            try withSite { site in
                try site.publish()
                try site.ok("user add ada")
                let made = try site.ok([
                    "key", "create", "--user", "ada", "--volumes", "vol", "--expires", "8h",
                    "--comment", "the laptop",
                ])
                let id = try #require(made.lines.first?.dropFirst(19))
                let secret = try #require(made.lines.dropFirst().first?.dropFirst(19))
                #expect(id.hasPrefix("PGKA") && id.utf8.count == 20)
                #expect(secret.utf8.count == 40)
                #expect(!made.errorText.contains(secret))
                let list = try site.ok("key ls")
                let words = list.lines.first?.components(separatedBy: "\t") ?? []
                #expect(words.count == 7)
                #expect(words.prefix(4) == ["1", String(id), "ada", "vol"])
                #expect(words.suffix(2) == ["holds", "the laptop"])
                let json = try #require(try objects(site.ok("key ls --json")).first)
                let created = try Timestamp(parsing: json["created"] as? String ?? "")
                let expires = try Timestamp(parsing: json["expires"] as? String ?? "")
                let hours = Double(expires.nanoseconds - created.nanoseconds) / 3.6e12
                #expect((7.99...8.01).contains(hours))
                for text in [list.text, try site.ok("key ls --json").text] {
                    #expect(!text.contains(secret))
                }
            }
        }

        @Test func `a new key comes with lines that S3 clients take`() throws {
            try withSite { site in
                try site.ok("user add ada")
                for (flags, url, host, isEncrypted) in [
                    ("", "http://127.0.0.1:9000", "127.0.0.1:9000", "False"),
                    (
                        " --endpoint https://s3.example.org/", "https://s3.example.org",
                        "s3.example.org", "True"
                    ),
                ] {
                    let made = try site.ok("key create --user ada\(flags)")
                    let parts = made.text.components(separatedBy: "\n\n")
                    #expect(parts.count == 5)
                    let id = try #require(made.lines.first).dropFirst(19)
                    let secret = try #require(made.lines.dropFirst().first).dropFirst(19)
                    let expected = [
                        [
                            "[profile perigee]", "endpoint_url = \(url)", "region = us-east-1",
                            "  addressing_style = path", "aws_access_key_id = \(id)",
                            "aws_secret_access_key = \(secret)",
                        ],
                        [
                            "[perigee]", "type = s3", "endpoint = \(url)", "access_key_id = \(id)",
                            "secret_access_key = \(secret)", "force_path_style = true",
                        ],
                        [
                            "[default]", "host_base = \(host)", "host_bucket = \(host)",
                            "access_key = \(id)", "secret_key = \(secret)",
                            "use_https = \(isEncrypted)",
                        ],
                        [
                            "    \"s3\", endpoint_url=\"\(url)\", region_name=\"us-east-1\",",
                            "    aws_secret_access_key=\"\(secret)\",",
                        ],
                    ]
                    for (part, lines) in zip(parts.dropFirst(), expected) {
                        let found = part.components(separatedBy: "\n")
                        for line in lines { #expect(found.contains(line), "\(part)") }
                    }
                    #expect(!made.errorText.contains(secret))
                }
                #expect(try site.ok("key create --user ada --quiet").lines.count == 2)
                let json = try #require(try objects(site.ok("key create --user ada --json")).first)
                #expect(Set(json.keys) == ["key", "secret"])
                for endpoint in [
                    "127.0.0.1:9000", "http://", "ftp://x", "http://x/y", "http://x y",
                    "http://x\ny", "http://x\"", "http://u@x",
                ] {
                    expectRefusal(
                        try site.run(["key", "create", "--user", "ada", "--endpoint", endpoint]),
                        64, saying: "is no endpoint", "http://HOST:PORT")
                }
                #expect(try site.ok("key ls").lines.count == 4)
            }
        }

        @Test func `a token alone goes to standard output`() throws {
            try withSite { site in
                try site.ok("user add ada")
                let made = try site.ok("token create --user ada")
                #expect(made.lines.count == 1)
                #expect(made.text.hasPrefix("pgt_") && made.output.count == 48)
                #expect(made.errorText.contains("the token 1 of ada"))
                #expect(try site.ok("token create --user ada --quiet").errors == [])
                #expect(try site.ok("token ls --user ada").lines.count == 2)
                #expect(try site.ok("key ls").text == "")
            }
        }

        @Test func `no secret or token is in a list, an error, a log or a file of the state`()
            throws
        {
            try withSite { site in
                try site.ok("user add ada")
                var hidden: [String] = []
                for _ in 0..<3 {
                    hidden.append(try #require(site.create("key")["secret"] as? String))
                    hidden.append(try #require(site.create("token")["token"] as? String))
                }
                try site.ok("secrets rotate")
                hidden.append(try #require(site.create("key")["secret"] as? String))
                var texts: [String] = []
                for command in [
                    "key ls", "key ls --json --verbose", "token ls --json", "user ls --json",
                    "secrets rotate --json --verbose", "key rm 99", "token renew 99 --json",
                    "key renew \(hidden[0])", "token rm \(hidden[1])", "key rm 1", "token rm 2",
                ] {
                    let done = try site.run(command)
                    texts.append(done.text)
                    // A command repeats the word that it was given, and no other.
                    let given = command.split(separator: " ").last.map { String($0) }
                    texts.append(
                        done.errorText.replacingOccurrences(of: given ?? "-", with: ""))
                }
                for text in texts {
                    for secret in hidden { #expect(!text.contains(secret)) }
                }
                for (path, content) in try site.stateBytes() {
                    for secret in hidden {
                        #expect(content.range(of: Data(secret.utf8)) == nil, "\(path)")
                    }
                }
            }
        }

        @Test func `a revoked, expired or locked-out credential is listed with the reason`() throws
        {
            try withSite { site in
                for user in ["ada", "eve"] { try site.ok("user add \(user)") }
                let id = try #require(site.create("key")["key"] as? [String: any Sendable])
                try site.ok("key create --user eve --expires 2w")
                try site.ok("user disable eve")
                #expect(
                    try objects(site.ok("key ls --json")).map { $0["state"] as? String } == [
                        "holds", "user disabled",
                    ])
                try site.ok(["key", "rm", try #require(id["accessKeyID"] as? String)])
                #expect(try site.ok("key ls").lines.count == 1)
                try site.ok("user rm eve")
                #expect(try site.ok("key ls").text == "")
                #expect(try site.ok("token ls").text == "")
            }
        }

        @Test func `renew gives another end`() throws {
            try withSite { site in
                try site.ok("user add ada")
                _ = try site.create("token", "--expires 90m")
                let renewed = try objects(site.ok("token renew 1 --expires 2099-01-01 --json"))
                #expect(renewed.first?["expires"] as? String == "2099-01-01T00:00:00Z")
                #expect(try site.ok("token renew 1").text.contains("2099-01-01T00:00:00Z"))
            }
        }

        @Test(arguments: [
            ("key create --user eve", 1, "no user eve"), ("key create", 64, "--user"),
            ("token create --user ada --volumes absent", 1, "no volume absent"),
            ("token create --user ada --volumes ,", 64, "no volume name"),
            ("token create --user ada --volumes=", 64, "--volumes"),
            ("token create --user ada --expires 0h", 64, "'0h'"),
            ("token create --user ada --expires -1h", 64, "--expires"),
            ("token create --user ada --expires 8", 64, "'8'"),
            ("token create --user ada --expires 8s", 64, "'8s'"),
            ("token create --user ada --expires 99999999999999999999d", 64, "no span"),
            ("token create --user ada --expires 36501d", 64, "no span"),
            ("token create --user ada --expires 2020-01-01", 64, "over already"),
            ("token rm 0", 64, "no number of a token"), ("token rm x", 64, "no number of a token"),
            ("token rm 7", 1, "no token 7"), ("key rm PGKAXXXXXXXXXXXXXXXX", 1, "no key"),
            ("key renew 7", 1, "no key 7"), ("token ls --user eve", 1, "no user eve"),
        ])
        func `what cannot be is refused in words`(
            _ command: String, _ status: Int32, _ words: String
        ) throws {
            try withSite { site in
                try site.ok("user add ada")
                let done = try site.run(command)
                #expect(done.status == status, "\(done)")
                #expect(done.errorText.contains(words), "\(done.errorText)")
                #expect(try site.ok("token ls").text + site.ok("key ls").text == "")
            }
        }

        @Test func `the key file is beside the state, for its owner, and says when it is lost`()
            throws
        {
            try withSite { site in
                try site.ok("user add ada")
                _ = try site.create("key")
                let names = try FileManager.default.contentsOfDirectory(atPath: site.keyFolder)
                let file = "\(site.keyFolder)/\(try #require(names.first))"
                #expect(names.count == 1)
                #expect(try #require(Facts(file)).mode & 0o777 == 0o600)
                let content = try DiskFile.read(file)
                let before = try site.ok("secrets rotate --json")
                let key = try #require(try objects(before).first?["key"] as? String)
                #expect(try DiskFile.read(file) != content)

                try DiskFile.write(file, content)
                for command in ["key create --user ada", "secrets rotate"] {
                    let wrong = try site.run(command)
                    #expect(wrong.status == 1)
                    #expect(wrong.errorText.contains("sealed with the key \(key)"))
                    #expect(wrong.errorText.contains("holds "))
                }
                chmod(file, 0o644)
                let shared = try site.run("secrets rotate")
                #expect(shared.errorText.contains("chmod 600"), "\(shared.errorText)")
                try DiskFile.remove(file)
                let lost = try site.run("key create --user ada --json")
                #expect(lost.errorText.contains("is not there"))
                #expect(lost.errorText.contains("PERIGEE_KEY_FILE"))
                #expect(!DiskFile.exists(file))
                // Tokens need none.
                _ = try site.create("token")
                try site.ok("key rm 1")
                _ = try site.create("key")
            }
        }

        @Test func `a rotation that is killed at any instant loses no key`() throws {
            try withSite { site in
                try site.ok("user add ada")
                for _ in 0..<20 { _ = try site.create("key") }
                var random = SeededRandom(announcing: "kill -9 of rotations")
                let whole = try site.ok("secrets rotate").seconds
                var killed = 0
                for _ in 0..<20 {
                    let child = try site.start(["secrets", "rotate", "--quiet"])
                    usleep(useconds_t(random.below(Int(whole * 1e6) + 1_000)))
                    child.kill(SIGKILL)
                    if try child.wait(20).signal != nil { killed += 1 }
                    // Whatever it left, the keys open for the next one.
                    if random.once(in: 4) { _ = try site.create("key") }
                }
                print("rotations killed within \(whole) s: \(killed) of 20")
                let keys = try site.ok("key ls").lines.count
                let done = try objects(site.ok("secrets rotate --json"))
                #expect(done.first?["secrets"] as? Int == keys)
                #expect(keys >= 20)
            }
        }
    }
}
