/// The cards of one header, 80 bytes each, without END and padding.
///
/// Source: FITS Standard 4.0, section 4.
struct FITSHeader {
    static let cardBytes = 80
    static let blockBytes = 2880

    private(set) var cards: [UInt8] = []

    /// Characters of a string that fit one card beside its quotes.
    private static let stringLimit = 68

    mutating func set(_ keyword: String, _ value: String, _ comment: String = "") {
        // A quote within a string is doubled; section 4.2.1.1.
        let escaped = value.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "''")
        guard escaped.utf8.count > Self.stringLimit else {
            // Fixed format: the closing quote does not stand before column 20.
            let filler = String(repeating: " ", count: max(0, 8 - escaped.utf8.count))
            append(keyword, padding("'\(escaped)\(filler)'", to: 20), comment)
            return
        }
        setLong(keyword, escaped)
    }

    mutating func set(_ keyword: String, _ value: Int, _ comment: String = "") {
        append(keyword, padded("\(value)", 20), comment)
    }

    mutating func set(_ keyword: String, _ value: Double, _ comment: String = "") {
        // Swift prints the shortest text that reads back to the same number.
        append(keyword, padded("\(value)".uppercased(), 20), comment)
    }

    mutating func set(_ keyword: String, _ value: Bool, _ comment: String = "") {
        append(keyword, padded(value ? "T" : "F", 20), comment)
    }

    mutating func comment(_ text: String) {
        appendCard("COMMENT \(text)")
    }

    /// A long string over several cards: section 4.2.1.2.
    private mutating func setLong(_ keyword: String, _ escaped: String) {
        var rest = Substring(escaped)
        var start = "\(padding(keyword, to: 8))= "
        while !rest.isEmpty {
            let isLast = rest.utf8.count <= Self.stringLimit
            var piece = rest.prefix(isLast ? Self.stringLimit : Self.stringLimit - 1)
            // A doubled quote must not be torn apart.
            if !isLast, piece.reversed().prefix(while: { $0 == "'" }).count % 2 == 1 {
                piece = piece.dropLast()
            }
            appendCard("\(start)'\(piece)\(isLast ? "" : "&")'")
            rest = rest.dropFirst(piece.count)
            start = "CONTINUE  "
        }
    }

    private mutating func append(_ keyword: String, _ value: String, _ comment: String) {
        appendCard(
            "\(padding(keyword, to: 8))= \(value)\(comment.isEmpty ? "" : " / \(comment)")")
    }

    /// Text is ASCII throughout. A comment may be cut at the end of the card; values never reach
    /// it.
    private mutating func appendCard(_ text: String) {
        let card = text.utf8.prefix(Self.cardBytes)
        cards += card
        cards += repeatElement(0x20, count: Self.cardBytes - card.count)
    }

    private func padding(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }
}
