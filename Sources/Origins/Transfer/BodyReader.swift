internal import VolumeModel

/// Carries out a plan for a body, and counts: not a byte beyond the plan goes anywhere.
struct BodyReader {
    private let plan: BodyPlan
    /// What was kept of it.
    private(set) var kept: [UInt8] = []
    /// Bytes that the consumer got.
    private(set) var delivered: Int64 = 0
    private var skipped: Int64 = 0
    /// Whether the plan is fulfilled, and nothing more is waited for.
    private(set) var isOver = false

    init(plan: BodyPlan) {
        self.plan = plan
    }

    /// Whether bytes go to a consumer, who may pause.
    var feedsConsumer: Bool {
        if case .deliver = plan { true } else { false }
    }

    /// Whether a body that ends now is whole.
    var mayEndHere: Bool {
        if case .deliver(_, let count, _) = plan { delivered == count } else { true }
    }

    /// Takes the next bytes; true where no more are wanted.
    ///
    /// - Throws: `.originUnavailable` for a body that is longer than the plan allows, and what
    ///   `deliver` throws.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer,
        deliver: (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) throws(PerigeeError) -> Bool {
        switch plan {
        case .excerpt(let limit):
            kept.append(contentsOf: bytes.prefix(limit - kept.count))
            isOver = kept.count >= limit
        case .whole(let limit):
            guard bytes.count <= limit - kept.count else { throw Self.tooLong(Int64(limit)) }
            kept.append(contentsOf: bytes)
        case .deliver(let skip, let count, let isPrefix):
            let left = Int(min(Int64(bytes.count), skip - skipped))
            skipped += Int64(left)
            let wanted = Int(min(Int64(bytes.count - left), count - delivered))
            if wanted > 0 {
                try deliver(UnsafeRawBufferPointer(rebasing: bytes[left..<(left + wanted)]))
                delivered += Int64(wanted)
            }
            isOver = isPrefix && delivered == count
            if left + wanted < bytes.count, !isPrefix { throw Self.tooLong(skip + count) }
        }
        return isOver
    }

    private static func tooLong(_ limit: Int64) -> PerigeeError {
        PerigeeError(
            .originUnavailable, "the origin sends more than the \(limit) bytes it was asked for",
            remedy: "check that server: it does not keep to HTTP")
    }
}
