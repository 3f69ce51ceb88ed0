/// Tells from the reads of one handle what it will read next: several sequential streams, and
/// several that go on in equal steps.
///
/// A read that goes on where another ended proves a stream, and something is fetched ahead: at
/// first 1 MiB + 128 KiB, twice as much each time half of it was used. A read somewhere else
/// proves nothing and fetches nothing ahead, so that random readers cause no more traffic than
/// their own blocks.
package struct ReadStreams: Sendable {
    /// Bytes ahead of a stream that has just proved itself.
    package static let firstWindow: Int64 = 1 << 20 + 128 << 10
    /// A read this far before a stream's position still belongs to it: the kernel's readahead comes
    /// out of order.
    static let backward: Int64 = 512 << 10
    /// And this far after it, while the stream has no window yet.
    static let gap: Int64 = 128 << 10
    /// No stream has more ahead, whatever the limit.
    static let largestWindow: Int64 = 1 << 30
    static let streamLimit = 8
    static let historyLimit = 16
    static let smallestRequest: Int64 = 1 << 20

    /// One sequence of reads.
    private struct Stream {
        /// Where the next read is expected.
        var next: Int64
        /// Bytes ahead that are wanted; 0 before it has proved itself.
        var window: Int64 = 0
        /// Up to where it was asked ahead.
        var ahead: Int64
        /// Bytes read since the window grew.
        var used: Int64 = 0
        var lastUse: UInt64
    }

    /// Equal reads in equal steps, forward or backward.
    private struct Steps {
        /// Where the last read began.
        var start: Int64
        let step: Int64
        let length: Int64
        /// How many were foreseen.
        var proofs = 1
        /// How many steps after `start` were asked for already.
        var asked = 0
        var lastUse: UInt64
    }

    private let size: Int64
    private let maximumRequest: Int64
    private var streams: [Stream] = []
    private var steps: [Steps] = []
    /// Reads that belonged to no stream, oldest first.
    private var history: [Range<Int64>] = []
    private var clock: UInt64 = 0

    /// - Parameters:
    ///   - size: bytes of the object.
    ///   - maximumRequest: bytes of one request at most.
    package init(size: Int64, maximumRequest: Int64) {
        self.size = size
        self.maximumRequest = max(Self.smallestRequest, maximumRequest)
    }

    /// Notes a read.
    ///
    /// - Parameters:
    ///   - limit: bytes that may be ahead of one stream; 0 for none.
    ///   - room: bytes that there is memory for now; what finds none is asked for by a later read.
    ///   - isLost: whether bytes of this read are neither here nor on their way: what was asked for
    ///     ahead did not come, or has gone again, and is asked for once more.
    /// - Returns: ranges to be fetched ahead, each one request.
    package mutating func note(
        _ range: Range<Int64>, limit: Int64, room: Int64 = .max, isLost: Bool = false
    ) -> [Range<Int64>] {
        guard !range.isEmpty else { return [] }
        clock += 1
        if let index = stream(of: range) { return goOn(index, range, limit, room, isLost) }
        if let index = steps.firstIndex(where: {
            range.lowerBound == $0.start + $0.step && Int64(range.count) == $0.length
        }) {
            return step(index, range, min(limit, room))
        }
        begin(range)
        return []
    }

    // MARK: Sequences

    private func stream(of range: Range<Int64>) -> Int? {
        var best: (index: Int, distance: Int64)?
        for (index, stream) in streams.enumerated() {
            let distance = range.lowerBound - stream.next
            let reach = max(stream.window, Self.gap)
            // Before it has proved itself it can only go on.
            let back = stream.window > 0 ? Self.backward : 0
            guard distance >= -back, distance <= reach else { continue }
            if best == nil || distance.magnitude < best!.distance.magnitude {
                best = (index, distance)
            }
        }
        return best?.index
    }

    private mutating func goOn(
        _ index: Int, _ range: Range<Int64>, _ limit: Int64, _ room: Int64, _ isLost: Bool
    ) -> [Range<Int64>] {
        var stream = streams[index]
        stream.lastUse = clock
        defer { streams[index] = stream }
        if range.upperBound > stream.next {
            stream.used += range.upperBound - stream.next
            stream.next = range.upperBound
        }
        if stream.window == 0 {
            stream.window = Self.firstWindow
            stream.used = 0
        } else if stream.used >= stream.window / 2 {
            stream.window *= 2
            stream.used = 0
        }
        stream.window = min(stream.window, Self.largestWindow)
        if isLost { stream.ahead = Self.blockEnd(range.upperBound) }
        stream.ahead = max(stream.ahead, Self.blockEnd(stream.next))
        // Pressure passes: what the stream has proved is not forgotten for it.
        let window = min(stream.window, limit)
        let goal = min(size, stream.next + window)
        let request = min(max(window / 8, Self.smallestRequest), maximumRequest)
        var requests: [Range<Int64>] = []
        var room = room
        // Small remainders wait until they are a whole request.
        while stream.ahead < goal, goal - stream.ahead >= request || goal == size {
            let end = min(Self.blockEnd(stream.ahead + request), size)
            room -= end - stream.ahead
            if room < 0 { break }
            requests.append(stream.ahead..<end)
            stream.ahead = end
        }
        return requests
    }

    private static func blockEnd(_ position: Int64) -> Int64 {
        let block = Int64(BlockGeometry.blockSize)
        return (position + block - 1) / block * block
    }

    // MARK: Steps

    private mutating func step(_ index: Int, _ range: Range<Int64>, _ limit: Int64)
        -> [Range<Int64>]
    {
        var found = steps[index]
        defer { steps[index] = found }
        found.lastUse = clock
        found.start = range.lowerBound
        found.proofs += 1
        found.asked = max(0, found.asked - 1)
        var requests: [Range<Int64>] = []
        let most = Int(min(Int64(1 << min(found.proofs, 6)), limit / max(1, found.length)))
        while found.asked < most {
            let (distance, isFar) = found.step.multipliedReportingOverflow(
                by: Int64(found.asked + 1))
            let (start, isOut) = found.start.addingReportingOverflow(distance)
            guard !isFar, !isOut, start >= 0, start < size else { break }
            requests.append(start..<min(size, start + found.length))
            found.asked += 1
        }
        return requests
    }

    // MARK: Beginnings

    private mutating func begin(_ range: Range<Int64>) {
        // Three equal reads at equal distances are steps.
        let seen = Set(history.filter { $0.count == range.count }.map(\.lowerBound))
        for before in history.reversed() where before.count == range.count {
            let step = range.lowerBound - before.lowerBound
            guard step != 0, seen.contains(before.lowerBound - step) else { continue }
            let new = Steps(
                start: range.lowerBound, step: step, length: Int64(range.count), lastUse: clock)
            Self.add(new, to: &steps, age: \.lastUse)
            break
        }
        history.append(range)
        if history.count > Self.historyLimit { history.removeFirst() }
        let new = Stream(next: range.upperBound, ahead: range.upperBound, lastUse: clock)
        // One that has proved itself outlives those that have not.
        if streams.count >= Self.streamLimit,
            let victim = streams.indices.filter({ streams[$0].window == 0 })
                .min(by: { streams[$0].lastUse < streams[$1].lastUse })
        {
            streams[victim] = new
        } else {
            Self.add(new, to: &streams, age: \.lastUse)
        }
    }

    private static func add<Kind>(
        _ new: Kind, to all: inout [Kind], age: KeyPath<Kind, UInt64>
    ) {
        if all.count >= streamLimit,
            let oldest = all.indices.min(by: { all[$0][keyPath: age] < all[$1][keyPath: age] })
        {
            all[oldest] = new
        } else {
            all.append(new)
        }
    }
}
