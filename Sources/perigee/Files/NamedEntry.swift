internal import AccessControl
internal import Glibc
internal import VolumeModel
internal import VolumeService

/// What a reference at the command line names, as its reader sees it.
struct NamedEntry {
    let reference: VolumeReference
    let snapshot: VolumeSnapshot
    let entry: Entry

    /// Finds it.
    ///
    /// - Parameters:
    ///   - principal: who reads.
    ///   - hint: what to do where the words are a path of this machine instead.
    /// - Throws: `.invalidArgument` for what is no reference; `.notFound` for the volume, the
    ///   revision or the path; and what the catalogue says.
    init(
        _ text: String, in service: LocalVolumeService, for principal: Principal,
        hint: (String) -> String
    ) throws(PerigeeError) {
        do throws(PerigeeError) {
            reference = try VolumeReference(parsing: text)
            snapshot = try service.snapshot(
                of: reference.volume, at: reference.revision, for: principal)
        } catch {
            throw Self.explained(error, text, principal, hint)
        }
        guard let entry = try service.entry(at: reference.path ?? .root, of: snapshot) else {
            throw PerigeeError(
                .notFound, "\(Printable.escaped(Array("\(reference)".utf8))) does not exist",
                remedy: "`perigee ls \(reference.volume)\(reference.revision)` lists its root, as "
                    + "the same reader")
        }
        self.entry = entry
    }

    private static func explained(
        _ error: PerigeeError, _ text: String, _ principal: Principal, _ hint: (String) -> String
    ) -> PerigeeError {
        guard error.code == .notFound || error.code == .invalidArgument else { return error }
        if access(text, F_OK) == 0 {
            return PerigeeError(
                error.code, error.message,
                remedy: "\(Printable.quoted(text)) is a path of this machine: "
                    + hint(Printable.escaped(Array(text.utf8))),
                cause: error.cause)
        }
        guard error.code == .notFound, principal != .owner else { return error }
        // The same words whether there is one or not.
        let state = (try? VolumeReference(parsing: text)).map { "\($0.volume)\($0.revision)" }
        return PerigeeError(
            .notFound,
            "there is no volume \(state ?? Printable.quoted(text)), or not for \(principal)",
            remedy: "read with --as USER or, as the state's owner, with --owner; "
                + "`perigee volume ls` lists the volumes",
            cause: error.cause)
    }
}
