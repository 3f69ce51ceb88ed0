internal import Synchronization
internal import VolumeModel

/// The number of a request, of which no two are alike: 16 capitals and digits.
struct RequestID: Hashable, Sendable, CustomStringConvertible {
    private let number: UInt64

    /// Random for each process, so that the numbers of two do not meet.
    private static let base = UInt64.random(in: .min ... .max)
    private static let count = Atomic<UInt64>(0)

    /// The next one.
    static func next() -> RequestID {
        // An odd multiplier visits every number once.
        RequestID(
            number: base
                &+ count.add(1, ordering: .relaxed).newValue &* 0x9e37_79b9_7f4a_7c15)
    }

    private init(number: UInt64) { self.number = number }

    /// Calls `body` with the 16 characters.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { space in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * index) & 15)
                space[index] = digit < 10 ? 0x30 + digit : 0x37 + digit
            }
            return body(UnsafeRawBufferPointer(space))
        }
    }

    var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
