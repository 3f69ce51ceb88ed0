internal import FuseKernel
internal import Glibc
internal import VolumeFileSystem
internal import VolumeModel

/// OPEN and READ of the list of what was read.
///
/// The kernel keeps none of it and takes its end from the answers (FOPEN_DIRECT_IO): each opening has
/// a list of its own.
extension MountHandler {
    func openReceipt(flags: Int32, _ reply: FuseReply) throws(PerigeeError) {
        try checkReadOnly(flags)
        later(reply) { [self] answer throws(PerigeeError) in
            let system = system
            let receipt = try await blocking { () throws(PerigeeError) in try system.receipt() }
            answer.give { reply in
                let handle = FuseHandle(rawValue: system.register(receipt))
                reply.opened(handle, flags: [.directIO, .noFlush])
            }
        }
    }

    func readReceipt(
        _ handle: FuseHandle, offset: UInt64, size: UInt32, _ reply: FuseReply
    ) throws(PerigeeError) {
        let receipt = try system.openReceipt(handle.rawValue)
        receipt.bytes(try Self.range(offset, size)).withUnsafeBytes { reply.data($0) }
    }
}
