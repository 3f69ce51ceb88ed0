internal import VolumeModel
internal import YAMLFiles

/// What a document says that it is.
enum DocumentKind {
    /// The value of `kind`; nil where it is none of `kinds`, which is noted.
    static func of(
        _ node: YAMLNode, among kinds: [String], _ faults: inout FileFaults
    ) -> String? {
        guard case .mapping(let fields) = node.content,
            let kind = fields.first(where: { $0.key == "kind" })?.value
        else {
            faults.add(
                node.place, "the document does not say what it is",
                remedy: "begin it with a line kind: \(FieldReader.list(kinds))")
            return nil
        }
        guard let word = kind.text(of: "kind", &faults) else { return nil }
        guard kinds.contains(word.value) else {
            faults.add(
                word.place, "there is no kind \(Printable.quoted(word.value)) here",
                remedy: advice(word.value)
                    ?? "a kind is \(FieldReader.list(kinds)), written like that")
            return nil
        }
        return word.value
    }

    private static func advice(_ kind: String) -> String? {
        switch kind {
        case "User": "users are added by perigee user add NAME"
        case "Test": "tests lie in a folder of their own: perigee policy test policies/tests"
        case "Volume", "Team", "Policy":
            "the policies that tests are about lie in the folder above: perigee apply -f policies"
        default: nil
        }
    }
}
