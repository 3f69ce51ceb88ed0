package import VolumeModel

/// One row of an attribute table: what entries at a path have.
package struct AttributeRow: Hashable, Sendable {
    /// The entries: those whose path, or a folder above it, matches.
    package var pattern: PathPattern
    /// The attribute.
    package var key: AttributeKey
    /// Its value, at most 256 bytes without control characters.
    package var value: String
    /// The row's line in its file, for messages.
    package var line: Int

    /// Puts a row together.
    package init(pattern: PathPattern, key: AttributeKey, value: String, line: Int = 0) {
        self.pattern = pattern
        self.key = key
        self.value = value
        self.line = line
    }
}

/// Where the attributes of a volume's entries come from.
package struct AttributeSource: Hashable, Sendable {
    /// What paths tell by themselves; the first that matches and knows a key gives its value.
    package var expressions: [PathExpression]
    /// What the archive's table says; it takes the place of what a path says.
    package var rows: [AttributeRow]

    /// Puts a source together.
    package init(expressions: [PathExpression] = [], rows: [AttributeRow] = []) {
        self.expressions = expressions
        self.rows = rows
    }
}
