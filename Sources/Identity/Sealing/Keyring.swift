internal import ControlStore
internal import VolumeModel

/// The sealing keys of one state, as its key file holds them: the present one, and during a rotation
/// those before it.
///
/// Which one seals is said by the control store, not by their order.
struct Keyring: Sendable {
    /// Bytes that no key file has.
    static let longestFile = 4_096
    private static let heading = "perigee-secrets "
    private static let version = 1

    /// The state that the keys belong to.
    let stateID: String
    /// The keys, the newest first.
    var keys: [SealingKey]

    /// Puts a keyring together.
    init(stateID: String, keys: [SealingKey]) {
        self.stateID = stateID
        self.keys = keys
    }

    /// Reads a key file.
    ///
    /// - Parameter name: what messages call the file.
    /// - Throws: `.corrupt`, `.newerFormat`; neither says what stands in it.
    init(parsing bytes: [UInt8], from name: String) throws(PerigeeError) {
        let damaged = PerigeeError(
            .corrupt, "the key file \(name) does not hold what a key file holds",
            remedy: "put the right file in its place, from where you keep a copy of it")
        guard let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("\n") else {
            throw damaged
        }
        var lines = text.split(separator: "\n")[...]
        guard let heading = lines.popFirst(), heading.hasPrefix(Self.heading),
            let version = Int(heading.dropFirst(Self.heading.count)), version >= 1
        else { throw damaged }
        guard version <= Self.version else {
            throw PerigeeError(
                .newerFormat,
                "the key file \(name) has format \(version), and this program knows up to"
                    + " \(Self.version)",
                remedy: "use the version of perigee that wrote it, or a newer one")
        }
        guard let state = lines.popFirst(), state.hasPrefix("state ") else { throw damaged }
        stateID = String(state.dropFirst("state ".count))
        keys = []
        for line in lines {
            guard line.hasPrefix("key "),
                let key = Hex.decode(line.dropFirst("key ".count).utf8).flatMap({ SealingKey($0) })
            else { throw damaged }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw damaged }
    }

    /// What `init(parsing:from:)` reads.
    func reveal() -> String {
        let lines =
            ["\(Self.heading)\(Self.version)", "state \(stateID)"]
            + keys.map { "key \($0.reveal())" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The key of that identifier, or nil.
    func key(_ id: SealingKeyID) -> SealingKey? { keys.first { $0.id == id } }

    /// The keys' identifiers, for messages.
    var names: String { keys.map { "\($0.id)" }.joined(separator: ", ") }
}
