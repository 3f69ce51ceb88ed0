internal import AccessControl
internal import VolumeModel

/// Writes the lines of an audit log, each one JSON object.
///
/// By hand, since the log's thread has to keep up with every open of a mount: a tenth of what
/// Foundation's encoder takes.
struct AuditLineWriter {
    /// The lines so far.
    private(set) var bytes: [UInt8] = []

    /// The second that was written last, and its words: a batch has few.
    private var second = Int64.min
    private var secondText: [UInt8] = []

    /// Appends the line of a record.
    mutating func append(_ timed: TimedAuditRecord) {
        bytes.append(contentsOf: "{\"time\":\"".utf8)
        append(timed.time)
        bytes.append(UInt8(ascii: "\""))
        switch timed.record {
        case .lost(let count): number("lost", UInt64(count))
        case .access(let access): append(access)
        }
        bytes.append(contentsOf: "}\n".utf8)
    }

    /// Makes room for so many lines at once.
    mutating func reserve(lines: Int) { bytes.reserveCapacity(bytes.count + lines * 256) }

    /// RFC 3339 with nine digits of the fraction, so that lines of one log sort as text.
    private mutating func append(_ time: Timestamp) {
        var (second, fraction) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if fraction < 0 { (second, fraction) = (second - 1, fraction + 1_000_000_000) }
        if second != self.second {
            self.second = second
            let whole = Timestamp(nanoseconds: time.nanoseconds - fraction)
            secondText = Array(whole.iso8601.utf8.dropLast())
        }
        bytes.append(contentsOf: secondText)
        bytes.append(UInt8(ascii: "."))
        var scale: Int64 = 100_000_000
        while scale > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(fraction / scale % 10))
            scale /= 10
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    private mutating func append(_ access: DataAccess) {
        text("who", access.principal.description.utf8)
        if case .user(let user, let credential) = access.principal {
            text("user", user.string.utf8)
            if let credential { number("credential", UInt64(credential.value)) }
        }
        text("volume", access.volume.string.utf8)
        text("revision", (access.revision?.description ?? "candidate").utf8)
        text("path", access.path)
        text("frontEnd", access.frontEnd.rawValue.utf8)
        text("decision", access.decision.rawValue.utf8)
        if let rule = access.rule { text("rule", rule.utf8) }
        number("request", access.request)
    }

    private mutating func number(_ key: StaticString, _ value: UInt64) {
        start(key)
        bytes.append(contentsOf: String(value).utf8)
    }

    private mutating func text(_ key: StaticString, _ value: some Collection<UInt8>) {
        start(key)
        JSONText.append(value, to: &bytes)
    }

    private mutating func start(_ key: StaticString) {
        bytes.append(contentsOf: ",\"".utf8)
        key.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "\":".utf8)
    }
}
