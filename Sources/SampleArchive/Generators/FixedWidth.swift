/// A whole number with leading zeros, not cut if it is longer.
func digits(_ value: Int, _ width: Int) -> String {
    padded(String(value), width, with: "0")
}

/// A whole number of base 36 in lower case with leading zeros: the alphabet of HST's rootnames.
func base36(_ value: Int, _ width: Int) -> String {
    padded(String(value, radix: 36), width, with: "0")
}

/// The lowest `width` hexadecimal digits in upper case.
func hexadecimal(_ value: UInt64, _ width: Int) -> String {
    String(padded(String(value, radix: 16, uppercase: true), width, with: "0").suffix(width))
}

/// A decimal number with a fixed number of places; independent of the locale.
func decimal(_ value: Double, places: Int) -> String {
    var scale = 1
    for _ in 0..<places {
        scale *= 10
    }
    let scaled = Int((value * Double(scale)).rounded())
    let whole = "\(scaled.magnitude / UInt(scale))"
    let sign = scaled < 0 ? "-" : ""
    guard places > 0 else { return sign + whole }
    return sign + whole + "." + digits(Int(scaled.magnitude % UInt(scale)), places)
}

/// The text moved to the right of a field.
func padded(_ text: String, _ width: Int, with filler: Character = " ") -> String {
    String(repeating: filler, count: max(0, width - text.utf8.count)) + text
}
