import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Embargo")
struct EmbargoTests {
    private func example(
        _ embargo: EmbargoPolicy = EmbargoPolicy(), _ attributes: [String: String]
    ) -> Example {
        var example = Example(rule("all", .grant(.read), "anyone"))
        example.volume.embargo = embargo
        example.setClass(1, attributes)
        return example
    }

    @Test("An entry is closed, then listed, then open, each from its instant on")
    func releases() {
        let example = example(
            EmbargoPolicy(),
            ["metadata_release": "2026-02-01", "data_release": "2026-03-01T12:00:00Z"])
        #expect(
            example.decision(nil, class: 1, at: "2026-01-31T23:59:59.999999999Z")
                == AccessDecision(level: .none, grant: "all", cap: .embargo))
        #expect(
            example.decision(nil, class: 1, at: "2026-02-01")
                == AccessDecision(level: .list, grant: "all", cap: .embargo))
        #expect(example.level(nil, class: 1, at: "2026-03-01T11:59:59Z") == .list)
        #expect(
            example.decision(nil, class: 1, at: "2026-03-01T12:00:00Z")
                == AccessDecision(level: .read, grant: "all"))
        let view = example.view(nil, at: day("2026-02-10"))
        #expect(view.from == day("2026-02-01") && view.until == day("2026-03-01T12:00:00Z"))
        #expect(view.id != example.view(nil, at: day("2026-03-02")).id)
    }

    @Test("Without a data release the data are never released, and metadata are open at once")
    func missing() {
        let example = example(EmbargoPolicy(), [:])
        #expect(example.level(nil, class: 1) == .list)
        #expect(example.level(nil) == .list)
        #expect(self.example(EmbargoPolicy(metadataWithData: true), [:]).level(nil) == .none)
    }

    @Test("A volume without an embargo is released, whatever attributes say")
    func none() {
        var example = example(EmbargoPolicy(), ["data_release": "2999-01-01"])
        example.volume.embargo = nil
        example.volume.releases = [
            ReleaseRow(
                key: key("data_release"), value: "2999-01-01", metadata: nil,
                data: day("2027-01-01"))
        ]
        #expect(example.level(nil, class: 1) == .read)
        example.volume.rules = [rule("x", .grant(.read), "anyone", when: [.embargoed])]
        #expect(example.level(nil, class: 1) == .none)
        example.volume.rules = [rule("x", .grant(.read), "anyone", when: [.released])]
        #expect(example.level(nil, class: 1) == .read)
    }

    @Test("Metadata can wait for the data, but for an instant of their own")
    func metadataWithData() {
        let embargo = EmbargoPolicy(metadataWithData: true)
        #expect(example(embargo, ["data_release": "2027-01-01"]).level(nil, class: 1) == .none)
        #expect(
            example(embargo, ["data_release": "2027-01-01", "metadata_release": "2026-01-01"])
                .level(nil, class: 1) == .list)
        #expect(example(embargo, ["data_release": "2026-01-01"]).level(nil, class: 1) == .read)
    }

    @Test("Open data whose metadata are not are closed")
    func dataBeforeMetadata() {
        let example = example(
            EmbargoPolicy(), ["data_release": "2026-01-01", "metadata_release": "2027-01-01"])
        #expect(example.level(nil, class: 1) == .none)
        #expect(example.level(nil, class: 1, at: "2027-01-01") == .read)
    }

    @Test("Months after an attribute: an instant or a Modified Julian Date")
    func periods() {
        let embargo = EmbargoPolicy(
            period: EmbargoPolicy.Period(after: key("t_max"), months: 12))
        for (taken, released) in [
            ("2026-01-31T06:00:00Z", "2027-01-31T06:00:00Z"), ("2024-02-29", "2025-02-28"),
            // 61071 is 2026-01-31 (the date of 58849, 2020-01-01, and 2,222 days).
            ("61071.25", "2027-01-31T06:00:00Z"), ("61071", "2027-01-31"),
        ] {
            let example = example(embargo, ["t_max": taken])
            let release = day(released)
            let before = Timestamp(nanoseconds: release.nanoseconds - 1).iso8601
            #expect(example.level(nil, class: 1, at: before) == .list, "\(taken)")
            #expect(example.level(nil, class: 1, at: released) == .read, "\(taken)")
        }
    }

    @Test(
        "What cannot be read as an instant is never",
        arguments: [
            "", "soon", "61071.", ".5", "6e4", "-1", "+61071", "1 61071", "2026-02-30", "20260131",
            "99999999999999999999", "2026-01-31 ", "١٢",
        ])
    func unreadable(_ text: String) {
        let embargo = EmbargoPolicy(
            period: EmbargoPolicy.Period(after: key("t_max"), months: 1))
        #expect(example(embargo, ["t_max": text]).level(nil, class: 1, at: "2261-01-01") == .list)
        // An attribute that is there but wrong does not give way to the period.
        #expect(
            example(embargo, ["t_max": "2020-01-01", "data_release": text])
                .level(nil, class: 1, at: "2261-01-01") == .list)
        #expect(
            example(EmbargoPolicy(), ["data_release": "2020-01-01", "metadata_release": text])
                .level(nil, class: 1, at: "2261-01-01") == .none)
    }

    @Test("A period that leads beyond what instants reach never ends")
    func beyond() {
        let embargo = EmbargoPolicy(
            period: EmbargoPolicy.Period(after: key("t_max"), months: 1_200))
        #expect(example(embargo, ["t_max": "2200-01-01"]).level(nil, class: 1) == .list)
    }

    @Test("The table's rows come before attributes and periods, the latest of them first")
    func rows() {
        var example = example(
            EmbargoPolicy(period: EmbargoPolicy.Period(after: key("t_max"), months: 0)),
            ["t_max": "2020-01-01", "data_release": "2021-01-01", "proposal_id": "1", "kind": "a"])
        func add(_ name: String, _ value: String, _ data: String?, _ metadata: String? = nil) {
            example.volume.releases.append(
                ReleaseRow(
                    key: key(name), value: value, metadata: metadata.map(day),
                    data: data.map(day)))
        }
        #expect(example.level(nil, class: 1) == .read)
        add("proposal_id", "2", "2030-01-01")
        #expect(example.level(nil, class: 1) == .read)
        add("proposal_id", "1", "2027-01-01")
        #expect(example.level(nil, class: 1) == .list)
        add("kind", "a", "2028-01-01", "2026-01-01")
        add("kind", "a", nil, "2027-06-01")
        #expect(example.level(nil, class: 1) == .none)
        #expect(example.level(nil, class: 1, at: "2027-06-01") == .list)
        #expect(example.level(nil, class: 1, at: "2027-12-31") == .list)
        #expect(example.level(nil, class: 1, at: "2028-01-01") == .read)
    }

    @Test("A grant that names the embargo is not capped by it, and ends with it")
    func naming() {
        var example = example(
            EmbargoPolicy(metadataWithData: true), ["data_release": "2027-01-01"])
        example.volume.rules = [rule("pi", .grant(.read), "user:ada", when: [.embargoed])]
        #expect(example.decision(ada, class: 1) == AccessDecision(level: .read, grant: "pi"))
        #expect(example.level(ada, class: 1, at: "2027-01-01") == .none)
        #expect(example.level(nil, class: 1) == .none)
    }

    @Test("A denial caps what names the embargo too")
    func denial() {
        var example = example(EmbargoPolicy(), ["data_release": "2027-01-01"])
        example.volume.rules = [
            rule("pi", .grant(.read), "user:ada", when: [.embargoed]),
            rule("gone", .denial(.none), "anyone", on: "bad/**"),
        ]
        #expect(example.level(ada, "good", class: 1) == .read)
        #expect(
            example.decision(ada, "bad/f", class: 1)
                == AccessDecision(level: .none, grant: "pi", cap: .denial(rule: "gone")))
    }

    @Test("A denial can be about embargoed or released entries alone")
    func conditionalDenial() {
        var example = example(EmbargoPolicy(), ["data_release": "2027-01-01"])
        example.volume.rules.append(rule("d", .denial(.discover), "anyone", when: [.embargoed]))
        #expect(example.level(nil, class: 1) == .discover)
        #expect(example.level(nil, class: 1, at: "2027-01-01") == .read)
        example.volume.rules[1] = rule("d", .denial(.discover), "anyone", when: [.released])
        #expect(example.level(nil, class: 1) == .list)
        #expect(example.level(nil, class: 1, at: "2027-01-01") == .discover)
    }
}
