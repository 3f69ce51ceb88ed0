internal import VolumeModel

/// When the entries of a class become open, by the rules that `EmbargoPolicy` tells.
struct ReleaseTimes: Hashable, Sendable {
    /// When their metadata are released; nil: never.
    var metadata: Timestamp?
    /// When their data are released; nil: never.
    var data: Timestamp?

    /// Everything is open, and always was.
    static let open = ReleaseTimes(metadata: .distantPast, data: .distantPast)

    /// What the embargo leaves at `now` of a grant that does not name it.
    func cap(at now: Timestamp) -> AccessLevel {
        // Of numbers, since this is asked of every class.
        let now = now.nanoseconds
        guard let metadata, metadata.nanoseconds <= now else { return .none }
        guard let data, data.nanoseconds <= now else { return .list }
        return .read
    }
}

extension Timestamp {
    /// The first instant there is.
    static let distantPast = Timestamp(nanoseconds: .min)

    /// Reads a Modified Julian Date (UTC): days since 1858-11-17 as digits with a point at most; digits
    /// behind the fifteenth of the fraction are left out. Nil for anything else, and beyond 2262.
    init?(modifiedJulianDate text: String) {
        var days = 0
        // The fraction in units of 1e-15 days.
        var fraction: Int64 = 0
        var scale: Int64 = 1_000_000_000_000_000
        var digits = 0
        var isFraction = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "."):
                guard !isFraction, digits > 0 else { return nil }
                isFraction = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                let digit = Int(byte - UInt8(ascii: "0"))
                if isFraction {
                    scale /= 10
                    fraction += Int64(digit) * scale
                } else {
                    days = days * 10 + digit
                    guard days < 1_000_000 else { return nil }
                }
            default: return nil
            }
        }
        guard digits > 0, text.utf8.last != UInt8(ascii: ".") else { return nil }
        // 86,400e9 of 1e15 is 864 of 10,000.
        self.init(daysSinceEpoch: days - 40_587, nanoseconds: fraction * 864 / 10_000)
    }

    /// Reads what an attribute may hold: an instant, or a Modified Julian Date.
    init?(attribute text: String) {
        if text.utf8.contains(UInt8(ascii: "-")) {
            guard let instant = try? Timestamp(parsing: text) else { return nil }
            self = instant
        } else {
            self.init(modifiedJulianDate: text)
        }
    }
}

/// Finds the release times of classes on one volume.
///
/// What cannot be read as an instant, or lies beyond what instants reach, is never: an error in a
/// table closes entries, it opens none.
struct ReleaseClock: Sendable {
    private struct Row {
        var metadata: Timestamp?
        var data: Timestamp?
    }

    /// The attributes that release times hang on, in the order in which `times` takes their values.
    let keys: [AttributeKey]

    private let embargo: EmbargoPolicy?
    /// The latest instants of the rows by value, for the keys from `rowStart` on.
    private let rows: [[String: Row]]

    private static let dataIndex = 0
    private static let metadataIndex = 1
    private static let periodIndex = 2
    private static let rowStart = 3

    /// Takes in a volume's embargo and the archive's table.
    init(_ embargo: EmbargoPolicy?, releases: [ReleaseRow]) {
        self.embargo = embargo
        var rows: [AttributeKey: [String: Row]] = [:]
        if embargo != nil {
            for release in releases {
                let known = rows[release.key]?[release.value]
                rows[release.key, default: [:]][release.value] = Row(
                    metadata: later(known?.metadata, release.metadata),
                    data: later(known?.data, release.data))
            }
        }
        self.rows = Array(rows.values)
        // Without a period its key is asked for and not used.
        keys = [.dataRelease, .metadataRelease, embargo?.period?.after ?? .dataRelease] + rows.keys
    }

    /// Whether anything is closed by time.
    var isEmbargoed: Bool { embargo != nil }

    /// The release times of a class with these attributes.
    func times(of attributes: [AttributeKey: String]) -> ReleaseTimes {
        times(keys.map { attributes[$0] }[...])
    }

    /// The release times of a class with these values of `keys`.
    func times(_ values: ArraySlice<String?>) -> ReleaseTimes {
        guard let embargo else { return .open }
        let start = values.startIndex
        var latest = Row()
        for (index, instants) in rows.enumerated() {
            guard let value = values[start + Self.rowStart + index], let row = instants[value]
            else {
                continue
            }
            latest.metadata = later(latest.metadata, row.metadata)
            latest.data = later(latest.data, row.data)
        }
        let data: Timestamp? =
            if let row = latest.data {
                row
            } else if let text = values[start + Self.dataIndex] {
                try? Timestamp(parsing: text)
            } else if let period = embargo.period, let text = values[start + Self.periodIndex] {
                Timestamp(attribute: text)?.adding(months: period.months)
            } else {
                nil
            }
        let metadata: Timestamp? =
            if let row = latest.metadata {
                row
            } else if let text = values[start + Self.metadataIndex] {
                try? Timestamp(parsing: text)
            } else if embargo.metadataWithData {
                data
            } else {
                .distantPast
            }
        return ReleaseTimes(metadata: metadata, data: data)
    }
}

private func later(_ left: Timestamp?, _ right: Timestamp?) -> Timestamp? {
    guard let left, let right else { return left ?? right }
    return max(left, right)
}
