internal import CKernel
internal import Glibc
internal import Logging
internal import Synchronization
internal import VolumeModel

/// What is done on the disk's threads; all of it blocks.
extension SharedObject {
    // MARK: Writing

    /// Writes the blocks that came to the data file, until there are none.
    func write() {
        while let (files, batch) = takeUnwritten() {
            var good: [(block: Int, crc: UInt32)] = []
            var fault: DiskFault?
            for (block, buffer) in batch where fault == nil {
                do throws(DiskFault) {
                    let crc = try buffer.withBytes { bytes throws(DiskFault) in
                        try files.write(bytes, at: geometry.bytes(of: block).lowerBound)
                        return perigee_crc32c(0, bytes.baseAddress, bytes.count)
                    }
                    good.append((block, crc))
                } catch {
                    fault = error
                }
            }
            do throws(DiskFault) {
                try mark(good, .written, in: files)
            } catch {
                fault = error
                good = []
            }
            settle(batch, written: good, files)
            if let fault {
                core.diskFailed(fault, "writing to the cache")
            } else {
                core.diskSucceeded()
            }
        }
    }

    private func takeUnwritten() -> (ObjectFiles, [(Int, BlockBuffer)])? {
        state.withLock { state in
            guard let files = state.files, !state.unwritten.isEmpty else {
                state.isWriting = false
                return nil
            }
            // Not all at once, so that memory comes free on the way.
            let blocks = state.unwritten.prefix(64).sorted()
            state.unwritten.removeFirst(blocks.count)
            return (files, blocks.compactMap { block in state.arrived[block].map { (block, $0) } })
        }
    }

    private func settle(
        _ batch: [(Int, BlockBuffer)], written: [(block: Int, crc: UInt32)], _ files: ObjectFiles
    ) {
        let crcs = Dictionary(uniqueKeysWithValues: written.map { ($0.block, $0.crc) })
        // Before the blocks leave the table, as in a flight's end.
        for (block, _) in batch { files.unlock(block..<block + 1) }
        state.withLock { state in
            for (block, _) in batch {
                state.arrived[block] = nil
                if let crc = crcs[block] {
                    state.setVerified(block, isAhead: false)
                    state.unsynced[block] = crc
                } else {
                    state.setAbsent(block)
                }
            }
        }
        var bytes = 0
        for (block, buffer) in batch {
            if crcs[block] != nil {
                bytes += buffer.count
            } else {
                core.recent.insert(buffer, block, of: self)
            }
        }
        if bytes > 0 { core.wrote(bytes, of: self) }
    }

    /// Says in the map that blocks are there.
    private func mark(
        _ blocks: [(block: Int, crc: UInt32)], _ flag: BlockRecord.Flags, in files: ObjectFiles
    ) throws(DiskFault) {
        try files.changeMap { () throws(DiskFault) in try mark(inOrder: blocks, flag, in: files) }
    }

    private func mark(
        inOrder blocks: [(block: Int, crc: UInt32)], _ flag: BlockRecord.Flags,
        in files: ObjectFiles
    ) throws(DiskFault) {
        let pinned = state.withLock { state in
            blocks.map { state.blocks[$0.block].contains(.pinned) }
        }
        var run: [BlockRecord] = []
        var first = 0
        for (index, (block, crc)) in blocks.enumerated() {
            if !run.isEmpty, block != first + run.count {
                try files.write(run, at: first)
                run = []
            }
            if run.isEmpty { first = block }
            run.append(
                BlockRecord(
                    flags: pinned[index] ? [flag, .pinned] : flag,
                    boot: flag == .written ? BlockRecord.presentBoot : 0, crc: crc))
        }
        if !run.isEmpty { try files.write(run, at: first) }
    }

    // MARK: Making durable

    /// Syncs the data file, and says in the map which blocks are durable by that.
    func sync() {
        let (files, blocks) = state.withLock { state in (state.files, state.unsynced) }
        guard let files, !blocks.isEmpty else { return }
        do throws(DiskFault) {
            try files.sync()
            let sorted = blocks.keys.sorted()
            var still: [(block: Int, crc: UInt32)] = []
            for run in Self.runs(sorted) {
                for (block, record) in zip(run, try files.records(of: run))
                where record.crc == blocks[block] && record.flags.contains(.written) {
                    // One that was dropped meanwhile, here or by another process, stays dropped.
                    still.append((block, record.crc))
                }
            }
            try mark(still, .durable, in: files)
            state.withLock { state in
                for (block, crc) in blocks where state.unsynced[block] == crc {
                    state.unsynced[block] = nil
                }
            }
        } catch {
            // The kernel may have dropped what it could not write, and would say so only once:
            // these blocks are taken for lost.
            drop(Array(blocks.keys), in: files)
            core.diskFailed(error, "making the cache durable")
        }
    }

    private static func runs(_ sorted: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for block in sorted { Claim.add(block, to: &runs) }
        return runs
    }

    // MARK: Checking

    /// Compares blocks with their CRC. Those that are bad are dropped, others stay as they are.
    ///
    /// - Returns: how many were bad.
    @discardableResult
    func check(_ blocks: Range<Int>, in files: ObjectFiles) -> Int {
        var bad: [Int] = []
        for block in blocks {
            switch judge(block, in: files) {
            case .good: settle(checked: block, isGood: true)
            case .absent: settle(checked: block, isGood: false)
            case .bad:
                bad.append(block)
                drop([block], in: files)
                settle(checked: block, isGood: false)
            case .failed(let fault):
                core.diskFailed(fault, "reading the cache")
                settle(checked: block, isGood: false)
            }
        }
        if !bad.isEmpty {
            core.tally.add(bad.count, to: \.badBlocks)
            core.logger.warning(
                "blocks of the cache were bad, and are fetched again",
                metadata: [
                    "object": "\(Printable.quoted(id.key))", "file": "\(name)",
                    "blocks": "\(bad.count)", "first": "\(bad[0])",
                ])
        }
        return bad.count
    }

    private enum Judgement {
        case good
        case absent
        case bad
        case failed(DiskFault)
    }

    /// Compares one block with what the map says of it.
    private func judge(_ block: Int, in files: ObjectFiles) -> Judgement {
        let first = judgeOnce(block, in: files)
        guard case .bad = first else { return first }
        // Another process may be writing this very block. If so it holds the lock, and the block is
        // taken for absent until it is done.
        guard files.lock(block..<block + 1) else { return .absent }
        defer { files.unlock(block..<block + 1) }
        return judgeOnce(block, in: files)
    }

    private func judgeOnce(_ block: Int, in files: ObjectFiles) -> Judgement {
        let range = geometry.bytes(of: block)
        let scratch = UnsafeMutableRawBufferPointer.allocate(
            byteCount: range.count, alignment: 64)
        defer { scratch.deallocate() }
        do throws(DiskFault) {
            let record = try files.records(of: block..<block + 1)[0]
            guard record.isPresent(boot: BlockRecord.presentBoot) else { return .absent }
            try files.read(into: scratch, at: range.lowerBound)
            let crc = perigee_crc32c(0, scratch.baseAddress, scratch.count)
            return crc == record.crc ? .good : .bad
        } catch {
            // A block that the disk cannot read is as bad as one that it reads wrong.
            return error == .system(EIO) ? .bad : .failed(error)
        }
    }

    private func settle(checked block: Int, isGood: Bool) {
        let waits = state.withLock { state -> [Wait<BlockOutcome>] in
            state.blocks[block].remove(.checking)
            if isGood {
                state.setVerified(block, isAhead: false)
            } else {
                state.setAbsent(block)
            }
            return state.waits.removeValue(forKey: block) ?? []
        }
        for wait in waits { wait.resume(.again) }
    }

    /// Takes blocks out of the map and out of use.
    func drop(_ blocks: [Int], in files: ObjectFiles) {
        let pinned = state.withLock { state in
            blocks.map { block in
                state.setAbsent(block)
                return state.blocks[block].contains(.pinned)
            }
        }
        for (block, isPinned) in zip(blocks, pinned) {
            do throws(DiskFault) {
                var record = BlockRecord.absent
                if isPinned { record.flags = .pinned }
                try files.write([record], at: block)
            } catch {
                core.diskFailed(error, "writing a map of the cache")
            }
        }
    }
}

extension ObjectFiles {
    /// What tells that nobody has touched the files since; nil where the disk does not say.
    var stamp: FileStamp? {
        var mapFacts = perigee_stat()
        var dataFacts = perigee_stat()
        guard perigee_stat_descriptor(map, &mapFacts) == 0,
            perigee_stat_descriptor(data, &dataFacts) == 0
        else { return nil }
        return FileStamp(
            mapInode: mapFacts.inode, dataInode: dataFacts.inode,
            dataModified: dataFacts.mtime_ns, dataChanged: dataFacts.ctime_ns)
    }
}
