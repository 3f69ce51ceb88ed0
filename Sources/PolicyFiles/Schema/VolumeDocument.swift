internal import AccessControl
package import ControlStore
package import VolumeModel
package import YAMLFiles

/// What a document `kind: Volume` says: what a volume is, and how it is guarded beside its rules.
package struct VolumeDocument: Sendable {
    /// Which volume.
    package let name: Located<VolumeName>
    /// Where its files are, for a volume that is to be made.
    package let source: Located<SourceDraft>?
    /// What people are told of it.
    package let metadata: VolumeMetadata
    /// How it is guarded.
    package let settings: VolumeSettings

    static let keys = [
        "kind", "name", "title", "abstract", "domain", "mission", "contact", "creator", "licence",
        "doi", "source", "embargo", "attributes", "revocation", "audit",
    ]

    /// Reads a document; nil where it has faults.
    init?(_ node: YAMLNode, _ faults: inout FileFaults) {
        let before = faults.count
        guard let reader = FieldReader(node, of: "a Volume", keys: Self.keys, &faults) else {
            return nil
        }
        let name = reader.requiredValue("name", &faults, VolumeName.init)
        let title = reader.required("title", &faults).flatMap { _ in reader.line("title", &faults) }
        let texts = Dictionary(
            uniqueKeysWithValues: [
                "abstract", "domain", "mission", "contact", "creator", "licence", "doi",
            ].map { ($0, Self.paragraph(reader.text($0, &faults)?.value)) })
        source = reader.value("source", &faults, SourceDraft.init(parsing:))
        settings = VolumeSettings(
            embargo: reader.node("embargo").flatMap { EmbargoPolicy($0, &faults) },
            expressions: Self.expressions(reader, &faults),
            isRevocationHard: reader.choice(
                "revocation", [("soft", false), ("hard", true)], &faults)?.value ?? false,
            isAuditRequired: reader.choice(
                "audit", [("best-effort", false), ("required", true)], &faults)?.value ?? false)
        guard faults.count == before, let name, let title else { return nil }
        self.name = name
        metadata = VolumeMetadata(
            title: title, abstract: texts["abstract"] ?? nil,
            domain: texts["domain"] ?? nil, mission: texts["mission"] ?? nil,
            contact: texts["contact"] ?? nil, creator: texts["creator"] ?? nil,
            licence: texts["licence"] ?? nil, doi: texts["doi"] ?? nil)
    }

    /// Text without the line end that YAML leaves behind a block of lines.
    private static func paragraph(_ text: String?) -> String? {
        guard let text, let last = text.lastIndex(where: { !$0.isWhitespace }) else { return text }
        return String(text[...last])
    }

    private static func expressions(
        _ reader: FieldReader, _ faults: inout FileFaults
    ) -> [PathExpression] {
        var expressions: [PathExpression] = []
        for item in reader.list("attributes", &faults) ?? [] {
            let fields = FieldReader(item, of: "an item of `attributes`", keys: ["path"], &faults)
            if let path = fields?.requiredValue("path", &faults, PathExpression.init) {
                expressions.append(path.value)
            }
        }
        return expressions
    }
}

extension SourceDraft {
    /// Reads `ROOT:SUBPATH`.
    init(parsing text: String) throws(PerigeeError) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw PerigeeError(
                .invalidArgument, "the source \(Printable.quoted(text)) names no root",
                remedy: "write ROOT:SUBPATH, as in archive:hst")
        }
        self.init(
            root: try RootName(String(decoding: bytes[..<colon], as: UTF8.self)),
            subpath: try EntryPath(trimmingSlashes: bytes[(colon + 1)...]))
    }
}

extension EmbargoPolicy {
    /// Reads the value of `embargo`; nil where it has faults.
    init?(_ node: YAMLNode, _ faults: inout FileFaults) {
        let before = faults.count
        guard
            let reader = FieldReader(
                node, of: "`embargo`", keys: ["after", "months", "metadata"], &faults)
        else { return nil }
        let after = reader.value("after", &faults, AttributeKey.init)
        let months = reader.node("months")?.number(of: "months", in: 0...1_200, &faults)
        if reader.has("after") != reader.has("months") {
            faults.add(
                reader.place, "an embargo's period needs both `after` and `months`",
                remedy: "write after: t_max and months: 12, or neither")
        }
        let isWithData = reader.choice(
            "metadata", [("open", false), ("with-data", true)], &faults)?.value
        guard faults.count == before else { return nil }
        var period: Period?
        if let after, let months { period = Period(after: after.value, months: months) }
        self.init(period: period, metadataWithData: isWithData ?? false)
    }
}
