internal import AccessControl
internal import VolumeModel

extension AccessBenchmark {
    /// The attributes of a million entries in the order of a walk, from 3,000 rows.
    static func attributes() throws {
        print("attributes of 1,000,000 entries in the order of a walk, 3,000 rows, 2 expressions")
        for (what, pattern) in [
            ("  rows that begin with a folder", "jw{number}*/**"),
            ("  rows that begin anywhere", "**/jw{number}*_cal.fits"),
        ] {
            let rows = try (0..<3_000).map { index in
                AttributeRow(
                    pattern: try PathPattern(
                        pattern.split(separator: "{number}").joined(separator: "\(10_000 + index)")),
                    key: proposal, value: "\(index)", line: index)
            }
            let source = AttributeSource(
                expressions: [
                    try PathExpression("jw{number:5}*/**"),
                    try PathExpression("**/*_{kind}.fits"),
                ], rows: rows)
            let paths = walk()
            try measure(what, runs: 3, per: 1, .second) {
                let resolver = AttributeResolver(source)
                var count = 0
                for path in paths { count += try resolver.attributes(of: path).count }
                precondition(count > 0)
            }
        }
    }

    /// 1,000 folders of ten folders of 100 files.
    private static func walk() -> [[UInt8]] {
        var paths: [[UInt8]] = []
        paths.reserveCapacity(1_000_000)
        for top in 0..<1_000 {
            for folder in 0..<10 {
                let prefix = "jw\(10_000 + top * 3)/L3/visit\(100 + folder)/jw\(10_000 + top * 3)"
                for file in 0..<100 {
                    let kind = file % 3 == 0 ? "cal" : "rate"
                    paths.append(Array("\(prefix)001001_\(1_000 + file)_nrcb1_\(kind).fits".utf8))
                }
            }
        }
        return paths
    }
}
