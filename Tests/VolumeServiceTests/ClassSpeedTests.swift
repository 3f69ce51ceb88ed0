import AccessControl
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Classes of many entries", .timeLimit(.minutes(10)), .serialized)
struct ClassSpeedTests {
    @Test("100,000 files get their classes from 3,000 patterns in a time like the scan's own")
    func many() throws {
        try withClasses { volume in
            for folder in 0..<1_000 {
                try DiskFile.makeFolders(volume.disk("p\(folder)"))
                for file in 0..<100 {
                    try DiskFile.write(volume.disk("p\(folder)/f\(file).fits"), [])
                }
            }
            let plain = try volume.scan()
            var lines = (0..<1_000).map { "p\($0) proposal \($0)" }
            lines += (0..<1_000).map { "p\($0)/f1?.fits instrument i\($0 % 7)" }
            lines += (0..<1_000).map { "p\($0)/**/*9.fits kind science" }
            let begun = monotonicNanoseconds()
            let report = try volume.scan(lines)
            let seconds = Double(monotonicNanoseconds() - begun) * 1e-9
            print(
                "classes: 100,000 files, 3,000 patterns: \(seconds) s, "
                    + "\(plain.seconds) s without, \(report.reassigned) rows")
            #expect(report.reassigned == 101_000)
            #expect(report.unusedAttributes.isEmpty)
            #expect(
                try volume.attributes("p5/f19.fits", 1)
                    == ["proposal": "5", "instrument": "i5", "kind": "science"])
            #expect(seconds < 60)
        }
    }
}
