/// A whole number with a unit behind it, as people write sizes and spans of time: `16KiB`, `8h`.
enum UnitNumber {
    /// The number in the smallest unit, or the highest number where it is beyond that; nil where the
    /// text is none with one of these units.
    static func parse(_ text: String, _ units: [(name: String, factor: Int64)]) -> Int64? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty,
            let unit = units.first(where: { $0.name == text.dropFirst(digits.count) })
        else { return nil }
        guard let count = Int64(digits) else { return .max }
        let (number, overflows) = count.multipliedReportingOverflow(by: unit.factor)
        return overflows ? .max : number
    }

    /// The number in the largest unit that says it exactly.
    static func text(_ number: Int64, _ units: [(name: String, factor: Int64)]) -> String {
        let unit = units.last { number != 0 && number % $0.factor == 0 } ?? units[0]
        return "\(number / unit.factor)\(unit.name)"
    }
}
