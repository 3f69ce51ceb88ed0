internal import S3Gateway
internal import VolumeModel
internal import YAMLFiles

/// The configuration as a file has it.
enum ServeFile {
    /// Takes over what a file says.
    ///
    /// - Throws: everything that is wrong in it, by line and column.
    static func read(
        _ source: YAMLSource, into configuration: inout ServeConfiguration
    ) throws(FileFaults) {
        var faults = FileFaults()
        let documents = try YAMLFile(source).documents
        if documents.count > 1 {
            faults.add(
                documents[1].place, "a second document begins here",
                remedy: "a configuration is one document: take the line --- out")
        }
        if let document = documents.first { read(document, at: [], &configuration, &faults) }
        try faults.check()
    }

    /// Reads the mapping that stands behind `path`.
    private static func read(
        _ node: YAMLNode, at path: [String], _ configuration: inout ServeConfiguration,
        _ faults: inout FileFaults
    ) {
        let what = path.isEmpty ? "the configuration" : "`\(path.joined(separator: "."))`"
        let keys = keys(below: path)
        guard let reader = FieldReader(node, of: what, keys: keys, &faults) else { return }
        for key in keys {
            guard let value = reader.node(key) else { continue }
            let below = path + [key]
            let name = below.joined(separator: ".")
            guard let setting = ServeSetting.all.first(where: { $0.key == name }) else {
                read(value, at: below, &configuration, &faults)
                continue
            }
            configuration.origins[name] = .file(reader.place(of: key))
            if name == "s3.aliases" {
                readAliases(value, &configuration, &faults)
            } else {
                read(setting, key, value, &configuration, &faults)
            }
        }
    }

    /// The keys of the mapping behind `path`, in the order of the table.
    private static func keys(below path: [String]) -> [String] {
        var keys: [String] = []
        for setting in ServeSetting.all {
            let parts = setting.key.split(separator: ".").map { String($0) }
            guard parts.starts(with: path), parts.count > path.count else { continue }
            let key = parts[path.count]
            if !keys.contains(key) { keys.append(key) }
        }
        return keys
    }

    private static func read(
        _ setting: ServeSetting, _ key: String, _ node: YAMLNode,
        _ configuration: inout ServeConfiguration, _ faults: inout FileFaults
    ) {
        switch setting.form {
        case .one(let isText, let read):
            guard let text = isText ? node.text(of: key, &faults) : word(key, node, &faults)
            else { return }
            note(at: text.place, &faults) { () throws(PerigeeError) in
                try read(&configuration, text.value)
            }
        case .many(let clear, let add):
            clear(&configuration)
            let items = if case .list(let items) = node.content { items } else { [node] }
            for item in items {
                guard let text = item.text(of: key, &faults) else { continue }
                note(at: text.place, &faults) { () throws(PerigeeError) in
                    try add(&configuration, text.value)
                }
            }
        }
    }

    /// One word, whatever YAML takes it for: a number, `off`, a size, a span.
    private static func word(
        _ key: String, _ node: YAMLNode, _ faults: inout FileFaults
    ) -> Located<String>? {
        guard case .scalar(let text, _) = node.content, !text.isEmpty, text != "~" else {
            faults.add(
                node.place, "`\(key)` is one value, and this is \(node.kind)",
                remedy: "write one value behind it, or leave the key out")
            return nil
        }
        return Located(text, at: node.place)
    }

    private static let aliasKeys = ["volume", "prefix"]

    private static func readAliases(
        _ node: YAMLNode, _ configuration: inout ServeConfiguration, _ faults: inout FileFaults
    ) {
        guard case .mapping(let fields) = node.content else {
            faults.add(
                node.place,
                "`aliases` is a mapping of buckets to volumes, and this is \(node.kind)",
                remedy: "write NAME: {volume: VOLUME, prefix: PREFIX} lines")
            return
        }
        configuration.gateway.aliases = [:]
        for field in fields {
            guard
                let reader = FieldReader(field.value, of: "an alias", keys: aliasKeys, &faults),
                let volume = reader.required("volume", &faults)?.text(of: "volume", &faults)
            else { continue }
            let prefix = reader.text("prefix", &faults)
            note(at: volume.place, &faults) { () throws(PerigeeError) in
                let alias = try BucketAlias.alias(
                    volume: volume.value, prefix: Array((prefix?.value ?? "").utf8))
                try BucketAlias.add(alias, field.key, to: &configuration)
            }
        }
    }

    private static func note(
        at place: FilePlace, _ faults: inout FileFaults,
        _ body: () throws(PerigeeError) -> Void
    ) {
        do throws(PerigeeError) {
            try body()
        } catch {
            faults.add(place, error)
        }
    }
}
