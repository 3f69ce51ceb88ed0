import Foundation
import FuseMount
import Testing
import VolumeModel

@Suite("Errors as errno")
struct ErrorNumbersTests {
    @Test(arguments: PerigeeError.Code.allCases)
    func everyCodeHasOneThatTheKernelTakes(code: PerigeeError.Code) {
        #expect((1...511).contains(code.errno))
    }

    @Test func thoseThatProgramsActOn() {
        #expect(PerigeeError.Code.notFound.errno == ENOENT)
        #expect(PerigeeError.Code.accessDenied.errno == EACCES)
        #expect(PerigeeError.Code.readOnly.errno == EROFS)
        #expect(PerigeeError.Code.stale.errno == ESTALE)
        #expect(PerigeeError.Code.tooManyOpen.errno == ENFILE)
        #expect(PerigeeError.Code.timedOut.errno == EIO)
        #expect(PerigeeError.Code.cancelled.errno == EINTR)
    }
}
