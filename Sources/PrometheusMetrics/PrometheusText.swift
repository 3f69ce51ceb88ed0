/// Text in Prometheus' exposition format, version 0.0.4.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/
package struct PrometheusText: Sendable {
    /// How the format is called in an answer's header.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What a family of samples is.
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
        case summary
    }

    /// A label with its value.
    package struct Label: Hashable, Sendable {
        /// Letters, digits and `_`.
        package let name: String
        /// Any text.
        package let value: String

        /// Puts both together.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The text up to now.
    package private(set) var string = ""

    /// An empty text.
    package init() {}

    /// Begins a family: its samples follow, and no other family's between them.
    package mutating func family(_ name: String, _ kind: Kind, help: String?) {
        if let help {
            string += "# HELP \(Self.name(name)) "
            for scalar in help.unicodeScalars {
                switch scalar {
                case "\\": string += #"\\"#
                case "\n": string += #"\n"#
                default: string.unicodeScalars.append(scalar)
                }
            }
            string += "\n"
        }
        string += "# TYPE \(Self.name(name)) \(kind.rawValue)\n"
    }

    /// Writes one sample of the family that was begun.
    package mutating func sample(_ name: String, _ labels: [Label], _ value: Double) {
        string += Self.name(name)
        if !labels.isEmpty {
            string += "{"
            for (index, label) in labels.enumerated() {
                if index > 0 { string += "," }
                // Only a metric's own name may hold a colon.
                string += Self.name(label.name).replacing(":", with: "_")
                string += "=\""
                append(escaping: label.value)
                string += "\""
            }
            string += "}"
        }
        string += " \(Self.number(value))\n"
    }

    private mutating func append(escaping text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": string += #"\\"#
            case "\"": string += #"\""#
            case "\n": string += #"\n"#
            default: string.unicodeScalars.append(scalar)
            }
        }
    }

    /// A name as the format allows it: what may not stand in one becomes `_`.
    static func name(_ text: String) -> String {
        var name = ""
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0,
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: ":"):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            default: name += "_"
            }
        }
        return name.isEmpty ? "_" : name
    }

    /// A number as the format writes it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 0x1p53 { return "\(Int64(value))" }
        return "\(value)"
    }
}
