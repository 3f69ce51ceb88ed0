internal import AccessControl
internal import ControlStore
internal import VolumeModel
internal import YAMLFiles

extension PlanBuilder {
    /// Volumes that are made, changed, or let go.
    mutating func planVolumes() {
        for document in files.volumes {
            if let record = volumes[document.name.value] {
                change(record, document)
            } else {
                make(document)
            }
        }
        for record in snapshot.volumes
        where record.label == options.label && fileVolumes[record.name] == nil {
            guard options.isPruning else {
                kept.append(
                    PlanRemainder(
                        kind: .volume, name: record.name.string, reason: "--prune lets go of it"))
                continue
            }
            // Its release times go on holding: what a lost file closed does not open by itself.
            add(.last, .setLabel(record.name, nil))
            changes.append(
                PlanChange(
                    .remove, .volume, record.name.string,
                    ["in no file: it stays as it is, and is the commands' from now on"]))
        }
    }

    private mutating func make(_ document: VolumeDocument) {
        let name = document.name.value
        guard let source = document.source else {
            return faults.add(
                document.name.place, "there is no volume \(name)",
                remedy: "add a line source: ROOT:SUBPATH to make it, or perigee volume add \(name)")
        }
        guard snapshot.root(named: source.value.root) != nil else {
            return faults.add(
                source.place, "there is no root \(source.value.root)",
                remedy: "perigee root add \(source.value.root) --origin posix:PATH")
        }
        add(
            .volume,
            .addVolume(
                VolumeDraft(name: name, metadata: document.metadata, sources: [source.value]),
                making: nil))
        add(.volume, .setLabel(name, options.label))
        var details = ["source \(Self.words(source.value.root, source.value.subpath))"]
        details += Self.details(
            from: VolumeMetadata(title: ""), to: document.metadata, isNew: true)
        if document.settings != VolumeSettings() {
            add(.volume, .setSettings(name, document.settings))
            details += Self.details(from: VolumeSettings(), to: document.settings, isNew: true)
        }
        changes.append(PlanChange(.add, .volume, name.string, details))
    }

    private mutating func change(_ record: VolumeRecord, _ document: VolumeDocument) {
        let name = record.name
        guard owns("volume \(name)", labelled: record.label, at: document.name.place) else {
            return
        }
        checkSource(record, document)
        var details = labelDetails(record.label)
        if record.label != options.label { add(.volume, .setLabel(name, options.label)) }
        if record.metadata != document.metadata {
            add(.volume, .setMetadata(name, document.metadata))
            details += Self.details(from: record.metadata, to: document.metadata, isNew: false)
        }
        if record.settings != document.settings {
            add(.volume, .setSettings(name, document.settings))
            details += Self.details(from: record.settings, to: document.settings, isNew: false)
        }
        note(.volume, name.string, details)
    }

    /// A volume's sources are what its revisions were scanned from: no file moves them.
    private mutating func checkSource(_ record: VolumeRecord, _ document: VolumeDocument) {
        guard let source = document.source,
            !record.sources.contains(where: {
                $0.root == source.value.root && $0.subpath == source.value.subpath
            })
        else { return }
        let sources = record.sources.map { Self.words($0.root, $0.subpath) }
        faults.add(
            source.place,
            "the volume \(record.name) has another source, "
                + sources.joined(separator: ", "),
            remedy: "write that one, or leave the key out")
    }

    private static func words(_ root: RootName, _ subpath: EntryPath) -> String {
        "\(root):\(Printable.escaped(subpath.bytes))"
    }

    private static func details(
        from old: VolumeMetadata, to new: VolumeMetadata, isNew: Bool
    ) -> [String] {
        let pairs = [
            ("title", isNew ? nil : old.title, new.title), ("abstract", old.abstract, new.abstract),
            ("domain", old.domain, new.domain), ("mission", old.mission, new.mission),
            ("contact", old.contact, new.contact), ("creator", old.creator, new.creator),
            ("licence", old.licence, new.licence), ("doi", old.doi, new.doi),
        ]
        return details(
            pairs.map {
                ($0.0, $0.1.map { Printable.quoted($0) }, $0.2.map { Printable.quoted($0) })
            }, isNew)
    }

    private static func details(
        from old: VolumeSettings, to new: VolumeSettings, isNew: Bool
    ) -> [String] {
        details(
            [
                ("embargo", words(old.embargo), words(new.embargo)),
                ("attributes", words(old.expressions), words(new.expressions)),
                (
                    "revocation", old.isRevocationHard ? "hard" : "soft",
                    new.isRevocationHard ? "hard" : "soft"
                ),
                (
                    "audit", old.isAuditRequired ? "required" : "best-effort",
                    new.isAuditRequired ? "required" : "best-effort"
                ),
            ], isNew)
    }

    private static func details(
        _ pairs: [(key: String, old: String?, new: String?)], _ isNew: Bool
    ) -> [String] {
        pairs.filter { $0.old != $0.new }.map { pair in
            let new = pair.new ?? "none"
            return isNew
                ? "\(pair.key) \(new)" : "\(pair.key) \(pair.old ?? "none") -> \(new)"
        }
    }

    private static func words(_ embargo: EmbargoPolicy?) -> String? {
        guard let embargo else { return nil }
        let period = embargo.period.map { "\($0.months) months after \($0.after), " } ?? ""
        return "\(period)metadata \(embargo.metadataWithData ? "with the data" : "open")"
    }

    private static func words(_ expressions: [PathExpression]) -> String? {
        expressions.isEmpty
            ? nil : expressions.map { Printable.quoted($0.text) }.joined(separator: ", ")
    }
}
