internal import AccessControl
package import VolumeModel
internal import VolumeService

/// `.perigee` at the root: what a mount tells of itself.
extension VolumeFileSystem {
    static let sessionName = Array(".perigee".utf8)
    static let receiptName = Array("receipt.json".utf8)

    static func own(_ node: Node) -> NodeEntry {
        NodeEntry(attributes: ownAttributes(node), lifetime: .entry)
    }

    /// A receipt's size is told by its end: it grows with each file that is opened.
    static func ownAttributes(_ node: Node) -> NodeAttributes {
        NodeAttributes(
            node: node, kind: node == .session ? .folder : .file, size: 0,
            modified: Timestamp(nanoseconds: 0))
    }

    /// Everything that was read, as of now: some 10 us for each file, so not to be called on a thread
    /// that serves others.
    ///
    /// What the mount's identity may not see any more is not named, only counted.
    ///
    /// - Throws: what the service throws.
    package func receipt() throws(PerigeeError) -> Receipt {
        var writer = ReceiptWriter(
            identity: principal.description, started: started, written: .now)
        let (kept, tooMany) = opened.counts
        var omitted = tooMany
        for start in stride(from: 0, to: kept, by: 1_000) {
            for item in opened.items(start..<min(start + 1_000, kept)) {
                do throws(PerigeeError) {
                    writer.append(item, try service.details(of: item.entry, in: item.snapshot))
                } catch  where error.code == .notFound {
                    omitted += 1
                }
            }
        }
        return writer.finish(omitted: omitted)
    }

    /// Gives an open receipt the number that callers name it by, until `releaseReceipt`.
    package func register(_ receipt: Receipt) -> UInt64 { receipts.insert(receipt) }

    /// The open receipt with that number.
    ///
    /// - Throws: `.stale` where there is none.
    package func openReceipt(_ handle: UInt64) throws(PerigeeError) -> Receipt {
        guard let receipt = receipts.find(handle) else { throw Self.vanished }
        return receipt
    }

    /// The caller closed a receipt.
    package func releaseReceipt(_ handle: UInt64) { _ = receipts.remove(handle) }
}
