internal import VolumeModel

/// A folder of a web server, read from the page that nginx (`autoindex`) or Apache (`mod_autoindex`)
/// makes of it.
///
/// Such pages are for people. What counts is where links lead: names are taken from there, and only
/// those right below the folder; everything else (the folder above, other orders) is left out.
struct IndexPage {
    /// A file or a folder.
    struct Item: Hashable {
        /// Its name, decoded; of a folder with a slash at its end.
        let name: [UInt8]
        /// Bytes, where the page says them exactly.
        var size: Int64?
        /// As the page says it: to the minute.
        var modified: Timestamp?

        var isFolder: Bool { name.last == UInt8(ascii: "/") }
    }

    /// In byte order, each name once.
    let items: [Item]
    /// Links right below the folder that no name can be read from.
    let unusable: [[UInt8]]

    /// Reads a page; nil where it is not an index of a folder.
    ///
    /// - Parameter address: where the page is.
    init?(parsing page: [UInt8], at address: WebAddress) {
        let lower = page.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        // Both servers title it so; a page of somebody's own has links that are no list.
        guard lower.firstRange(of: Array("index of".utf8)) != nil else { return nil }
        var items: [[UInt8]: Item] = [:]
        var unusable: [[UInt8]] = []
        var rest = lower[...]
        let open = Array("<a ".utf8)
        while let tag = rest.firstRange(of: open) {
            guard let end = lower[tag.upperBound...].firstIndex(of: UInt8(ascii: ">")) else {
                break
            }
            rest = lower[(end + 1)...]
            guard let link = Self.link(page[tag.upperBound..<end], lower[tag.upperBound..<end]),
                let relative = Self.relative(link, to: address)
            else { continue }
            guard let name = PercentEncoding.decode(relative), Self.isUsable(name) else {
                unusable.append(Array(relative))
                continue
            }
            let next = rest.firstRange(of: open)?.lowerBound ?? rest.endIndex
            if items[name] == nil { items[name] = Self.item(name, after: lower[(end + 1)..<next]) }
        }
        self.items = items.values.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        self.unusable = unusable
    }

    /// The value of `href` between the quotes, with HTML's own escapes undone.
    private static func link(_ tag: ArraySlice<UInt8>, _ lower: ArraySlice<UInt8>) -> [UInt8]? {
        guard let name = lower.firstRange(of: Array("href=".utf8)), name.upperBound < lower.endIndex
        else { return nil }
        let quote = tag[name.upperBound]
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
            let end = tag[(name.upperBound + 1)...].firstIndex(of: quote)
        else { return nil }
        return unescaped(tag[(name.upperBound + 1)..<end])
    }

    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let first = rest.first {
            if first == UInt8(ascii: "&"),
                let escape = escapes.first(where: { rest.starts(with: $0.0) })
            {
                bytes.append(escape.1)
                rest = rest.dropFirst(escape.0.count)
            } else {
                bytes.append(first)
                rest = rest.dropFirst()
            }
        }
        return bytes
    }

    private static let escapes: [([UInt8], UInt8)] = [
        ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"),
        ("&gt;", ">"), ("&amp;", "&"),
    ].map { (Array($0.0.utf8), UInt8(ascii: $0.1)) }

    /// The part of a link below the folder, still encoded; nil where it leads elsewhere, or is the
    /// folder itself in another order.
    private static func relative(_ link: [UInt8], to address: WebAddress) -> ArraySlice<UInt8>? {
        var link = link[...]
        let path = Array(address.target.utf8)
        for start in ["\(address.scheme)://\(address.authority)", "//\(address.authority)"]
        where link.starts(with: start.utf8) {
            link = link.dropFirst(start.utf8.count)
            break
        }
        if link.first == UInt8(ascii: "/") {
            guard link.starts(with: path) else { return nil }
            link = link.dropFirst(path.count)
        } else if link.starts(with: "./".utf8) {
            link = link.dropFirst(2)
        }
        // A question mark or a number sign of a name is encoded.
        if link.isEmpty || link.contains(UInt8(ascii: "?")) || link.contains(UInt8(ascii: "#")) {
            return nil
        }
        let name = link.last == UInt8(ascii: "/") ? link.dropLast() : link
        if name.isEmpty || name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) {
            return nil
        }
        // `mailto:` and the like: a colon before any slash, where an index writes `%3A` or `./`.
        if name.contains(UInt8(ascii: "/")) { return nil }
        let isScheme =
            name.firstIndex(of: UInt8(ascii: ":")).map { colon in
                [
                    Array("mailto".utf8), Array("javascript".utf8), Array("http".utf8),
                    Array("https".utf8), Array("ftp".utf8), Array("data".utf8),
                ]
                .contains(Array(name[..<colon]))
            } ?? false
        return isScheme ? nil : link
    }

    private static func isUsable(_ name: [UInt8]) -> Bool {
        let plain = name.last == UInt8(ascii: "/") ? name.dropLast() : name[...]
        return !plain.isEmpty && !plain.contains(UInt8(ascii: "/")) && !plain.contains(0)
            && !plain.elementsEqual(".".utf8) && !plain.elementsEqual("..".utf8)
    }

    /// What stands behind a link: `</a>   28-Nov-2026 09:48    1234`, with Apache's tags in between.
    private static func item(_ name: [UInt8], after lower: ArraySlice<UInt8>) -> Item {
        var item = Item(name: name)
        guard let close = lower.firstRange(of: Array("</a>".utf8)) else { return item }
        var text: [UInt8] = []
        var isTag = false
        for byte in lower[close.upperBound...].prefix(1_000) {
            if byte == 0x0a { break }
            if byte == UInt8(ascii: "<") { isTag = true }
            text.append(isTag || byte < 0x20 ? 0x20 : byte)
            if byte == UInt8(ascii: ">") { isTag = false }
        }
        let words = text.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        guard words.count >= 3 else { return item }
        item.modified = time(words[0], words[1])
        if item.modified != nil, !item.isFolder { item.size = HTTPHead.number(words[2]) }
        return item
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// `28-nov-2026 09:48` or `2026-11-28 09:48`, in UTC as far as anybody knows.
    private static func time(_ day: String, _ clock: String) -> Timestamp? {
        let parts = day.split(separator: "-").map { String($0) }
        let time = clock.split(separator: ":").compactMap { HTTPHead.number($0) }
        guard parts.count == 3, time.count == 2 else { return nil }
        let date: CalendarDay? =
            if let month = months.firstIndex(of: parts[1]) {
                Int(parts[2]).flatMap { year in
                    Int(parts[0]).flatMap { CalendarDay(year: year, month: month + 1, day: $0) }
                }
            } else if let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]) {
                CalendarDay(year: year, month: month, day: day)
            } else {
                nil
            }
        guard time[0] < 24, time[1] < 60,
            let seconds = CalendarText.seconds(date, Int(time[0]), Int(time[1]), 0)
        else { return nil }
        return Timestamp(secondsSinceEpoch: seconds)
    }
}
