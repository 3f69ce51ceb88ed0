import SampleArchive
import Testing

@Suite("A sample archive", .timeLimit(.minutes(5)))
struct SampleArchiveTests {
    @Test("Equal arguments give equal trees, times included")
    func isDeterministic() throws {
        let archive = try SampleArchive(files: 40, bytes: 400_000, seed: 7)
        let first = try withTemporaryDirectory { directory in
            _ = try archive.write(to: directory)
            return try entries(of: directory)
        }
        let second = try withTemporaryDirectory { directory in
            _ = try archive.write(to: directory)
            return try entries(of: directory)
        }
        #expect(first.count > 40)
        #expect(first == second)
    }

    @Test("Another seed gives other content")
    func seedMatters() throws {
        let contents = try [UInt64(1), 2].map { seed in
            try withTemporaryDirectory { directory in
                _ = try SampleArchive(files: 20, bytes: 1, seed: seed).write(to: directory)
                return try entries(of: directory).filter { $0.path.hasSuffix(".IMG") }
            }
        }
        #expect(contents[0].map(\.content) != contents[1].map(\.content))
    }

    @Test("Writing again is idempotent, mends what is broken and leaves other files alone")
    func rewrites() throws {
        try withTemporaryDirectory { directory in
            let archive = try SampleArchive(files: 21, bytes: 1)
            let summary = try archive.write(to: directory)
            let before = try entries(of: directory)
            let victim = try #require(before.first { $0.path.hasSuffix(".fits") })
            try put("broken", at: "\(directory)/\(victim.path)")
            #expect(try archive.write(to: directory) == summary)
            #expect(try entries(of: directory) == before)

            try put("mine", at: "\(directory)/hst/notes.md")
            _ = try archive.write(to: directory)
            #expect(try contents(of: "\(directory)/hst/notes.md") == Array("mine".utf8))
        }
    }

    @Test(
        "The bytes on disk are near those asked for",
        arguments: [(60, 1_500_000), (20, 2_000_000), (1, 300_000), (7, 1_000_000)])
    func keepsBudget(files: Int, bytes: Int) throws {
        try withTemporaryDirectory { directory in
            let summary = try SampleArchive(files: files, bytes: bytes).write(to: directory)
            #expect(summary.files == files)
            #expect(Double(summary.bytes) > 0.6 * Double(bytes))
            #expect(Double(summary.bytes) < 1.6 * Double(bytes))
        }
    }

    @Test("The summary and the progress agree with what is on disk")
    func reportsWhatItWrote() throws {
        try withTemporaryDirectory { directory in
            var steps: [SampleArchive.Progress] = []
            let summary = try SampleArchive(files: 25, bytes: 1).write(to: directory) {
                steps.append($0)
            }
            let written = try entries(of: directory).filter {
                !$0.isDirectory && !$0.path.hasSuffix("README.txt") && !$0.path.hasPrefix(".")
            }
            #expect(summary.files + summary.labels == written.count)
            #expect(summary.bytes == written.reduce(0) { $0 + $1.content.count })
            #expect(steps.map(\.filesWritten) == Array(1...25))
            #expect(steps.last?.bytesWritten == summary.bytes)
            #expect(Set(steps.map(\.path)).isSubset(of: Set(written.map(\.path))))
        }
    }

    @Test("Each volume says that its data are synthetic")
    func warnsReaders() throws {
        try withTemporaryDirectory { directory in
            let summary = try SampleArchive(files: 20, bytes: 1).write(to: directory)
            #expect(
                Set(summary.volumes.keys) == ["hst", "jwst", "euclid_q1", "euclid_ero", "psa"])
            for volume in summary.volumes.keys {
                let text = try contents(of: "\(directory)/\(volume)/README.txt")
                #expect(String(decoding: text, as: UTF8.self).contains("Synthetic data"))
            }
        }
    }

    @Test("Names follow the missions' conventions")
    func followsConventions() throws {
        try withTemporaryDirectory { directory in
            _ = try SampleArchive(files: 40, bytes: 1).write(to: directory)
            let paths = try entries(of: directory).map(\.path)
            let patterns: [Regex<Substring>] = [
                /hst\/hub_hstdata_i\/i\/[a-z0-9]{3}\/\d\d\/i[a-z0-9]{5}[a-z0-9]{2}q_flt\.fits\.gz/,
                /jwst\/jwst-artifacts-repository\/jw\d{5}\/jw\d{11}_\d{5}_\d{5}_nrca1_i2d\.fits\.gz/,
                /euclid_q1\/Q1_R1\/SIR\/\d{9}\/EUC_SIR_W-COMBSPEC_\d{9}_[0-9-]{10}T[0-9:.]{15}Z\.fits/,
                /euclid_ero\/ERO\/Stack\/ERO-Abell2390\/Euclid-NISP-J-ERO-Abell2390-LSB\.DR3\.fits\.gz/,
                /psa\/MARS-EXPRESS\/HRSC\/MEX-M-HRSC-3-RDR-V2\.0\/DATA\/\d{4}\/H\d{4}_\d{4}_ND2\.IMG/,
            ]
            for pattern in patterns {
                #expect(paths.contains { $0.wholeMatch(of: pattern) != nil })
            }
        }
    }

    @Test("Five thousand files have five thousand names")
    func namesAreUnique() throws {
        try withTemporaryDirectory { directory in
            var paths: Set<String> = []
            let summary = try SampleArchive(files: 5000, bytes: 1).write(to: directory) {
                paths.insert($0.path)
            }
            #expect(paths.count == 5000)
            #expect(summary.labels == 1000)
            // A label must not overwrite another, either.
            let files = try entries(of: directory).filter { !$0.isDirectory }
            #expect(files.count == 5000 + 1000 + 5 + 1)
        }
    }
}
