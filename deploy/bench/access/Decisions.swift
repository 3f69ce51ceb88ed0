internal import AccessControl
internal import VolumeModel

extension AccessBenchmark {
    /// One decision on paths of some 60 bytes, with 20 patterns that are all alive.
    static func decisions() throws {
        var sequence = Sequence()
        var volume = VolumePolicy()
        volume.rules.append(rule("open", .grant(.list), .anyone, nil))
        for index in 0..<20 {
            let pattern =
                switch index % 5 {
                case 0: "**/*_\(["cal", "i2d", "rate", "x1d"][index / 5]).fits"
                case 1: "jw1\(index)*/**/visit1?\(index % 10)"
                case 2: "**/{a,b,visit\(100 + index)}/jw*_0000[2]*"
                case 3: "jw1?\(index)*/L?/**/*_nrcb\(index % 3)_*"
                default: "**/visit1\(index)/**/*.fits"
                }
            volume.rules.append(
                rule(
                    "rule-\(index)", index % 4 == 3 ? .denial(.list) : .grant(.read), .anyone,
                    try PathPattern(pattern)))
        }
        for id in 1...100 {
            volume.classes[AccessClassID(Int64(id))] = AccessClass(
                attributes: [proposal: "\(10_000 + id)"])
        }
        let policy = AccessPolicy(volumes: [hst: volume])
        let view = AccessView(of: hst, for: .anyone, policy: policy, at: now)
        let paths = (0..<20_000).map { _ in Array(path(&sequence).utf8) }
        let classes = paths.map { _ in AccessClassID(Int64(sequence.below(101))) }
        let bytes = paths.reduce(0) { $0 + $1.count } / paths.count
        print("decisions on \(paths.count) paths of \(bytes) bytes, 20 patterns")

        var readable = 0
        measure("  whole path, first time", runs: 1, per: paths.count, .nanosecond) {
            for (path, id) in zip(paths, classes) {
                let decision = view.decision(id, at: view.place(at: path), path: { path })
                if decision.level == .read { readable += 1 }
            }
        }
        measure("  whole path", per: paths.count, .nanosecond) {
            for (path, id) in zip(paths, classes) {
                let decision = view.decision(id, at: view.place(at: path), path: { path })
                if decision.level == .read { readable += 1 }
            }
        }
        let folder = view.place(at: Array("jw10001/L3/visit104".utf8))
        let names = paths.map { Array($0[($0.lastIndex(of: UInt8(ascii: "/"))! + 1)...]) }
        measure("  a name in a folder", per: names.count, .nanosecond) {
            for (name, id) in zip(names, classes) {
                let place = name.withUnsafeBytes { view.place(of: $0, in: folder) }
                if view.decision(id, at: place, path: { name }).level == .read { readable += 1 }
            }
        }
        measure("  what a folder reaches", per: paths.count, .nanosecond) {
            for _ in paths where view.reach(below: folder) == .everything { readable += 1 }
        }
        print("  (\(readable) were readable)")
    }

    static func rule(
        _ name: String, _ effect: AccessRule.Effect, _ subject: Subject, _ pattern: PathPattern?
    ) -> AccessRule {
        AccessRule(name: name, effect: effect, subject: subject, pattern: pattern)
    }
}
