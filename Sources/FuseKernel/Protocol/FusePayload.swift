internal import CKernel
internal import Glibc

/// What follows a request's header, read with every bound checked and nothing copied.
struct FusePayload {
    enum Violation: Error {
        /// Too short, or a name without its NUL.
        case layout
        /// A value that no kernel sends.
        case value

        var errno: Int32 {
            switch self {
            case .layout: EIO
            case .value: EINVAL
            }
        }
    }

    let bytes: UnsafeRawBufferPointer
    /// The most bytes that an answer can carry.
    let limit: Int

    func operation(_ opcode: FuseOpcode) throws(Violation) -> FuseOperation {
        switch opcode {
        case .lookup:
            return .lookup(name: try name(at: 0))
        case .forget:
            return .forget(lookups: try load(fuse_forget_in.self).nlookup)
        case .batchForget:
            return .batchForget(try forgetList())
        case .getattr:
            let input = try load(fuse_getattr_in.self)
            return .getattr(handle: handle(input.fh, flags: input.getattr_flags))
        case .statx:
            let input = try load(perigee_fuse_statx_in.self)
            return .statx(
                handle: handle(input.fh, flags: input.getattr_flags), flags: input.sx_flags,
                mask: input.sx_mask)
        case .open:
            return .open(flags: Int32(bitPattern: try load(fuse_open_in.self).flags))
        case .opendir:
            return .opendir(flags: Int32(bitPattern: try load(fuse_open_in.self).flags))
        case .read, .readdir, .readdirplus:
            return try reading(opcode)
        case .release, .releasedir:
            let input = try load(fuse_release_in.self)
            let handle = FuseHandle(rawValue: input.fh)
            let flags = Int32(bitPattern: input.flags)
            return opcode == .release
                ? .release(handle: handle, flags: flags) : .releasedir(handle: handle, flags: flags)
        case .access:
            return .access(mask: Int32(bitPattern: try load(fuse_access_in.self).mask))
        case .getxattr:
            let size = try answerSize(load(fuse_getxattr_in.self).size)
            return .getxattr(name: try name(at: MemoryLayout<fuse_getxattr_in>.size), size: size)
        case .listxattr:
            return .listxattr(size: try answerSize(load(fuse_getxattr_in.self).size))
        case .ioctl:
            return try control()
        case .flush:
            return .flush(handle: FuseHandle(rawValue: try load(fuse_flush_in.self).fh))
        case .fsync:
            return .fsync(handle: FuseHandle(rawValue: try load(fuse_fsync_in.self).fh))
        case .fsyncdir:
            return .fsyncdir(handle: FuseHandle(rawValue: try load(fuse_fsync_in.self).fh))
        case .lseek:
            let input = try load(fuse_lseek_in.self)
            return .lseek(
                handle: FuseHandle(rawValue: input.fh), offset: try offset(input.offset),
                whence: Int32(bitPattern: input.whence))
        case .readlink:
            return .readlink
        case .statfs:
            return .statfs
        case .destroy:
            return .destroy
        case .interrupt:
            return .interrupt(unique: try load(fuse_interrupt_in.self).unique)
        case .notifyReply:
            return .notifyReply
        default:
            return opcode.isMutating ? .mutating(opcode) : .unknown(opcode: opcode.rawValue)
        }
    }

    private func reading(_ opcode: FuseOpcode) throws(Violation) -> FuseOperation {
        let input = try load(fuse_read_in.self)
        let handle = FuseHandle(rawValue: input.fh)
        let size = try answerSize(input.size)
        switch opcode {
        case .read:
            return .read(handle: handle, offset: try offset(input.offset), size: size)
        case .readdir:
            // A folder's offsets are the handler's own numbers, so any is in range.
            return .readdir(handle: handle, offset: input.offset, size: size)
        default:
            return .readdirplus(handle: handle, offset: input.offset, size: size)
        }
    }

    private func control() throws(Violation) -> FuseOperation {
        let input = try load(fuse_ioctl_in.self)
        let start = MemoryLayout<fuse_ioctl_in>.size
        guard bytes.count - start >= Int(input.in_size) else { throw .layout }
        return .ioctl(
            handle: FuseHandle(rawValue: input.fh), command: input.cmd,
            input: UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(input.in_size)]),
            outputSize: try answerSize(input.out_size))
    }

    private func forgetList() throws(Violation) -> FuseForgetList {
        let count = Int(try load(fuse_batch_forget_in.self).count)
        let start = MemoryLayout<fuse_batch_forget_in>.size
        // Division rather than multiplication, since a hostile count could overflow.
        guard count <= (bytes.count - start) / MemoryLayout<fuse_forget_one>.size else {
            throw .layout
        }
        let end = start + count * MemoryLayout<fuse_forget_one>.size
        return FuseForgetList(pairs: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }

    private func load<Value: BitwiseCopyable>(_ type: Value.Type) throws(Violation) -> Value {
        guard bytes.count >= MemoryLayout<Value>.size else { throw .layout }
        return bytes.loadUnaligned(as: type)
    }

    private func name(at start: Int) throws(Violation) -> UnsafeRawBufferPointer {
        guard start < bytes.count, let base = bytes.baseAddress,
            let end = memchr(base + start, 0, bytes.count - start)
        else { throw .layout }
        let name = UnsafeRawBufferPointer(
            start: base + start, count: UnsafeRawPointer(end) - (base + start))
        guard !name.isEmpty else { throw .value }
        return name
    }

    private func handle(_ raw: UInt64, flags: UInt32) -> FuseHandle? {
        flags & UInt32(FUSE_GETATTR_FH) != 0 ? FuseHandle(rawValue: raw) : nil
    }

    private func offset(_ raw: UInt64) throws(Violation) -> UInt64 {
        guard raw <= UInt64(Int64.max) else { throw .value }
        return raw
    }

    private func answerSize(_ raw: UInt32) throws(Violation) -> UInt32 {
        guard Int(raw) <= limit else { throw .value }
        return raw
    }
}
