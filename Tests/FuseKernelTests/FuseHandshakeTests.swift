import CKernel
import Glibc
import Testing

@testable import FuseKernel

@Suite("The handshake", .timeLimit(.minutes(1)))
struct FuseHandshakeTests {
    private func offer(minor: UInt32, flags: UInt64) -> perigee_fuse_init_in {
        var input = perigee_fuse_init_in()
        input.major = 7
        input.minor = minor
        input.max_readahead = 131_072
        input.flags = UInt32(truncatingIfNeeded: flags)
        input.flags2 = UInt32(truncatingIfNeeded: flags >> 32)
        return input
    }

    @Test func aKernelThatOffersAllGetsWhatAReadOnlyMountNeeds() {
        let (output, capabilities) = FuseHandshake(options: FuseMountOptions())
            .negotiate(offer(minor: 45, flags: .max))
        #expect(output.major == 7 && output.minor == 44)
        #expect(output.flags & UInt32(FUSE_NO_OPEN_SUPPORT) == 0)
        #expect(output.flags & UInt32(FUSE_AUTO_INVAL_DATA) == 0)
        #expect(output.flags & UInt32(FUSE_WRITEBACK_CACHE) == 0)
        #expect(output.flags & UInt32(FUSE_EXPORT_SUPPORT) == 0)
        #expect(output.flags & UInt32(FUSE_EXPLICIT_INVAL_DATA) != 0)
        #expect(output.flags & UInt32(FUSE_READDIRPLUS_AUTO) != 0)
        #expect(output.flags2 == (1 << 5) | (1 << 3))
        #expect(output.max_stack_depth == 1 && output.max_write == 4096)
        #expect(Int(output.max_pages) * Int(sysconf(Int32(_SC_PAGESIZE))) == 1 << 20)
        #expect(capabilities.hasEpoch && capabilities.passthrough && capabilities.hasReaddirplus)
    }

    @Test func nothingIsTakenThatWasNotOffered() {
        let (output, capabilities) = FuseHandshake(options: FuseMountOptions())
            .negotiate(offer(minor: 31, flags: 0))
        #expect(output.flags == 0 && output.flags2 == 0 && output.max_stack_depth == 0)
        #expect(output.minor == 31)
        #expect(!capabilities.hasEpoch && !capabilities.passthrough)
        #expect(!capabilities.hasExpireOnly && !capabilities.hasReaddirplus)
    }

    @Test func optionsChooseExportReaddirplusAndPassthrough() {
        var options = FuseMountOptions()
        options.exportSupport = true
        options.alwaysReaddirplus = true
        options.passthrough = false
        let (output, capabilities) = FuseHandshake(options: options)
            .negotiate(offer(minor: 45, flags: .max))
        #expect(output.flags & UInt32(FUSE_EXPORT_SUPPORT) != 0)
        #expect(output.flags & UInt32(FUSE_READDIRPLUS_AUTO) == 0)
        #expect(output.flags & UInt32(FUSE_DO_READDIRPLUS) != 0)
        #expect(output.max_stack_depth == 0 && !capabilities.passthrough)
    }

    /// Plays the kernel over a pair of sockets.
    private func shake(_ request: [UInt8]) throws -> (Result<FuseCapabilities, any Error>, Int32) {
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &pair) == 0)
        let channel = FuseChannel(owning: pair[1], logger: FuseTestSupport.logger)
        defer { close(pair[0]) }
        try #require(send(pair[0], request, request.count, 0) == request.count)
        var options = FuseMountOptions()
        options.handshakeTimeout = .seconds(5)
        let result = Result { try FuseHandshake(options: options).perform(on: channel) }
        var reply = fuse_out_header()
        let count = recv(
            pair[0], &reply, MemoryLayout<fuse_out_header>.size, Int32(MSG_DONTWAIT))
        return (result, count < 0 ? 0 : reply.error)
    }

    @Test func aRecentKernelIsAnswered() throws {
        let request = RequestBytes(.initialize, wireBytes(offer(minor: 45, flags: .max)))
        let (result, error) = try shake(request.bytes)
        #expect(try result.get().kernelMinor == 45)
        #expect(error == 0)
    }

    @Test func aKernelOfBefore5_4IsRefusedClearly() throws {
        let request = RequestBytes(.initialize, wireBytes(offer(minor: 30, flags: .max)))
        let (result, error) = try shake(request.bytes)
        let refusal = #expect(throws: FuseSessionError.self) { try result.get() }
        #expect(refusal?.code == .kernelTooOld)
        #expect(refusal?.description.contains("7.30") == true)
        #expect(error == -EPROTO)
    }

    @Test func aShortInitOfAnOlderHeaderIsUnderstood() throws {
        let request = RequestBytes(
            .initialize, Array(wireBytes(offer(minor: 31, flags: 1)).prefix(16)))
        #expect(try shake(request.bytes).0.get().minor == 31)
    }

    @Test func anythingButInitIsRefused() throws {
        let (result, _) = try shake(RequestBytes(.statfs).bytes)
        let refusal = #expect(throws: FuseSessionError.self) { try result.get() }
        #expect(refusal?.code == .handshake)
    }

    @Test func aSilentKernelIsGivenUp() throws {
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &pair) == 0)
        defer { close(pair[0]) }
        let channel = FuseChannel(owning: pair[1], logger: FuseTestSupport.logger)
        var options = FuseMountOptions()
        options.handshakeTimeout = .milliseconds(20)
        let refusal = #expect(throws: FuseSessionError.self) {
            try FuseHandshake(options: options).perform(on: channel)
        }
        #expect(refusal?.code == .handshake)
    }

    @Test func optionsAreEscapedForLibfuse() {
        var options = FuseMountOptions()
        options.fsname = #"a,b\c"#
        options.allowOther = true
        #expect(
            options.mountArgument
                == #"ro,nosuid,nodev,noatime,fsname=a\,b\\c,subtype=perigee,"#
                + "allow_other,default_permissions")
    }
}
