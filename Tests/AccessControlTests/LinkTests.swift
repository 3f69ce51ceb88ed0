import AccessControl
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Entries reached by links")
struct LinkTests {
    private func example(target: String?, targetClass: Int64 = 0) -> Example {
        var example = Example(
            rule("open", .grant(.read), "anyone", on: "open/**"),
            rule("names", .grant(.list), "anyone", on: "closed/**"))
        example.setClass(
            1, [:],
            link: AccessClass.Link(
                path: path("open/link"), target: target.map { path($0) },
                targetClass: AccessClassID(targetClass)))
        return example
    }

    @Test("The lower of both sides counts")
    func lower() {
        let example = example(target: "closed/deep")
        #expect(
            example.decision(nil, "open/link/f", class: 1)
                == AccessDecision(level: .list, grant: "names", cap: .link))
        #expect(example.level(nil, "open/link", class: 1) == .list)
        #expect(example.level(nil, "open/other") == .read)
        #expect(self.example(target: "nowhere").level(nil, "open/link/f", class: 1) == .none)
        #expect(
            self.example(target: "open/real").decision(nil, "open/link/f", class: 1)
                == AccessDecision(level: .read, grant: "open"))
    }

    @Test("A link does not raise its own path's level")
    func own() {
        var example = example(target: "open/real")
        example.volume.rules.append(rule("no", .denial(.list), "anyone", on: "open/link"))
        #expect(
            example.decision(nil, "open/link/f", class: 1)
                == AccessDecision(level: .list, grant: "open", cap: .denial(rule: "no")))
        example.volume.rules.append(rule("none", .denial(.none), "anyone", on: "open/link"))
        #expect(example.level(nil, "open/link/f", class: 1) == .none)
    }

    @Test("A target outside of the volume leaves the own level")
    func outside() {
        #expect(example(target: nil).level(nil, "open/link/f", class: 1) == .read)
    }

    @Test("A pattern deep in the target counts for the same entry through the link")
    func deep() {
        var example = example(target: "open/real")
        example.volume.rules.append(
            rule("no", .denial(.none), "anyone", on: "open/real/secret"))
        #expect(example.level(nil, "open/link/secret/f", class: 1) == .none)
        #expect(example.level(nil, "open/link/other/f", class: 1) == .read)
    }

    @Test("The class at the target counts there, and an unknown or linked one closes the entry")
    func classes() {
        var example = example(target: "open/real", targetClass: 2)
        #expect(
            example.decision(nil, "open/link/f", class: 1)
                == AccessDecision(level: .none, grant: nil, cap: .link))
        example.setClass(2, ["kind": "raw"])
        #expect(example.level(nil, "open/link/f", class: 1) == .read)
        example.volume.rules.append(
            rule(
                "raw", .denial(.list), "anyone", when: [.attribute(key("kind"), equals: "raw")]))
        #expect(example.level(nil, "open/link/f", class: 1) == .list)
        example.volume.classes[AccessClassID(2)]?.link = AccessClass.Link(
            path: path("x"), target: nil, targetClass: .none)
        #expect(example.level(nil, "open/link/f", class: 1) == .none)
    }

    @Test("Linked entries bear on what is said of many at once")
    func summaries() {
        var example = Example(rule("all", .grant(.read), "anyone"))
        let broken = AccessClass.Link(
            path: path("a"), target: path("b"), targetClass: AccessClassID(9))
        #expect(example.view(nil).uniform == .read)
        example.setClass(1, [:], link: broken)
        let view = example.view(nil)
        #expect(view.uniform == nil)
        #expect(view.reach(below: view.root) == .some)
        #expect(view.visibleClasses == [.none])
    }

    @Test("A link to the root has no slash before the first name")
    func root() {
        let link = AccessClass.Link(path: path("a/b"), target: [], targetClass: .none)
        #expect(link.target(of: path("a/b/c/d")) == path("c/d"))
        #expect(link.target(of: path("a/b")) == [])
    }
}
