import AccessControl
import Foundation
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// `perigee ls`, `stat` and `cat`, each in a process of its own.
struct MatrixCommandDriver: AccessDriver {
    let site: Site
    let principal: Principal
    let answersOwner = true

    private var identity: [String] {
        switch principal {
        case .owner: ["--owner"]
        case .anyone: []
        case .user(let name, _): ["--as", name.string]
        }
    }

    private func run(_ command: String, _ question: AccessQuestion) throws -> Finished {
        try site.run([command, "--json", "\(question)"] + identity)
    }

    func report(_ question: AccessQuestion) async throws -> AccessReport {
        let (stat, ls, cat) = (
            try run("stat", question), try run("ls", question), try run("cat", question)
        )
        guard stat.status == 0 else {
            let refusal = try refusal(stat)
            guard refusal.code == "notFound", try self.refusal(ls) == refusal,
                try self.refusal(cat) == refusal
            else { throw AccessContradiction("\(stat)\n\(ls)\n\(cat)") }
            return AccessReport(.absent, refusal: "\(refusal)")
        }
        guard let facts = try objects(stat).first, let size = facts["size"] as? Int,
            let modified = facts["modified"] as? Int, ls.status == 0
        else { throw AccessContradiction("\(stat): \(stat.text)\n\(ls)") }
        var report = AccessReport(.absent, words: stat.text + stat.errorText)
        report.modified = Timestamp(nanoseconds: Int64(modified))
        if facts["kind"] as? String == "folder" {
            guard try refusal(cat).code == "isADirectory" else {
                throw AccessContradiction("\(cat)")
            }
            report.answer = .folder(
                try objects(ls).map { object in
                    let path = try #require(object["path"] as? String)
                    return Array(path.utf8.split(separator: UInt8(ascii: "/")).last ?? [])
                })
            return report
        }
        guard try objects(ls).first?["size"] as? Int == size else {
            throw AccessContradiction("\(ls.text) is not what \(stat.text) says")
        }
        report.answer = try file(cat, size: Int64(size))
        return report
    }

    private func file(_ cat: Finished, size: Int64) throws -> AccessAnswer {
        if cat.status == 0 {
            guard cat.output.count == size else { throw AccessContradiction("\(cat)") }
            return .content(cat.output)
        }
        guard cat.output.isEmpty else { throw AccessContradiction("\(cat): \(cat.text)") }
        switch try refusal(cat).code {
        case "accessDenied": return .closed(size: size)
        case "stale": return .gone(size: size)
        default: throw AccessContradiction("\(cat)")
        }
    }

    private struct Refusal: Equatable {
        var code: String
        var message: String
        var remedy: String?
    }

    private func refusal(_ done: Finished) throws -> Refusal {
        let object = try JSONSerialization.jsonObject(with: Data(done.errors))
        guard done.status == 1, let error = (object as? [String: [String: String]])?["error"],
            let code = error["code"], let message = error["message"]
        else { throw AccessContradiction("\(done)") }
        return Refusal(code: code, message: message, remedy: error["remedy"])
    }
}
