internal import CKernel

/// A decoded request: what is asked of the node in the request's header.
///
/// Buffers (names, ioctl input, forget lists) lie in the session thread's request buffer and are
/// valid only until the handler's call returns. Names have at least one byte, no NUL and, as the
/// kernel resolves paths itself, no `/`.
package enum FuseOperation {
    /// The node is the folder. Answer `entry`; each success counts one lookup of the entry's node.
    case lookup(name: UnsafeRawBufferPointer)
    /// The kernel gives back `lookups` of the node's lookups. No answer.
    case forget(lookups: UInt64)
    /// The same for several nodes. No answer.
    case batchForget(FuseForgetList)
    /// Answer `attributes`. The handle is there when the caller used an open file.
    case getattr(handle: FuseHandle?)
    /// Answer `statx`, or ENOSYS once, after which the kernel makes do with `getattr`.
    case statx(handle: FuseHandle?, flags: UInt32, mask: UInt32)
    /// Answer `readlink`.
    case readlink
    /// Answer `opened`. The flags are those of open(2).
    case open(flags: Int32)
    /// Answer `data` of exactly `size` bytes, or fewer at the end of the file: the kernel takes a
    /// short answer for the end and zero-fills the rest of the page.
    case read(handle: FuseHandle, offset: UInt64, size: UInt32)
    /// The last descriptor of an open file is closed. Answer `done`.
    case release(handle: FuseHandle, flags: Int32)
    /// Answer `opened`.
    case opendir(flags: Int32)
    /// Answer `directory`. The offset is 0 or one that a record of this handle carried.
    case readdir(handle: FuseHandle, offset: UInt64, size: UInt32)
    /// Answer `directory`; each record with a node counts one lookup of it.
    case readdirplus(handle: FuseHandle, offset: UInt64, size: UInt32)
    /// Answer `done`.
    case releasedir(handle: FuseHandle, flags: Int32)
    /// Answer `statfs`.
    case statfs
    /// Answer `done` or an error. Not sent under `defaultPermissions`.
    case access(mask: Int32)
    /// With size 0 answer `xattrSize`, else `data` of at most `size` bytes, or ERANGE, ENODATA;
    /// ENOSYS makes the kernel ask no more.
    case getxattr(name: UnsafeRawBufferPointer, size: UInt32)
    /// As getxattr; the data is names that each end with a NUL.
    case listxattr(size: UInt32)
    /// Answer `ioctl`, or ENOTTY.
    case ioctl(
        handle: FuseHandle, command: UInt32, input: UnsafeRawBufferPointer, outputSize: UInt32)
    /// A descriptor is closed. Answer `done`, or ENOSYS to be asked no more.
    case flush(handle: FuseHandle)
    /// Answer `done`, or ENOSYS to be asked no more.
    case fsync(handle: FuseHandle)
    /// Answer `done`, or ENOSYS to be asked no more.
    case fsyncdir(handle: FuseHandle)
    /// SEEK_DATA or SEEK_HOLE. Answer `lseek`, or ENOSYS to have a file without holes.
    case lseek(handle: FuseHandle, offset: UInt64, whence: Int32)
    /// The last request of a connection. Answer `done`. Rarely sent: not the sign to clean up on,
    /// that is ``FuseHandler/destroyed()``.
    case destroy
    /// The caller of request `unique` was interrupted. No answer; the session passes it on as
    /// ``FuseHandler/interrupted(unique:)``.
    case interrupt(unique: UInt64)
    /// The answer to a notification that the session never sends. No answer.
    case notifyReply
    /// One that would change the file system. Answer EROFS.
    case mutating(FuseOpcode)
    /// One that is newer than this program or has no meaning here. Answer ENOSYS.
    case unknown(opcode: UInt32)
}

/// The pairs of a BATCH_FORGET request, valid during the handler's call.
package struct FuseForgetList {
    private let pairs: UnsafeRawBufferPointer

    /// `pairs` holds whole `struct fuse_forget_one`.
    init(pairs: UnsafeRawBufferPointer) {
        self.pairs = pairs
    }

    /// How many pairs there are.
    package var count: Int {
        pairs.count / MemoryLayout<fuse_forget_one>.size
    }

    /// The node and how many of its lookups are given back; `index` is below `count`.
    package subscript(index: Int) -> (node: NodeID, lookups: UInt64) {
        let pair = pairs.loadUnaligned(
            fromByteOffset: index * MemoryLayout<fuse_forget_one>.size, as: fuse_forget_one.self)
        return (NodeID(rawValue: pair.nodeid), pair.nlookup)
    }
}
