internal import Glibc
internal import VolumeModel
internal import VolumeService

/// What a reference at the command line names, as the state's owner sees it.
struct NamedEntry {
    let reference: VolumeReference
    let snapshot: VolumeSnapshot
    let entry: Entry

    /// Finds it.
    ///
    /// - Parameter hint: what to do where the words are a path of this machine instead.
    /// - Throws: `.invalidArgument` for what is no reference; `.notFound` for the volume, the
    ///   revision or the path; and what the catalogue says.
    init(
        _ text: String, in service: LocalVolumeService, hint: (String) -> String
    ) throws(PerigeeError) {
        do throws(PerigeeError) {
            reference = try VolumeReference(parsing: text)
            snapshot = try service.snapshot(
                of: reference.volume, at: reference.revision, for: .owner)
        } catch {
            throw Self.explained(error, text, hint)
        }
        guard let entry = try service.entry(at: reference.path ?? .root, of: snapshot) else {
            throw PerigeeError(
                .notFound, "\(Printable.escaped(Array("\(reference)".utf8))) does not exist",
                remedy: "`perigee ls \(reference.volume)\(reference.revision)` lists its root")
        }
        self.entry = entry
    }

    private static func explained(
        _ error: PerigeeError, _ text: String, _ hint: (String) -> String
    ) -> PerigeeError {
        guard error.code == .notFound || error.code == .invalidArgument,
            access(text, F_OK) == 0
        else { return error }
        return PerigeeError(
            error.code, error.message,
            remedy: "\(Printable.quoted(text)) is a path of this machine: \(hint(text))",
            cause: error.cause)
    }
}
