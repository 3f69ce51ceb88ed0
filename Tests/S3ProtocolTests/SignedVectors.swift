import Foundation
import S3Protocol
import Testing

/// A request as botocore signed and sent it, from `Fixtures/signed.tsv`.
struct SignedVector: CustomTestStringConvertible, Sendable {
    let name: String
    let request: S3Request

    var testDescription: String { name }

    /// All of them; `Fixtures/sign.py` writes the file.
    static let all: [SignedVector] = {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/signed.tsv")
        do {
            let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            return try text.split(separator: "\n").map(Self.init)
        } catch {
            Issue.record("\(url.path()): \(error)")
            return []
        }
    }()

    private init(line: Substring) throws {
        let parts = line.split(separator: "\t").map(String.init)
        name = parts[0]
        request = try S3Request(
            parts[1], parts[2],
            parts[3...].map { field in
                let (name, value) = try #require(
                    field.firstRange(of: ": ").map {
                        (String(field[..<$0.lowerBound]), String(field[$0.upperBound...]))
                    })
                return (name, value)
            })
    }
}
