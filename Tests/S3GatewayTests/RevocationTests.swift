import AccessControl
import ControlStore
import PerigeeTesting
import S3Gateway
import Testing
import VolumeModel
import VolumeService

extension S3GatewayTests {
    @Suite("Rights that go while an answer is sent")
    struct RevocationTests {
        /// More than the buffers of both sides hold.
        private static let size = 24_000_000

        /// Begins a download by a member of a team, takes her out of it, and gives `body` what came
        /// then.
        private func withRevoked(
            isHard: Bool, _ body: (HTTPTalk, [UInt8]) throws -> Void
        ) async throws {
            try await withTemporaryFolder { folder in
                let world = try AccessWorld(in: folder)
                let volume = try world.addVolume("hst")
                var random = SeededRandom(seed: 23)
                let content = random.bytes(Self.size)
                try DiskFile.write(world.path(volume, "large.fits"), content)
                try world.publish(volume)
                try world.guardVolume(volume, isRevocationHard: isHard)
                let ada = try world.addUser("ada", in: "staff")
                try world.set(.granting(.read, to: "team:staff", named: "staff"), on: volume)
                let service = try world.service()
                defer { service.stop() }
                try world.settle(service)
                try await withGateway(service, clock: { world.hand.now }) { gateway in
                    gateway.principal.now = ada
                    let reader = try HTTPTalk(
                        to: "127.0.0.1:\(gateway.port)", receiveBuffer: 1 << 16)
                    reader.send(HTTPTalk.text("GET", "/hst/large.fits", []))
                    #expect(reader.receive(1 << 20).count >= 1 << 20)
                    try world.remove("ada", from: "staff")
                    let other = try HTTPTalk(port: gateway.port)
                    #expect(
                        try eventually(within: 2) {
                            try other.request("HEAD", "/hst/large.fits").status == 404
                        })
                    try body(reader, content)
                }
            }
        }

        @Test("An answer that is being sent is cut off where revocations are hard")
        func hard() async throws {
            try await withRevoked(isHard: true) { reader, _ in
                #expect(throws: HTTPTalk.Failure.self) { try reader.answer() }
                #expect(reader.receive().count < Self.size)
            }
        }

        @Test("It goes on to its end where they are not")
        func soft() async throws {
            try await withRevoked(isHard: false) { reader, content in
                let answer = try reader.answer()
                #expect(answer.status == 200)
                #expect(answer.body == content)
            }
        }
    }
}
