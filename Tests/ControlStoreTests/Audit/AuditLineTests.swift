import AccessControl
import Foundation
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Lines of an audit log")
struct AuditLineTests {
    @Test("A record comes back from its line, whoever asked for whatever")
    func roundTrip() throws {
        let ada = try UserName("ada@x+y")
        let principals: [Principal] = [
            .owner, .anyone, .user(ada, credential: nil), .user(ada, credential: CredentialID(7)),
        ]
        let paths = [
            "", "a", "a/\"b\"\\c", "\u{1}\n\t\r\u{1f}\u{7f}", "é/日本/𝄞", "</script>\u{2028}",
        ]
        for principal in principals {
            for path in paths {
                for (revision, rule) in [(RevisionNumber(3), "public" as String?), (nil, nil)] {
                    let access = DataAccess(
                        principal: principal, volume: try VolumeName("hst-stis"),
                        revision: revision, path: Array(path.utf8), frontEnd: .command,
                        decision: .denied, rule: rule, request: .max)
                    try check(.access(access))
                }
            }
        }
        try check(.lost(12))
    }

    @Test("A line is what the format says")
    func vector() throws {
        var access = try DataAccess.sample(1)
        access.principal = .user(try UserName("ada"), credential: CredentialID(4))
        access.path = Array("a/\"1\"\n".utf8)
        #expect(
            line(.access(access))
                == #"{"time":"2023-11-14T22:13:20.000000001Z","who":"user:ada by credential 4","#
                + #""user":"ada","credential":4,"volume":"hst","revision":"r3","#
                + #""path":"a/\"1\"\u000a","frontEnd":"mount","decision":"read","#
                + #""rule":"public","request":1}"# + "\n")
        #expect(line(.lost(3)) == #"{"time":"2023-11-14T22:13:20.000000001Z","lost":3}"# + "\n")
    }

    @Test("What is no record is none")
    func refused() throws {
        let whole = String(line(.access(try .sample(1))).dropLast())
        #expect(AuditLineReader.record(Array(whole.utf8)) != nil)
        let bad = [
            "", "{}", "[]", "null", String(whole.dropLast()),
            whole.replacing("2023-11-14", with: "2023-13-14"),
            whole.replacing("\"hst\"", with: "\"HST\""), whole.replacing("r3", with: "r0"),
            whole.replacing("\"user\":\"ada\"", with: "\"user\":\"ADA\""),
            whole.replacing("\"read\"", with: "\"write\""), whole.replacing("mount", with: "moon"),
            whole.replacing("\"request\":1", with: "\"request\":-1"),
            whole.replacing("\"request\":1", with: "\"request\":18446744073709551616"),
            whole.replacing("fits", with: "\\u00zz"), whole.replacing("fits", with: "\\ud800"),
            whole.replacing("fits", with: "\\x"), whole + " ", whole + whole, "{\"time\":",
            "{\"a\\",
        ]
        for text in bad {
            #expect(AuditLineReader.record(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test("Keys of a later version are passed over, and times are read back to the nanosecond")
    func later() throws {
        let access = AuditRecord.access(try .sample(1))
        let text = line(access).dropLast().replacing(
            "{\"time\"", with: "{\"later\":\"a\\n\",\"count\":7,\"time\"")
        #expect(AuditLineReader.record(Array(text.utf8))?.record == access)
        for nanoseconds in [0, 1, 999_999_999, -1, -1_000_000_000, 4_102_444_800_123_456_789] {
            var lines = AuditLineWriter()
            let time = Timestamp(nanoseconds: Int64(nanoseconds))
            lines.append(TimedAuditRecord(time: time, record: .lost(1)))
            #expect(AuditLineReader.record(Array(lines.bytes.dropLast()))?.time == time)
        }
    }

    private func check(_ record: AuditRecord) throws {
        let bytes = Array(line(record).utf8)
        #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1)
        _ = try JSONSerialization.jsonObject(with: Data(bytes))
        #expect(AuditLineReader.record(Array(bytes.dropLast()))?.record == record)
    }

    private func line(_ record: AuditRecord) -> String {
        var lines = AuditLineWriter()
        lines.append(
            TimedAuditRecord(
                time: Timestamp(nanoseconds: 1_700_000_000_000_000_001), record: record))
        return String(decoding: lines.bytes, as: UTF8.self)
    }
}
