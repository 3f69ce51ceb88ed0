internal import Glibc
package import VolumeModel

/// What `body` throws, or nil.
package func failure(_ body: () throws -> Void) -> PerigeeError? {
    do {
        try body()
        return nil
    } catch {
        return error as? PerigeeError
    }
}

/// What a body that waits throws, or nil.
package func asyncFailure(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async -> PerigeeError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? PerigeeError
    }
}

/// Looks every 2 ms until `condition` holds, for at most `seconds`.
package func eventually(within seconds: Double, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
    while monotonicNanoseconds() < deadline {
        if try condition() { return true }
        usleep(2_000)
    }
    return try condition()
}

/// Prints why a test is not run, for which there is no silent way.
package func skipped(_ test: String, because reason: String) {
    print("SKIPPED: \(test): \(reason)")
}
