import AccessControl
import ControlStore
import Dispatch
import Identity
import PerigeeTesting
import Synchronization
import VolumeModel

/// A state with the users ada and eve, and a home beside it for the key file.
struct IdentityFixture: Sendable {
    let folder: String
    let state: StateFolder
    let store: SQLiteControlStore

    var environment: [String: String] { ["HOME": "\(folder)/home"] }

    /// The key file of a state whose owner said nothing of one.
    var keyFile: String {
        get throws { "\(folder)/home/.config/perigee/secrets-\(try store.stateID()).key" }
    }

    init(in folder: String) throws {
        self.folder = folder
        try DiskFile.makeFolder("\(folder)/home")
        state = try StateFolder(path: "\(folder)/state")
        try state.create()
        try SQLiteControlStore.create(in: state)
        store = try SQLiteControlStore(state)
        try store.perform([.addUser(UserName("ada")), .addUser(UserName("eve"))], at: nil)
    }

    /// Credentials over a connection of their own, as another process has them.
    func process() throws -> Credentials {
        Credentials(try SQLiteControlStore(state), state: state, environment: environment)
    }

    /// Credentials that have read no key file yet.
    func credentials(
        _ environment: [String: String]? = nil, now: @escaping @Sendable () -> Timestamp = { .now }
    ) -> Credentials {
        Credentials(store, state: state, environment: environment ?? self.environment, now: now)
    }
}

/// Runs `body` so many times at once, on threads that may block.
func concurrently<Value: Sendable>(
    _ count: Int, _ body: @Sendable (Int) throws -> Value
) throws -> [Value] {
    let results = Mutex<[Result<Value, any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = Result { try body(index) }
        results.withLock { $0.append(result) }
    }
    return try results.withLock(\.self).map { try $0.get() }
}

/// Gives `body` a new state.
func withIdentity<Value>(_ body: (IdentityFixture) throws -> Value) throws -> Value {
    try withTemporaryFolder { folder in try body(IdentityFixture(in: folder)) }
}

extension CredentialFacts {
    /// Everything that a user may, for ever.
    static func all(_ user: String) throws -> CredentialFacts {
        CredentialFacts(user: try UserName(user))
    }
}

extension Credentials {
    /// Who comes with the token of that text.
    func principal(_ text: String) throws(PerigeeError) -> Principal {
        try principal(token: Secret(text.utf8))
    }
}
