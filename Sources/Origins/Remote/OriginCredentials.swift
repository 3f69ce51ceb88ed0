package import VolumeModel

/// What an origin knows us by. It never prints more than the key's id.
package struct OriginCredentials: Hashable, Sendable {
    /// The id of the access key.
    package let accessKeyID: String
    /// The key's secret.
    package let secret: String
    /// What goes with a key that is good only for a while, or nil.
    package let sessionToken: String?

    /// Puts credentials together.
    package init(accessKeyID: String, secret: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.sessionToken = sessionToken
    }

    /// Reads the file that the tools of AWS keep them in: lines of a name, `=` and a value, in
    /// profiles that begin with `[NAME]`; lines before any are of the profile `default`.
    ///
    /// AWS SDKs and Tools reference guide, "Shared config and credentials files".
    ///
    /// - Parameter file: what messages call it; nothing of its content is in them.
    /// - Throws: `.invalidArgument` where the profile has no key and secret.
    package init(parsing text: [UInt8], profile: String = "default", file: String)
        throws(PerigeeError)
    {
        var current = "default"
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            let line = Self.trimmed(String(decoding: line, as: UTF8.self))
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                current = Self.trimmed(line.dropFirst().dropLast())
            } else if current == profile, let equals = line.firstIndex(of: "=") {
                values[Self.trimmed(line[..<equals]).lowercased()] =
                    Self.trimmed(line[line.index(after: equals)...])
            }
        }
        guard let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"],
            !id.isEmpty, !secret.isEmpty
        else {
            throw PerigeeError(
                .invalidArgument,
                "\(Printable.quoted(file)) has no key in the profile \(Printable.quoted(profile))",
                remedy: "write aws_access_key_id = ... and aws_secret_access_key = ... below "
                    + "[\(profile)]")
        }
        self.init(
            accessKeyID: id, secret: secret,
            sessionToken: values["aws_session_token"].flatMap { $0.isEmpty ? nil : $0 })
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let front = text.drop(while: isSpace)
        return String(String(front.reversed().drop(while: isSpace)).reversed())
    }
}

extension OriginCredentials: CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package var description: String { "\(accessKeyID):***" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
