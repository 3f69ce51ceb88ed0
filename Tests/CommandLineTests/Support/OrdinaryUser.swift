import Glibc
import PerigeeTesting

/// The program as user 65534, who owns a state of his own.
struct OrdinaryUser {
    let state: String
    private let folder: String

    static let uid: uid_t = 65_534

    init(_ site: Site) throws {
        folder = try site.makeFolder("user")
        state = "\(folder)/state"
        guard chown(folder, Self.uid, Self.uid) == 0 else {
            throw ProcessFailure(description: "cannot give \(folder) away")
        }
    }

    var environment: [String: String?] { ["PERIGEE_STATE": state, "HOME": folder] }

    /// `words` run without any right of root's.
    static func words(_ words: [String]) -> [String] {
        ["setpriv", "--reuid=\(uid)", "--regid=\(uid)", "--clear-groups", "--inh-caps=-all", "--"]
            + words
    }

    func run(_ words: String, within seconds: Double = 60) throws -> Finished {
        try Child(Self.words([Site.program] + words.words), environment: environment).wait(seconds)
    }

    @discardableResult
    func ok(_ words: String) throws -> Finished {
        let done = try run(words)
        guard done.status == 0 else { throw ProcessFailure(description: "\(done)") }
        return done
    }
}
