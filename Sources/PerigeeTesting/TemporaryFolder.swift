internal import Foundation

/// Gives `body` the path of a new, empty folder, which is removed afterwards with all it holds.
package func withTemporaryFolder<Value>(
    in parent: String? = nil, _ body: (String) throws -> Value
) throws -> Value {
    let path = try makeTemporaryFolder(in: parent)
    defer { removeTree(path) }
    return try body(path)
}

/// The same for a body that waits.
package func withTemporaryFolder<Value>(
    isolation: isolated (any Actor)? = #isolation, in parent: String? = nil,
    _ body: (String) async throws -> Value
) async throws -> Value {
    let path = try makeTemporaryFolder(in: parent)
    defer { removeTree(path) }
    return try await body(path)
}

private func makeTemporaryFolder(in parent: String?) throws -> String {
    let base = parent ?? FileManager.default.temporaryDirectory.path
    let path = "\(base)/perigee-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)
    return path
}

/// Removes a folder with all below it; names need not be UTF-8, links are not followed.
package func removeTree(_ path: String) {
    removeTree(Array(path.utf8))
}
