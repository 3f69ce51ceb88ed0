import Foundation
import PerigeeTesting
import S3Protocol
import Testing
import VolumeModel

extension CommandLineTests {
    /// The same files through a mount and as objects: one truth.
    @Suite(.needsMounts(), .needs("curl")) struct TwoPlanesTests {
        @Test(.enabled("needs real files") { RealData.folder != nil })
        func `mount and bucket agree in bytes, size, time and tag of each file`() throws {
            let source = try #require(RealData.folder) + "/volumes"
            try withSite { site in
                for folder in ["hst", "jwst", "euclid_q1", "psa", "xmm"] {
                    let volume = folder.replacingOccurrences(of: "_", with: "-")
                    try site.ok([
                        "volume", "add", volume, "--origin", "posix:\(source)/\(folder)",
                        "--public",
                    ])
                    try site.ok(["volume", "scan", volume, "--digest", "sha256", "--quiet"])
                    try site.ok(["volume", "publish", volume])
                }
                try site.withServed { server in
                    try site.withMount([]) { mount in
                        let tree = try Tree.read(mount)
                        let files = tree.filter { !$0.value.isFolder }
                        #expect(files.count > 50)
                        for (path, entry) in files {
                            let got = try Self.get(server, path)
                            #expect(got.sha256 == entry.sha256, "\(path)")
                            let said = try site.ok([
                                "stat", path.replacing("/", with: ":", maxReplacements: 1),
                                "--json",
                            ]).text
                            let tag = try #require(got.field("etag")).dropFirst().dropLast()
                            #expect(said.contains("\"\(tag)\""), "\(path)")
                            #expect(
                                got.field("last-modified") == (try Self.time("\(mount)/\(path)")),
                                "\(path)")
                        }
                    }
                }
            }
        }

        @Test func `mount and bucket agree in who may read, and change their minds together`()
            throws
        {
            try withSite { site in
                try site.write("open.fits", "open")
                try site.write("shut.fits", "shut")
                try site.ok(["volume", "add", "vol", "--origin", "posix:\(site.origin)"])
                try site.scanAndPublish()
                let policy = "\(site.folder)/policy.yaml"
                let rules = { (path: String) in
                    "kind: Policy\nvolume: vol\nrules:\n  - name: all\n    grant: list\n"
                        + "    to: anyone\n  - name: some\n    grant: read\n    to: anyone\n"
                        + "    path: \(path)\n"
                }
                try Data(rules("open.fits").utf8).write(to: URL(fileURLWithPath: policy))
                try site.ok(["apply", "-f", policy])
                try site.withServed { server in
                    try site.withMount([]) { mount in
                        let agree = { (open: String, shut: String) in
                            try Self.get(server, "vol/\(open)").status == 200
                                && Self.get(server, "vol/\(shut)").status == 403
                                && FileManager.default.contents(atPath: "\(mount)/vol/\(open)")
                                    != nil
                                && FileManager.default.contents(atPath: "\(mount)/vol/\(shut)")
                                    == nil
                        }
                        #expect(try eventually(within: 2) { try agree("open.fits", "shut.fits") })
                        try Data(rules("shut.fits").utf8).write(to: URL(fileURLWithPath: policy))
                        try site.ok(["apply", "-f", policy])
                        #expect(try eventually(within: 2) { try agree("shut.fits", "open.fits") })
                        try site.ok(["volume", "takedown", "vol:shut.fits"])
                        #expect(
                            try eventually(within: 2) {
                                try Self.get(server, "vol/shut.fits").status == 404
                                    && access("\(mount)/vol/shut.fits", F_OK) != 0
                            })
                    }
                }
            }
        }

        @Test func `a read that is refused is in the audit, by mount and by bucket`() throws {
            try withSite { site in
                try site.write("shut.fits", "shut")
                try site.ok(["volume", "add", "vol", "--origin", "posix:\(site.origin)"])
                try site.scanAndPublish()
                let policy = "\(site.folder)/policy.yaml"
                try Data(
                    ("kind: Policy\nvolume: vol\nrules:\n  - name: all\n    grant: list\n"
                        + "    to: anyone\n").utf8
                ).write(to: URL(fileURLWithPath: policy))
                try site.ok(["apply", "-f", policy])
                try site.withServed { server in
                    let status = try Self.get(server, "vol/shut.fits").status
                    #expect(status == 403)
                }
                try site.withMount([]) { mount in
                    let got = try? DiskFile.read("\(mount)/vol/shut.fits")
                    #expect(got == nil)
                }
                // Lines are written behind the request, by a thread of their own.
                for frontEnd in ["s3", "mount"] {
                    #expect(
                        try eventually(within: 5) {
                            try site.ok(["audit", "--json"]).lines.contains {
                                $0.contains("shut.fits") && $0.contains("denied")
                                    && $0.contains("\"\(frontEnd)\"")
                            }
                        }, "\(frontEnd)")
                }
            }
        }

        @Test func `a key that is revoked, and a user who is locked out, are refused`() throws {
            try withSite { site in
                try site.write("a", "a")
                try site.publish()
                let key = try site.makeKey("ada")
                try site.withServed { server in
                    let status = {
                        try Self.get(server, "vol/a", ["--user", "\(key.id):\(key.secret)"]).status
                    }
                    #expect(try status() == 200)
                    try site.ok(["user", "disable", "ada"])
                    #expect(try eventually(within: 2) { try status() == 403 })
                    #expect(try Self.get(server, "vol/a").status == 200)
                }
            }
        }

        /// What curl got.
        struct Got {
            let status: Int
            let fields: [String: String]
            let sha256: String

            func field(_ name: String) -> String? { fields[name] }
        }

        /// Reads an object, signed where `words` name a key.
        static func get(_ server: Served, _ path: String, _ words: [String] = []) throws -> Got {
            let escaped =
                path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
            let signing = words.isEmpty ? [] : ["--aws-sigv4", "aws:amz:us-east-1:s3"]
            let child = try Child(
                [
                    "curl", "-sS", "-i", "--path-as-is", "-H",
                    "x-amz-content-sha256: \(PayloadHash.ofNothing)",
                ]
                    + signing + words + ["\(server.endpoint)/\(escaped)"])
            let output = try child.wait(30).output
            let end = Data(output).range(of: Data("\r\n\r\n".utf8))
            let split = try #require(end)
            let lines = String(decoding: output[..<split.lowerBound], as: UTF8.self)
                .split(separator: "\r\n")
            var fields: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { continue }
                fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
            }
            return Got(
                status: Int(lines.first?.split(separator: " ")[1] ?? "") ?? 0, fields: fields,
                sha256: Tree.hex(Array(output[split.upperBound...])))
        }

        private static func time(_ path: String) throws -> String {
            let seconds = try DiskFile.modified(path).nanoseconds / 1_000_000_000
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(identifier: "GMT")
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            return format.string(from: Date(timeIntervalSince1970: Double(seconds)))
        }
    }
}
