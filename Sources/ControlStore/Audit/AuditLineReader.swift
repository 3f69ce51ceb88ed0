internal import AccessControl
internal import VolumeModel

/// Reads a line of an audit log: a flat JSON object of texts and whole numbers, without blanks
/// between them, as `AuditLineWriter` writes it. Keys that it does not know are passed over.
struct AuditLineReader {
    private let line: [UInt8]
    private var position = 0

    /// The record of a line, without its end; nil where it is none.
    static func record(_ line: [UInt8]) -> TimedAuditRecord? {
        var reader = AuditLineReader(line: line)
        return reader.fields()?.record
    }

    private init(line: [UInt8]) { self.line = line }

    private mutating func fields() -> AuditFields? {
        var fields = AuditFields()
        guard take("{") else { return nil }
        repeat {
            guard let key = text(), take(":") else { return nil }
            if position < line.count, line[position] == UInt8(ascii: "\"") {
                guard let value = text() else { return nil }
                fields.all.append((key, .text(value)))
            } else {
                guard let value = number() else { return nil }
                fields.all.append((key, .number(value)))
            }
        } while take(",")
        return take("}") && position == line.count ? fields : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < line.count, line[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func number() -> UInt64? {
        var value: UInt64 = 0
        let start = position
        while position < line.count, case let digit = line[position] &- UInt8(ascii: "0"),
            digit < 10
        {
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows2) = product.addingReportingOverflow(UInt64(digit))
            guard !overflows, !overflows2 else { return nil }
            value = sum
            position += 1
        }
        return position > start ? value : nil
    }

    /// What stands up to a quote or backslash.
    private mutating func plain() -> ArraySlice<UInt8> {
        let end =
            line[position...].firstIndex {
                $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
            } ?? line.endIndex
        defer { position = end }
        return line[position..<end]
    }

    private mutating func text() -> ArraySlice<UInt8>? {
        guard take("\"") else { return nil }
        let start = plain()
        // Nearly always.
        if take("\"") { return start }
        var value = Array(start)
        while take("\\") {
            guard let scalar = escaped() else { return nil }
            value.append(contentsOf: UTF8.encode(scalar)!)
            value.append(contentsOf: plain())
        }
        return take("\"") ? value[...] : nil
    }

    private mutating func escaped() -> Unicode.Scalar? {
        guard position < line.count else { return nil }
        let letter = line[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(letter)
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard position + 4 <= line.count,
                let bytes = Hex.decode(line[position..<position + 4])
            else { return nil }
            position += 4
            return Unicode.Scalar(UInt32(bytes[0]) << 8 | UInt32(bytes[1]))
        default: return nil
        }
    }
}

/// What a line says, before it is known to make sense.
private struct AuditFields {
    enum Value {
        case text(ArraySlice<UInt8>)
        case number(UInt64)
    }

    /// A dozen, so they are looked through faster than hashed.
    var all: [(key: ArraySlice<UInt8>, value: Value)] = []

    init() { all.reserveCapacity(12) }

    var record: TimedAuditRecord? {
        guard let time = string("time").flatMap({ try? Timestamp(parsing: $0) }) else { return nil }
        if let lost = number("lost") {
            return Int(exactly: lost).map { TimedAuditRecord(time: time, record: .lost($0)) }
        }
        return access.map { TimedAuditRecord(time: time, record: .access($0)) }
    }

    private var access: DataAccess? {
        guard let principal, let path = text("path"), let request = number("request"),
            let volume = string("volume").flatMap({ try? VolumeName($0) }),
            let frontEnd = string("frontEnd").flatMap({ DataAccess.FrontEnd(rawValue: $0) }),
            let decision = string("decision").flatMap({ DataAccess.Decision(rawValue: $0) }),
            let revision = string("revision")
        else { return nil }
        let number = RevisionNumber(label: revision)
        guard number != nil || revision == "candidate" else { return nil }
        return DataAccess(
            principal: principal, volume: volume, revision: number, path: Array(path),
            frontEnd: frontEnd, decision: decision, rule: string("rule"), request: request)
    }

    private var principal: Principal? {
        if let user = string("user") {
            let credential = number("credential").flatMap { Int64(exactly: $0) }
            return (try? UserName(user)).map {
                .user($0, credential: credential.map { CredentialID($0) })
            }
        }
        return switch string("who") {
        case Principal.owner.description: .owner
        case Principal.anyone.description: .anyone
        default: nil
        }
    }

    private func value(_ key: StaticString) -> Value? {
        key.withUTF8Buffer { bytes in all.first { $0.key.elementsEqual(bytes) }?.value }
    }

    private func text(_ key: StaticString) -> ArraySlice<UInt8>? {
        if case .text(let bytes)? = value(key) { bytes } else { nil }
    }

    private func string(_ key: StaticString) -> String? {
        text(key).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private func number(_ key: StaticString) -> UInt64? {
        if case .number(let number)? = value(key) { number } else { nil }
    }
}
