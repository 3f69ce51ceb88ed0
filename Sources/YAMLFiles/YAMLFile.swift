internal import VolumeModel
internal import Yams

/// The documents of one YAML file, of which nothing is taken but text, lists and mappings.
package struct YAMLFile {
    /// The most values in one file, keys among them.
    package static let mostNodes = 10_000
    /// How deep values may stand in one another.
    package static let deepest = 32

    /// The documents that hold anything.
    package let documents: [YAMLNode]

    /// Parses a file.
    ///
    /// - Throws: `FileFaults` for what is no YAML; duplicate keys, anchors, aliases, tags and
    ///   merge keys; more than 10,000 values, or more than 32 in one another.
    package init(_ source: YAMLSource) throws(FileFaults) {
        let text = try YAMLText(source)
        var reading = Reading(text: text)
        var documents: [YAMLNode] = []
        do {
            // Without rules, so that the parser does not run regular expressions over each key.
            let parser = try Parser(
                yaml: text.string, resolver: .basic, constructor: .default, encoding: .utf8)
            while let root = try parser.nextRoot() {
                let document = try reading.node(root, depth: 1)
                if !document.isEmpty { documents.append(document) }
            }
        } catch let faults as FileFaults {
            throw faults
        } catch let error as YamlError {
            throw text.faults(error)
        } catch {
            throw FileFaults(
                text.place(line: 1, column: 1), "the file cannot be parsed: \(error)",
                remedy: "write it as YAML")
        }
        self.documents = documents
    }

    /// Takes over a parser's tree.
    private struct Reading {
        let text: YAMLText
        private var count = 0

        init(text: YAMLText) { self.text = text }

        mutating func node(_ node: Node, depth: Int) throws(FileFaults) -> YAMLNode {
            let place = place(of: node)
            count += 1
            guard count <= YAMLFile.mostNodes else {
                throw FileFaults(
                    place, "the file holds more than \(YAMLFile.mostNodes) values",
                    remedy: text.purpose.splitting)
            }
            guard depth <= YAMLFile.deepest else { throw text.tooDeep(place) }
            try checkProperties(node, place)
            switch node {
            case .scalar(let scalar):
                let isPlain = scalar.style == .plain || scalar.style == .any
                return YAMLNode(content: .scalar(scalar.string, isPlain: isPlain), place: place)
            case .sequence(let sequence):
                var items: [YAMLNode] = []
                for item in sequence { items.append(try self.node(item, depth: depth + 1)) }
                return YAMLNode(content: .list(items), place: place)
            case .mapping(let mapping):
                var fields: [YAMLNode.Field] = []
                var names: Set<String> = []
                for (key, value) in mapping {
                    fields.append(try field(key, value, depth: depth + 1, &names))
                }
                return YAMLNode(content: .mapping(fields), place: place)
            case .alias:
                throw FileFaults(
                    place, "an alias stands for another value", remedy: text.noExpansion)
            }
        }

        private mutating func field(
            _ key: Node, _ value: Node, depth: Int, _ names: inout Set<String>
        ) throws(FileFaults) -> YAMLNode.Field {
            let keyNode = try node(key, depth: depth)
            guard case .scalar(let name, _) = keyNode.content, !keyNode.isEmpty else {
                throw FileFaults(
                    keyNode.place, "the key is \(keyNode.kind)", remedy: "a key is a plain word")
            }
            guard name != "<<" else {
                throw FileFaults(
                    keyNode.place, "the key << merges another mapping into this one",
                    remedy: text.noExpansion)
            }
            // The parser finds equal keys only where both are quoted or neither is.
            guard names.insert(name).inserted else {
                throw YAMLText.duplicate(name, keyNode.place)
            }
            return YAMLNode.Field(
                key: name, place: keyNode.place, value: try node(value, depth: depth))
        }

        /// The parser has dropped anchors and tags by now, but for where a value begins.
        private func checkProperties(_ node: Node, _ place: FilePlace) throws(FileFaults) {
            switch text.scalar(line: place.line, column: place.column) {
            case "&":
                throw FileFaults(
                    place, "an anchor names the value for others", remedy: text.noExpansion)
            case "!":
                throw FileFaults(
                    place, "a tag says of what type the value is",
                    remedy: "leave it out, and put text that begins with ! in quotes")
            default: break
            }
        }

        private func place(of node: Node) -> FilePlace {
            text.place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        }
    }
}
