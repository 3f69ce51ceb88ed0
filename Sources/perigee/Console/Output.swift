internal import Foundation
internal import Glibc
internal import VolumeModel

/// Standard output: lines for people, JSON for machines.
enum Output {
    /// Writes a line.
    static func line(_ text: String) {
        write(Array((text + "\n").utf8))
    }

    /// Writes one JSON object and a newline: a command with many results writes one a line.
    static func object(_ value: some Encodable) {
        line(json(value))
    }

    /// One line of JSON with sorted keys.
    static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    /// A name or path as it should reach standard output: escaped on a terminal, which a name
    /// could otherwise drive; the bytes themselves into a pipe.
    static func name(_ bytes: [UInt8]) -> [UInt8] {
        isTerminal ? Array(Printable.escaped(bytes).utf8) : bytes
    }

    /// A name or path as JSON holds it: itself, or with escapes where it is no UTF-8.
    static func text(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? Printable.escaped(bytes)
    }

    /// Whether a person is looking.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Writes bytes, all of them.
    static func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            if !writeAll(buffer, to: STDOUT_FILENO) { Foundation.exit(1) }
        }
    }

    /// Whether all of `bytes` went out.
    static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = Glibc.write(
                descriptor, bytes.baseAddress! + offset, bytes.count - offset)
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            offset += count
        }
        return true
    }
}

/// Standard error.
enum Terminal {
    /// Whether a person is looking.
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Writes a line.
    static func errorLine(_ text: String) { error(text + "\n") }

    /// Writes text as it is.
    static func error(_ text: String) {
        Array(text.utf8).withUnsafeBytes { _ = Output.writeAll($0, to: STDERR_FILENO) }
    }
}

/// Numbers as people read them.
enum Human {
    /// `1 file`, `2 files`.
    ///
    /// - Parameter things: what several are called, where it is not the one with an s behind it.
    static func count(
        _ number: some BinaryInteger, _ thing: String, _ things: String? = nil
    ) -> String {
        number == 1 ? "1 \(thing)" : "\(number) \(things ?? "\(thing)s")"
    }

    /// `1.5 GiB`.
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1_024, unit < units.count - 1 {
            value /= 1_024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(oneDigit(value)) \(units[unit])"
    }

    /// `3:05`, `1:02:03`.
    static func duration(_ seconds: Double) -> String {
        let total = Int(min(max(seconds, 0), 1e9))
        let (hours, minutes) = (total / 3_600, total / 60 % 60)
        let rest = total % 60
        let two = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
        return hours > 0
            ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }

    /// One digit behind the point.
    static func oneDigit(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// `2026-11-22T16:04:05Z`, with as many digits of the second's fraction as are not zero.
    static func time(_ time: Timestamp) -> String {
        var seconds = time.nanoseconds / 1_000_000_000
        var fraction = time.nanoseconds % 1_000_000_000
        if fraction < 0 {
            fraction += 1_000_000_000
            seconds -= 1
        }
        var parts = tm()
        var raw = time_t(seconds)
        gmtime_r(&raw, &parts)
        let digits = { (value: Int32, width: Int) in
            let text = "\(value)"
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        var text =
            "\(digits(parts.tm_year + 1_900, 4))-\(digits(parts.tm_mon + 1, 2))-"
            + "\(digits(parts.tm_mday, 2))T\(digits(parts.tm_hour, 2)):"
            + "\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
        if fraction > 0 {
            var tail = digits(Int32(fraction), 9)
            while tail.last == "0" { tail.removeLast() }
            text += "." + tail
        }
        return text + "Z"
    }
}
