extension Duration {
    /// Nanoseconds, 0 or more, at most some centuries.
    var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(min(seconds, 1 << 33)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }

    /// Milliseconds, 0 or more.
    var wholeMilliseconds: Int { Int(wholeNanoseconds / 1_000_000) }
}
