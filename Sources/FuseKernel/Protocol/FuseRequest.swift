internal import CKernel
internal import Glibc

/// One request of the kernel, borrowed by the handler for the length of a call.
package struct FuseRequest: ~Copyable {
    /// Names the request in its reply and in ``FuseHandler/interrupted(unique:)``.
    package let unique: UInt64
    /// The opcode as sent.
    package let opcode: UInt32
    /// The node that it is about.
    package let node: NodeID
    /// The caller's effective user, as the session's user namespace numbers it; 0 for requests that
    /// the kernel makes by itself.
    package let uid: UInt32
    /// The caller's effective group.
    package let gid: UInt32
    /// The calling thread, 0 for the kernel's own requests.
    package let pid: UInt32
    /// What is asked; its buffers last until the call returns.
    package let operation: FuseOperation
    /// Memory of the session thread, page-aligned and as large as any answer, to build one in.
    ///
    /// Its content is undefined and lasts until the call returns; an answer given later needs
    /// memory of its own.
    package let scratch: UnsafeMutableRawBufferPointer

    /// Decodes what one read of the device returned.
    ///
    /// - Parameters:
    ///   - bytes: the whole request; the new value borrows names from it.
    ///   - scratch: lent to the handler. A request for more data than it holds is malformed.
    /// - Throws: `MalformedFuseRequest` if a length, a name or a value is out of bounds.
    package init(
        decoding bytes: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer
    ) throws(MalformedFuseRequest) {
        guard bytes.count >= MemoryLayout<fuse_in_header>.size else {
            throw MalformedFuseRequest(unique: nil, opcode: 0, error: EIO)
        }
        let header = bytes.loadUnaligned(as: fuse_in_header.self)
        let operation = try FuseRequest.operation(header, bytes, limit: scratch.count)
        unique = header.unique
        opcode = header.opcode
        node = NodeID(rawValue: header.nodeid)
        uid = header.uid
        gid = header.gid
        pid = header.pid
        self.operation = operation
        self.scratch = scratch
    }

    private static func operation(
        _ header: fuse_in_header, _ bytes: UnsafeRawBufferPointer, limit: Int
    ) throws(MalformedFuseRequest) -> FuseOperation {
        let opcode = FuseOpcode(rawValue: header.opcode)
        let answerable = opcode?.expectsReply == false ? nil : header.unique
        guard Int(header.len) == bytes.count else {
            throw MalformedFuseRequest(unique: answerable, opcode: header.opcode, error: EIO)
        }
        guard let opcode else { return .unknown(opcode: header.opcode) }
        let payload = FusePayload(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[MemoryLayout<fuse_in_header>.size...]),
            limit: limit)
        do throws(FusePayload.Violation) {
            return try payload.operation(opcode)
        } catch {
            throw MalformedFuseRequest(
                unique: answerable, opcode: header.opcode, error: error.errno)
        }
    }
}

/// A request that breaks the protocol.
package struct MalformedFuseRequest: Error {
    /// Names the request to answer; nil if it cannot be told or takes no answer.
    package let unique: UInt64?
    /// 0 if it cannot be told.
    package let opcode: UInt32
    /// What to answer: EIO for a broken layout, EINVAL for a value out of range.
    package let error: Int32
}
