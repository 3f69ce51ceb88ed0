internal import CKernel
internal import Synchronization

/// What eviction and the scrubber do with an object that is open here; all of it blocks.
extension SharedObject {
    /// Whether all blocks are there and some are not checked.
    var isUncheckedButWhole: Bool {
        state.withLock { state in
            state.files != nil && state.verified < state.blocks.count
                && state.blocks.allSatisfy { $0.contains(.present) }
        }
    }

    /// Checks all blocks that are there and not checked.
    func checkRest(_ isStopped: () -> Bool) {
        for first in stride(from: 0, to: geometry.count, by: 16) {
            if isStopped() { return }
            check(first..<min(first + 16, geometry.count), again: false)
        }
    }

    /// Checks those of the blocks that are there.
    ///
    /// - Parameter again: also those that were checked before, as the scrubber does.
    /// - Returns: bytes checked.
    @discardableResult
    func check(_ blocks: Range<Int>, again: Bool) -> Int {
        var bytes = 0
        for block in blocks {
            let files = state.withLock { state -> ObjectFiles? in
                guard let files = state.files else { return nil }
                if state.mayCheck(block) {
                    state.blocks[block].insert(.checking)
                    return files
                }
                // A verified block stays in use while it is checked once more.
                let isIdle = state.arrived[block] == nil && state.flightOf[block] == nil
                return again && isIdle && state.blocks[block].contains(.verified)
                    && !state.blocks[block].contains(.checking) ? files : nil
            }
            guard let files else { continue }
            if check(block..<block + 1, in: files) > 0 { repair(block) }
            bytes += geometry.bytes(of: block).count
        }
        return bytes
    }

    /// Fetches a block anew that somebody may be reading through a descriptor this very moment.
    private func repair(_ block: Int) {
        let source = state.withLock { $0.wasGivenOut ? $0.source : nil }
        guard let source else { return }
        _ = launch(demand: block..<block + 1, ahead: [], from: source.source, group: source.group)
    }

    /// Takes blocks away, those first that were not read lately.
    ///
    /// - Parameters:
    ///   - wanted: bytes to be freed.
    ///   - takesAll: pinned blocks too; and a whole object loses its name.
    /// - Returns: bytes that are left; nil where its name is gone.
    func shrink(by wanted: Int64, takesAll: Bool) -> Int64? {
        guard let files = state.withLock({ $0.files }) else { return 0 }
        let isWhole = state.withLock { $0.blocks.allSatisfy { $0.contains(.present) } }
        if isWhole || state.withLock({ $0.wasGivenOut }) {
            guard takesAll else { return files.bytesOnDisk }
            files.paths.unlink()
            return nil
        }
        guard files.useData(.exclusive) else { return files.bytesOnDisk }
        defer { _ = files.useData(.shared) }
        let blocks = chooseVictims(wanted, takesAll: takesAll)
        drop(blocks, in: files)
        var runs: [Range<Int>] = []
        for block in blocks { Claim.add(block, to: &runs) }
        for run in runs {
            let bytes = geometry.bytes(of: run)
            let code = perigee_punch_hole(files.data, bytes.lowerBound, Int64(bytes.count))
            if code < 0 { core.diskFailed(.system(-code), "making room in the cache") }
        }
        var waits: [Wait<BlockOutcome>] = []
        state.withLock { state in
            for block in blocks {
                state.blocks[block].remove(.checking)
                waits += state.waits.removeValue(forKey: block) ?? []
            }
        }
        for wait in waits { wait.resume(.again) }
        return files.bytesOnDisk
    }

    /// Marks the victims as nobody else's business, in order.
    private func chooseVictims(_ wanted: Int64, takesAll: Bool) -> [Int] {
        state.withLock { state in
            var victims: [Int] = []
            var bytes: Int64 = 0
            // The second time round nothing counts as read lately.
            for step in 0..<state.blocks.count * 2 where bytes < wanted {
                let block = (state.hand + step) % state.blocks.count
                let known = state.blocks[block]
                guard known.contains(.present), !known.contains(.checking),
                    takesAll || !known.contains(.pinned), state.arrived[block] == nil,
                    state.flightOf[block] == nil
                else { continue }
                if known.contains(.touched) {
                    state.blocks[block].remove(.touched)
                    continue
                }
                state.blocks[block].insert(.checking)
                victims.append(block)
                bytes += Int64(geometry.bytes(of: block).count)
            }
            if let last = victims.last { state.hand = (last + 1) % state.blocks.count }
            return victims.sorted()
        }
    }
}
