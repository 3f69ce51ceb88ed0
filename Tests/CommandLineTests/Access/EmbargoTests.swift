import AccessControl
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite(.needsMounts()) struct EmbargoTests {
        @Test func `a file opens at its instant in a mount that nobody touches`() throws {
            try withTemporaryFolder { folder in
                let world = try AccessWorld(in: folder)
                let site = Site(folder: folder)
                defer { site.clear() }
                let volume = try world.addVolume("jwst")
                let content = pattern(200_000, version: 1)
                try world.write(volume, "d/waits.fits", content)
                try world.publish(volume)
                try world.guardVolume(volume, embargo: EmbargoPolicy())
                try world.set(.granting(.read, to: "anyone", named: "all"), on: volume)
                try site.withMount { mount in
                    let path = "\(mount)/jwst/d/waits.fits"
                    // A missing release of the data means not released.
                    #expect(contents(path) == .failed(EACCES))
                    #expect(Facts(path)?.size == content.count)
                    let release = Timestamp.now.after(seconds: 6)
                    try world.setAttributes(
                        [
                            AttributeRow("d", "data_release", release.iso8601),
                            AttributeRow("d", "metadata_release", release.iso8601),
                        ], of: volume)
                    #expect(eventually(within: 1) { contents(path) == .failed(ENOENT) })
                    #expect(listing("\(mount)/jwst/d").error == ENOENT)
                    try #require(Timestamp.now < release, "the machine is too slow for this test")
                    // Asked from the memory of the kernel all the time, and not before its time.
                    var opened: Timestamp?
                    while opened == nil, Timestamp.now < release.after(seconds: 5) {
                        let before = Timestamp.now
                        if contents(path) == .ok(content) { opened = before }
                    }
                    let late = try #require(opened).nanoseconds - release.nanoseconds
                    print("opened \(Double(late) * 1e-9) s after its release")
                    #expect(late >= -20_000_000 && late < 1_000_000_000)
                    #expect(listing("\(mount)/jwst/d") == .ok(["waits.fits"]))
                    #expect(Facts(path)?.mode == 0o100444)
                }
            }
        }
    }
}
