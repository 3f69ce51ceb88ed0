internal import Synchronization
internal import VolumeModel

/// Numbers of requests: 16 capitals and digits, of which no two are alike.
enum RequestID {
    /// Random for each process, so that the numbers of two do not meet.
    private static let base = UInt64.random(in: .min ... .max)
    private static let count = Atomic<UInt64>(0)

    /// The next one.
    static func next() -> String {
        // An odd multiplier visits every number once.
        let number = base &+ count.add(1, ordering: .relaxed).newValue &* 0x9e37_79b9_7f4a_7c15
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}
