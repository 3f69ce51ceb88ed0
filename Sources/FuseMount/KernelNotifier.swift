internal import FuseKernel
internal import VolumeFileSystem

/// Passes on what the kernel must forget. The session queues it and sends it from a thread of its
/// own, so it can be called from anywhere.
struct KernelNotifier: Sendable {
    let session: FuseSession
    let reads: PendingReads
    /// Told after each new epoch.
    let epoch: AsyncStream<Void>.Continuation

    func send(_ events: [FileSystemInvalidation]) {
        var hasEpoch = false
        for event in events {
            switch event {
            case .allNames:
                hasEpoch = session.incrementEpoch()
                if hasEpoch { epoch.yield() }
            case .name(let name):
                if !hasEpoch {
                    session.invalidateEntry(parent: .root, name: name, expireOnly: true)
                }
            case .node(let node):
                // What was read of it before is right for its version, and can wait.
                if reads.hold(node) { continue }
                session.invalidateInode(NodeID(rawValue: node.value))
            case .revoked(let node):
                session.invalidateInode(NodeID(rawValue: node.value))
            }
        }
    }
}
