internal import AccessControl
internal import VolumeModel

/// The conditions of a rule as one text: one a line, in their order.
enum ConditionText {
    static func text(_ conditions: [AccessCondition]) -> String {
        conditions.map { condition in
            switch condition {
            case .embargoed: "embargoed"
            case .released: "released"
            case .attribute(let key, let value): "\(key)=\(value)"
            }
        }.joined(separator: "\n")
    }

    /// - Throws: `.invalidArgument` for what `text(_:)` does not write.
    static func conditions(_ text: String) throws(PerigeeError) -> [AccessCondition] {
        var conditions: [AccessCondition] = []
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            if line.elementsEqual("embargoed".utf8) {
                conditions.append(.embargoed)
            } else if line.elementsEqual("released".utf8) {
                conditions.append(.released)
            } else {
                let (key, value) = try AttributeText.pair(line)
                conditions.append(.attribute(try AttributeKey(key), equals: value))
            }
        }
        return conditions
    }
}

/// The attributes of a class as one text: `key=value` a line, by key in byte order.
///
/// A key holds no `=` and a value no line end, so that there is one text for each class.
enum AttributeText {
    static func text(_ attributes: [AttributeKey: String]) -> String {
        attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            .joined(separator: "\n")
    }

    fileprivate static func pair(
        _ line: Substring.UTF8View
    ) throws(PerigeeError) -> (key: String, value: String) {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(Array(line))) is no key and value")
        }
        return (
            String(Substring(line[..<equals])),
            String(Substring(line[line.index(after: equals)...]))
        )
    }
}

/// Reads such texts, many in a row.
struct AttributeTextReader {
    /// The keys of the text before: those of a volume's classes hardly differ, and to compare a key
    /// costs a tenth of making it.
    private var keys: [AttributeKey] = []

    /// - Throws: `.invalidArgument` for what `AttributeText.text(_:)` does not write.
    mutating func attributes(
        _ text: String
    ) throws(PerigeeError) -> [AttributeKey: String] {
        guard !text.isEmpty else { return [:] }
        let bytes = text.utf8
        var attributes = [AttributeKey: String](minimumCapacity: max(keys.count, 1))
        var found: [AttributeKey] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            if found.count < keys.count,
                let value = value(of: keys[found.count], bytes[start..<end])
            {
                attributes[keys[found.count]] = value
                found.append(keys[found.count])
            } else {
                let (name, value) = try AttributeText.pair(bytes[start..<end])
                let key = try AttributeKey(name)
                attributes[key] = value
                found.append(key)
            }
            start = end < bytes.endIndex ? bytes.index(after: end) : end
        }
        keys = found
        return attributes
    }

    /// What stands behind `key=`, or nil where the line begins otherwise.
    private func value(of key: AttributeKey, _ line: Substring.UTF8View) -> String? {
        let name = key.string.utf8
        guard line.starts(with: name) else { return nil }
        let equals = line.index(line.startIndex, offsetBy: name.count)
        guard equals < line.endIndex, line[equals] == UInt8(ascii: "=") else { return nil }
        return String(Substring(line[line.index(after: equals)...]))
    }
}
