internal import FuseKernel
internal import Glibc
internal import Logging
internal import Synchronization
internal import VolumeFileSystem
internal import VolumeModel
internal import VolumeService

/// Carries out what `BackingPolicy` decides.
///
/// The registration of a backing file is one short ioctl that waits for nobody, so it is done under
/// the lock: a second open of the same node must not come between.
final class BackingFiles: Sendable {
    private let policy: Mutex<BackingPolicy>
    /// Files up to so many bytes are not passed through.
    private let smallFile: Int64
    private let logger: Logger

    init(_ passthrough: MountOptions.Passthrough, isPossible: Bool, logger: Logger) {
        let isAllowed = isPossible && passthrough != .off
        // An empty file has nothing to be read.
        smallFile = passthrough == .on ? -1 : MountOptions.smallFile
        policy = Mutex(BackingPolicy(isAllowed: isAllowed))
        self.logger = logger
    }

    /// A handle of `node` is being opened; how its reads are served.
    func open(_ node: Node, _ file: ReadHandle, _ session: FuseSession) -> BackingPolicy.Mode {
        let descriptor = file.entry.size > smallFile ? file.passthroughDescriptor : nil
        let (mode, refusal) = policy.withLock { policy -> (BackingPolicy.Mode, String?) in
            switch policy.opening(
                node, canPassThrough: descriptor != nil, mayKeepPages: file.mayKeepPages)
            {
            case .use(let mode):
                return (mode, nil)
            case .register:
                do {
                    let id = try session.openBacking(descriptor ?? -1)
                    return (policy.registered(node, id: id.rawValue), nil)
                } catch {
                    let isForbidden = (error as? FuseSessionError)?.errno == EPERM
                    return (
                        policy.registered(node, id: nil, isForbidden: isForbidden), "\(error)"
                    )
                }
            }
        }
        if let refusal {
            logger.info("A file is read through this process", metadata: ["reason": "\(refusal)"])
        }
        return mode
    }

    /// A handle of `node` was released.
    func release(_ node: Node, _ session: FuseSession?) {
        guard let id = policy.withLock({ $0.released(node) }) else { return }
        session?.closeBacking(BackingID(rawValue: id))
    }

    /// How `node` is served while it is open, else nil.
    func mode(of node: Node) -> BackingPolicy.Mode? {
        policy.withLock { $0.mode(of: node) }
    }
}
