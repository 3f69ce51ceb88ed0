internal import AccessControl
internal import ControlStore
internal import VolumeModel

/// The changes that a filter lets through, page by page.
struct EventPages {
    private static let page = 1_000

    private let store: SQLiteControlStore
    private let filter: AuditReader.Filter
    private var waiting: [ControlEvent] = []
    private var last: Int64 = 0
    private var isOver = false

    init(store: SQLiteControlStore, filter: AuditReader.Filter) {
        self.store = store
        self.filter = filter
    }

    /// The next change, where it was made at `until` or before; nil otherwise.
    mutating func next(until: Timestamp?) throws(PerigeeError) -> ControlEvent? {
        while waiting.isEmpty, !isOver {
            let events = try store.history(after: last, limit: Self.page)
            last = events.last?.sequence ?? last
            isOver = events.count < Self.page
            waiting = events.filter(passes).reversed()
        }
        guard let event = waiting.last else { return nil }
        if let until, event.at > until { return nil }
        return waiting.removeLast()
    }

    private func passes(_ event: ControlEvent) -> Bool {
        if let since = filter.since, event.at < since { return false }
        if let volume = filter.volume {
            guard event.action.subjectKind == .volume, event.subject == volume.string else {
                return false
            }
        }
        guard let user = filter.user else { return true }
        if event.actorName == user.string { return true }
        if event.action.subjectKind == .user, event.subject == user.string { return true }
        // Members of teams and subjects of rules are in the words.
        let name = "user:\(user)"
        return event.detail.split { $0 == " " || $0 == "," }.contains { $0 == name }
    }
}

/// Changes and opens as lines.
enum AuditOutput {
    static func tell(_ event: ControlEvent, _ isJSON: Bool) {
        if isJSON { return Output.object(ChangeReport(event)) }
        let actor = event.actorName.isEmpty ? "user \(event.actor)" : event.actorName
        var line = "\(event.at.iso8601)\t\(actor)\t\(event.action.rawValue)\t\(event.subject)"
        if !event.detail.isEmpty { line += "\t\(Printable.escaped(Array(event.detail.utf8)))" }
        Output.line(line)
    }

    static func tell(_ timed: TimedAuditRecord, _ isJSON: Bool) {
        switch timed.record {
        case .lost(let count):
            if isJSON { return Output.object(LossReport(time: timed.time.iso8601, lost: count)) }
            Output.line("\(timed.time.iso8601)\t\(count) opens could not be entered")
        case .access(let access):
            if isJSON { return Output.object(OpenReport(timed.time, access)) }
            let revision = access.revision?.description ?? "candidate"
            Output.line(
                "\(timed.time.iso8601)\t\(access.principal)\t\(access.decision.rawValue)"
                    + "\t\(access.volume)@\(revision):\(Printable.escaped(access.path))"
                    + "\tby \(access.frontEnd.rawValue), \(access.rule.map { "rule \($0)" } ?? "no rule")"
            )
        }
    }

    private struct ChangeReport: Encodable {
        var time: String
        var change: Int64
        var actor: UInt32
        var actorName: String?
        var action: String
        var subject: String
        var detail: String
        var hash: String

        init(_ event: ControlEvent) {
            time = event.at.iso8601
            change = event.sequence
            actor = event.actor
            actorName = event.actorName.isEmpty ? nil : event.actorName
            action = event.action.rawValue
            subject = event.subject
            detail = event.detail
            hash = Hex.encode(event.hash)
        }
    }

    private struct LossReport: Encodable {
        var time: String
        var lost: Int
    }

    /// With the keys of the log's own lines.
    private struct OpenReport: Encodable {
        var time: String
        var who: String
        var user: String?
        var credential: Int64?
        var volume: String
        var revision: String
        var path: String
        var frontEnd: String
        var decision: String
        var rule: String?
        var request: UInt64

        init(_ time: Timestamp, _ access: DataAccess) {
            self.time = time.iso8601
            who = access.principal.description
            if case .user(let name, let id) = access.principal {
                (user, credential) = (name.string, id?.value)
            }
            volume = access.volume.string
            revision = access.revision?.description ?? "candidate"
            path = String(decoding: access.path, as: UTF8.self)
            frontEnd = access.frontEnd.rawValue
            decision = access.decision.rawValue
            rule = access.rule
            request = access.request
        }
    }
}
