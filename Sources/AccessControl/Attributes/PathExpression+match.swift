internal import VolumeModel

extension PathExpression {
    /// A step of the automaton.
    enum Step: Hashable, Sendable {
        case byte(UInt8)
        /// The first byte of a character other than `/`.
        case character
        /// Its further bytes, as many as come.
        case rest
        /// Either, the first rather than the second.
        case split(Int, Int)
        case jump(Int)
        /// The value of that key starts here.
        case start(Int)
        /// It ends before here.
        case end(Int)
        case match
    }

    /// The values where the whole of `path` matches.
    ///
    /// Tries the preferred way first and takes back what fails, but goes no way twice from one place
    /// of the path (the bit-state search of R. Cox, "Regular Expression Matching in the Wild").
    func values(of path: ArraySlice<UInt8>) -> [AttributeKey: String]? {
        var search = Search(steps: steps, keyCount: keys.count, path: path)
        guard search.run() else { return nil }
        var values: [AttributeKey: String] = [:]
        for (number, key) in keys.enumerated() {
            let value = path[search.bounds[2 * number]..<search.bounds[2 * number + 1]]
            guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { continue }
            values[key] = String(decoding: value, as: UTF8.self)
        }
        return values
    }

    private struct Search {
        /// What is still to be tried, or to be taken back.
        private enum Job {
            case step(Int, at: Int)
            case bound(Int, was: Int)
        }

        private let steps: [Step]
        private let path: ArraySlice<UInt8>
        /// Where each key's value starts and ends in the path.
        private(set) var bounds: [Int]
        /// A bit for each step in each place of the path, set where a split was tried: ways part
        /// there alone.
        private var tried: [UInt64]
        private var jobs: [Job] = []

        init(steps: [Step], keyCount: Int, path: ArraySlice<UInt8>) {
            self.steps = steps
            self.path = path
            bounds = Array(repeating: path.startIndex, count: 2 * keyCount)
            tried = Array(repeating: 0, count: (steps.count * (path.count + 1) + 63) / 64)
        }

        mutating func run() -> Bool {
            jobs.append(.step(0, at: path.startIndex))
            while let job = jobs.popLast() {
                switch job {
                case .bound(let number, let was): bounds[number] = was
                case .step(let step, let position):
                    if follow(from: step, at: position) { return true }
                }
            }
            return false
        }

        /// Follows the preferred way to its end; the others become jobs.
        private mutating func follow(from start: Int, at place: Int) -> Bool {
            var (step, position) = (start, place)
            while true {
                let byte = position < path.endIndex ? path[position] : nil
                switch steps[step] {
                case .match: return byte == nil
                case .byte(let wanted):
                    guard byte == wanted else { return false }
                    (step, position) = (step + 1, position + 1)
                case .character:
                    guard let byte, byte != UInt8(ascii: "/"), byte & 0xc0 != 0x80 else {
                        return false
                    }
                    (step, position) = (step + 1, position + 1)
                case .rest:
                    // All of them: a character is not cut.
                    if let byte, byte & 0xc0 == 0x80 { position += 1 } else { step += 1 }
                case .jump(let target): step = target
                case .split(let first, let second):
                    let bit = step * (path.count + 1) + position - path.startIndex
                    if tried[bit >> 6] >> UInt64(bit & 63) & 1 == 1 { return false }
                    tried[bit >> 6] |= 1 << UInt64(bit & 63)
                    jobs.append(.step(second, at: position))
                    step = first
                case .start(let key): set(2 * key, to: position, &step)
                case .end(let key): set(2 * key + 1, to: position, &step)
                }
            }
        }

        private mutating func set(_ number: Int, to position: Int, _ step: inout Int) {
            jobs.append(.bound(number, was: bounds[number]))
            bounds[number] = position
            step += 1
        }
    }
}
