internal import VolumeModel

/// How far a long command is, on standard error: a bar that is drawn over itself on a terminal, one
/// plain line each five seconds elsewhere.
struct ProgressLine {
    /// What there is to say at one instant.
    struct Step {
        var label: String
        var files: Int
        var bytes: Int64
        var problems: Int
        var expectedFiles: Int?
        var expectedBytes: Int64?
    }

    private let isQuiet: Bool
    private let started = monotonicNanoseconds()
    private var lastLine: UInt64
    private var hasBar = false

    /// - Parameter isQuiet: says nothing at all.
    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        lastLine = started
    }

    mutating func show(_ step: Step) {
        guard !isQuiet else { return }
        let now = monotonicNanoseconds()
        if Terminal.isTerminal {
            Terminal.error("\r\u{1b}[K" + text(step, at: now, withBar: true))
            hasBar = true
        } else if now - lastLine >= 5_000_000_000 {
            lastLine = now
            Terminal.errorLine(text(step, at: now, withBar: false))
        }
    }

    /// Takes the bar away.
    mutating func end() {
        if hasBar { Terminal.error("\r\u{1b}[K") }
        hasBar = false
    }

    private func text(_ step: Step, at now: UInt64, withBar: Bool) -> String {
        let seconds = max(Double(now - started) * 1e-9, 1e-3)
        var words = [
            step.label, "\(step.files) files", Human.bytes(step.bytes),
            "\(Int(Double(step.files) / seconds)) files/s",
            "\(Human.bytes(Int64(Double(step.bytes) / seconds)))/s",
        ]
        if step.problems > 0 { words.append("\(step.problems) problems") }
        if let fraction = fraction(step), fraction > 0, fraction <= 1 {
            let left = seconds / fraction - seconds
            words.append("\(Human.duration(left)) left")
            if withBar {
                let filled = Int(fraction * 20)
                words[0] +=
                    " [" + String(repeating: "#", count: filled)
                    + String(repeating: "-", count: 20 - filled) + "]"
            }
        }
        return words.joined(separator: "  ")
    }

    private func fraction(_ step: Step) -> Double? {
        if let expected = step.expectedBytes, expected > 0 {
            return Double(step.bytes) / Double(expected)
        }
        if let expected = step.expectedFiles, expected > 0 {
            return Double(step.files) / Double(expected)
        }
        return nil
    }
}
