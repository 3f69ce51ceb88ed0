import PerigeeTesting
import Testing
import VolumeModel

@testable import Origins

@Suite("Parts of a transfer, without sockets")
struct TransferPartsTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func `waits double up to a bound and end after five tries`() {
        var plan = RetryPlan()
        var random = SeededRandom(seed: 1)
        var bounds: [UInt64] = []
        while let next = plan.next(
            at: 0, madeProgress: false, retryAfter: nil, deadline: 100 * Self.second,
            using: &random)
        {
            bounds.append(next)
        }
        #expect(bounds.count == RetryPlan.tries - 1)
        for (index, next) in bounds.enumerated() {
            #expect(next <= RetryPlan.base << UInt64(index))
        }
    }

    @Test func `a try that brought bytes counts anew, and none goes past the deadline`() {
        var plan = RetryPlan()
        var random = SeededRandom(seed: 1)
        for _ in 0..<100 {
            let next = plan.next(
                at: 0, madeProgress: true, retryAfter: nil, deadline: Self.second, using: &random)
            #expect(next != nil)
        }
        let late = plan.next(
            at: 0, madeProgress: true, retryAfter: Self.second, deadline: Self.second,
            using: &random)
        #expect(late == nil)
        let asked = plan.next(
            at: 5, madeProgress: true, retryAfter: Self.second, deadline: .max, using: &random)
        #expect((asked ?? 0) >= Self.second + 5)
    }

    @Test func `a budget is spent and comes back with time and success`() {
        var budget = RetryBudget(capacity: 3, perSecond: 1)
        let spent = (0..<5).map { _ in budget.take(at: 0) }
        #expect(spent == [true, true, true, false, false])
        let later = (0..<2).map { _ in budget.take(at: Self.second) }
        #expect(later == [true, false])
        // A little more than one in tenths.
        for _ in 0..<11 { budget.succeeded() }
        let after = budget.take(at: Self.second)
        #expect(after)
    }

    @Test func `a server's transfers wait for their turn, and others do not wait for them`() {
        var queue = TransferQueue<Int>()
        for number in 1...4 { queue.add(number, server: "a", limit: 2) }
        queue.add(5, server: "b", limit: 2)
        #expect(queue.ready() == [1, 2, 5])
        #expect(queue.ready() == [])
        #expect(queue.remove { $0 == 3 } == [3])
        queue.ended(server: "a")
        #expect(queue.ready() == [4])
        #expect(queue.isEmpty)
    }

    @Test(arguments: [
        "bytes 0-9/10", "bytes 5-5/6", "Bytes 0-0/9223372036854775807",
    ])
    func `a Content-Range is read`(text: String) {
        #expect(ContentRange(text) != nil)
    }

    @Test(arguments: [
        "", "bytes", "bytes 0-9", "bytes 0-9/*", "bytes */10", "bytes 9-0/10", "bytes 0-10/10",
        "bytes -1-5/10", "bytes 0-9/9223372036854775808", "bytes 0-9/1e3", "items 0-9/10",
        "bytes 0-9/10 x", "bytes 0 - 9/10", "bytes +0-9/10",
    ])
    func `what is no Content-Range is none`(text: String) {
        #expect(ContentRange(text) == nil)
    }

    @Test func `a field that came twice with two values says nothing`() {
        let fields = [
            HTTPField("Content-Length", "5"), HTTPField("content-length", "5"),
            HTTPField("ETag", "\"a\""), HTTPField("etag", "\"b\""),
        ]
        let head = HTTPHead(status: 200, fields: fields)
        #expect(head.contentLength == 5)
        #expect(head["etag"] == nil)
    }

    @Test(arguments: [("120", 120), ("0", 0), ("-1", nil), ("soon", nil), ("1.5", nil)])
    func `Retry-After in seconds is read`(text: String, seconds: UInt64?) {
        #expect(OriginTransport.nanoseconds(retryAfter: text) == seconds.map { $0 * Self.second })
    }

    @Test func `Retry-After as an instant is read`() {
        let soon = Timestamp(nanoseconds: Timestamp.now.nanoseconds + 100 * 1_000_000_000)
        let wait = OriginTransport.nanoseconds(retryAfter: CalendarText.http(soon)) ?? 0
        #expect((90 * Self.second...101 * Self.second).contains(wait))
        #expect(OriginTransport.nanoseconds(retryAfter: "Sun, 06 Nov 1994 08:49:37 GMT") == 0)
    }
}
