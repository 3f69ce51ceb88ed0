import CKernel
import Testing

@testable import FuseKernel

/// Builds requests as the kernel lays them out.
struct RequestBytes {
    var opcode: UInt32
    var unique: UInt64 = 77
    var payload: [UInt8] = []
    /// The length that the header claims; nil tells the truth.
    var claimedLength: UInt32?

    init(_ opcode: FuseOpcode, _ payload: [UInt8] = []) {
        self.opcode = opcode.rawValue
        self.payload = payload
    }

    init(raw opcode: UInt32) {
        self.opcode = opcode
    }

    var bytes: [UInt8] {
        var header = fuse_in_header()
        header.len = claimedLength ?? UInt32(MemoryLayout<fuse_in_header>.size + payload.count)
        header.opcode = opcode
        header.unique = unique
        header.nodeid = 9
        header.uid = 1000
        header.gid = 100
        header.pid = 4242
        return wireBytes(header) + payload
    }

    /// Decodes the request, and hands what came out to `body`.
    func decoded(_ body: (borrowing FuseRequest) throws -> Void) throws {
        try RequestBytes.decode(bytes, body)
    }

    static func decode(
        _ bytes: [UInt8], _ body: (borrowing FuseRequest) throws -> Void = { _ in }
    ) throws {
        // Exactly as large as the request, so that a read beyond it is one beyond the allocation.
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: bytes.count, alignment: 1)
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer {
            memory.deallocate()
            scratch.deallocate()
        }
        memory.copyBytes(from: bytes)
        let request = try FuseRequest(decoding: UnsafeRawBufferPointer(memory), scratch: scratch)
        try body(request)
    }
}

/// A structure's bytes.
func wireBytes<Value: BitwiseCopyable>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value) { [UInt8]($0) }
}
