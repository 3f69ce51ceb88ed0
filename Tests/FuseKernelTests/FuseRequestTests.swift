import CKernel
import Glibc
import Testing

@testable import FuseKernel

@Suite("Decoding a request", .timeLimit(.minutes(1)))
struct FuseRequestTests {
    @Test func theHeaderIsKept() throws {
        try RequestBytes(.statfs).decoded { request in
            #expect(request.unique == 77)
            #expect(request.node == NodeID(rawValue: 9))
            #expect(request.uid == 1000 && request.gid == 100 && request.pid == 4242)
            #expect(request.opcode == FuseOpcode.statfs.rawValue)
        }
    }

    @Test func aNameEndsAtItsNUL() throws {
        try RequestBytes(.lookup, Array("né me\0".utf8)).decoded { request in
            guard case .lookup(let name) = request.operation else {
                Issue.record("not a lookup")
                return
            }
            #expect(name.elementsEqual("né me".utf8))
        }
    }

    @Test(arguments: [[], Array("unended".utf8), [0], [0, 0, 0]] as [[UInt8]])
    func aNameWithoutNULOrBytesIsMalformed(_ payload: [UInt8]) {
        #expect(throws: MalformedFuseRequest.self) {
            try RequestBytes(.lookup, payload).decoded { _ in }
        }
    }

    @Test func readCarriesHandleOffsetAndSize() throws {
        var input = fuse_read_in()
        input.fh = 5
        input.offset = 1 << 40
        input.size = 131_072
        for opcode in [FuseOpcode.read, .readdir, .readdirplus] {
            try RequestBytes(opcode, wireBytes(input)).decoded { request in
                switch request.operation {
                case .read(let handle, let offset, let size),
                    .readdir(let handle, let offset, let size),
                    .readdirplus(let handle, let offset, let size):
                    #expect(handle.rawValue == 5 && offset == 1 << 40 && size == 131_072)
                default:
                    Issue.record("not a read")
                }
            }
        }
    }

    @Test func aReadOutOfRangeIsInvalid() {
        var tooFar = fuse_read_in()
        tooFar.offset = 1 << 63
        var tooMuch = fuse_read_in()
        tooMuch.size = .max
        for input in [tooFar, tooMuch] {
            let error = #expect(throws: MalformedFuseRequest.self) {
                try RequestBytes(.read, wireBytes(input)).decoded { _ in }
            }
            #expect(error?.error == EINVAL)
            #expect(error?.unique == 77)
        }
    }

    @Test func forgetListsAreReadPairByPair() throws {
        let payload =
            wireBytes(fuse_batch_forget_in(count: 2, dummy: 0))
            + wireBytes(fuse_forget_one(nodeid: 3, nlookup: 30))
            + wireBytes(fuse_forget_one(nodeid: 4, nlookup: 40))
        try RequestBytes(.batchForget, payload).decoded { request in
            guard case .batchForget(let list) = request.operation else {
                Issue.record("not a batch")
                return
            }
            #expect(list.count == 2)
            #expect(list[1].node.rawValue == 4 && list[1].lookups == 40)
        }
    }

    @Test func aForgetListThatClaimsTooMuchIsMalformedAndGetsNoAnswer() {
        let payload =
            wireBytes(fuse_batch_forget_in(count: .max, dummy: 0))
            + wireBytes(fuse_forget_one(nodeid: 3, nlookup: 30))
        let error = #expect(throws: MalformedFuseRequest.self) {
            try RequestBytes(.batchForget, payload).decoded { _ in }
        }
        #expect(error?.unique == nil)
    }

    @Test func controlInputIsBounded() throws {
        var input = fuse_ioctl_in()
        input.fh = 8
        input.cmd = 0x1234
        input.in_size = 3
        input.out_size = 16
        try RequestBytes(.ioctl, wireBytes(input) + [1, 2, 3]).decoded { request in
            guard case .ioctl(let handle, let command, let bytes, let size) = request.operation
            else {
                Issue.record("not an ioctl")
                return
            }
            #expect(handle.rawValue == 8 && command == 0x1234 && size == 16)
            #expect(bytes.elementsEqual([1, 2, 3]))
        }
        #expect(throws: MalformedFuseRequest.self) {
            try RequestBytes(.ioctl, wireBytes(input) + [1, 2]).decoded { _ in }
        }
    }

    @Test func aHandleIsThereOnlyWhenItsFlagIs() throws {
        for flags: UInt32 in [0, UInt32(FUSE_GETATTR_FH)] {
            let input = fuse_getattr_in(getattr_flags: flags, dummy: 0, fh: 6)
            try RequestBytes(.getattr, wireBytes(input)).decoded { request in
                guard case .getattr(let handle) = request.operation else {
                    Issue.record("not a getattr")
                    return
                }
                #expect(handle == (flags == 0 ? nil : FuseHandle(rawValue: 6)))
            }
        }
    }

    @Test(arguments: FuseOpcode.allCases.filter(\.isMutating))
    func aChangeIsToldAsOneWhateverItsPayload(_ opcode: FuseOpcode) throws {
        for payload in [[], [UInt8](repeating: 0xff, count: 200)] {
            try RequestBytes(opcode, payload).decoded { request in
                guard case .mutating(opcode) = request.operation else {
                    Issue.record("\(opcode) is not mutating")
                    return
                }
            }
        }
    }

    @Test(arguments: [0, 7, 19, 54, 4096, 436_207_616, UInt32.max])
    func anOpcodeOfAnotherTimeIsUnknown(_ raw: UInt32) throws {
        try RequestBytes(raw: raw).decoded { request in
            guard case .unknown(raw) = request.operation else {
                Issue.record("\(raw) is known")
                return
            }
        }
    }

    @Test(arguments: FuseOpcode.allCases)
    func noPayloadCrashesTheDecoder(_ opcode: FuseOpcode) {
        var generator = SystemRandomNumberGenerator()
        for length in 0...96 {
            let random = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            for payload in [random, [UInt8](repeating: 0xff, count: length)] {
                // Either outcome will do; the exact allocation would catch a read beyond the end.
                try? RequestBytes(opcode, payload).decoded { request in
                    if case .batchForget(let list) = request.operation {
                        for index in 0..<list.count { _ = list[index] }
                    }
                }
            }
        }
    }

    @Test func aLengthThatIsNotTheTruthIsMalformed() {
        for claimed: UInt32 in [0, 39, 41, .max] {
            var request = RequestBytes(.statfs)
            request.claimedLength = claimed
            let error = #expect(throws: MalformedFuseRequest.self) { try request.decoded { _ in } }
            #expect(error?.error == EIO)
        }
    }

    @Test func aTruncatedHeaderNamesNoRequest() {
        let whole = RequestBytes(.statfs).bytes
        for count in 1..<whole.count {
            let error = #expect(throws: MalformedFuseRequest.self) {
                try RequestBytes.decode(Array(whole[..<count]))
            }
            #expect(error?.unique == nil)
        }
    }

    @Test func opcodesAreThoseOfTheSystem() {
        let system: [(FuseOpcode, UInt32)] = [
            (.lookup, FUSE_LOOKUP.rawValue), (.forget, FUSE_FORGET.rawValue),
            (.getattr, FUSE_GETATTR.rawValue), (.readlink, FUSE_READLINK.rawValue),
            (.open, FUSE_OPEN.rawValue), (.read, FUSE_READ.rawValue),
            (.statfs, FUSE_STATFS.rawValue), (.release, FUSE_RELEASE.rawValue),
            (.getxattr, FUSE_GETXATTR.rawValue), (.listxattr, FUSE_LISTXATTR.rawValue),
            (.flush, FUSE_FLUSH.rawValue), (.initialize, FUSE_INIT.rawValue),
            (.opendir, FUSE_OPENDIR.rawValue), (.readdir, FUSE_READDIR.rawValue),
            (.releasedir, FUSE_RELEASEDIR.rawValue), (.fsyncdir, FUSE_FSYNCDIR.rawValue),
            (.access, FUSE_ACCESS.rawValue), (.interrupt, FUSE_INTERRUPT.rawValue),
            (.destroy, FUSE_DESTROY.rawValue), (.ioctl, FUSE_IOCTL.rawValue),
            (.batchForget, FUSE_BATCH_FORGET.rawValue),
            (.readdirplus, FUSE_READDIRPLUS.rawValue), (.lseek, FUSE_LSEEK.rawValue),
            (.setattr, FUSE_SETATTR.rawValue), (.write, FUSE_WRITE.rawValue),
            (.copyFileRange, FUSE_COPY_FILE_RANGE.rawValue), (.tmpfile, FUSE_TMPFILE.rawValue),
            (.statx, perigee_fuse_opcode_statx),
            (.copyFileRange64, perigee_fuse_opcode_copy_file_range_64),
        ]
        for (opcode, raw) in system { #expect(opcode.rawValue == raw) }
    }
}
