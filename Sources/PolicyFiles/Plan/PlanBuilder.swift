internal import AccessControl
internal import ControlStore
internal import VolumeModel
internal import YAMLFiles

/// A plan in the making: what there is, what there should be, and the difference so far.
struct PlanBuilder {
    // What it compares.
    let files: PolicySet
    let snapshot: ControlSnapshot
    let options: PolicyPlan.Options
    /// The teams of the files by name.
    let fileTeams: [TeamName: TeamDocument]
    /// The volumes of the files by name.
    let fileVolumes: [VolumeName: VolumeDocument]
    /// The names of the files' rules by volume.
    let fileRules: [VolumeName: Set<String>]
    /// The volumes of the state by name.
    let volumes: [VolumeName: VolumeRecord]

    // What it found.
    var faults = FileFaults()
    var changes: [PlanChange] = []
    var kept: [PlanRemainder] = []
    var unchanged = 0

    // Operations by step: an object is made before others name it, and goes after they have gone.
    private var volumeSteps: [ControlOperation] = []
    private var teamSteps: [ControlOperation] = []
    private var removals: [ControlOperation] = []
    private var memberSteps: [ControlOperation] = []
    private var ruleSteps: [ControlOperation] = []
    private var lastSteps: [ControlOperation] = []

    enum Step {
        case volume
        case team
        /// Members and rules go before others come, so that no cycle is closed on the way.
        case removal
        case member
        case rule
        case last
    }

    init(_ files: PolicySet, on snapshot: ControlSnapshot, _ options: PolicyPlan.Options) {
        self.files = files
        self.snapshot = snapshot
        self.options = options
        fileTeams = Dictionary(files.teams.map { ($0.name.value, $0) }) { first, _ in first }
        fileVolumes = Dictionary(files.volumes.map { ($0.name.value, $0) }) { first, _ in first }
        fileRules = Dictionary(
            files.policies.map { ($0.volume.value, Set($0.rules.map(\.rule.name))) }
        ) { first, _ in first }
        volumes = Dictionary(snapshot.volumes.map { ($0.name, $0) }) { first, _ in first }
    }

    var operations: [ControlOperation] {
        volumeSteps + teamSteps + removals + memberSteps + ruleSteps + lastSteps
    }

    mutating func add(_ step: Step, _ operation: ControlOperation) {
        switch step {
        case .volume: volumeSteps.append(operation)
        case .team: teamSteps.append(operation)
        case .removal: removals.append(operation)
        case .member: memberSteps.append(operation)
        case .rule: ruleSteps.append(operation)
        case .last: lastSteps.append(operation)
        }
    }

    /// Notes what becomes of an object of the files that is there already.
    mutating func note(_ kind: PlanChange.Kind, _ name: String, _ details: [String]) {
        if details.isEmpty {
            unchanged += 1
        } else {
            changes.append(PlanChange(.change, kind, name, details))
        }
    }

    /// Whether the plan may change an object with that label; if not, that is noted.
    mutating func owns(
        _ object: String, labelled label: PolicyLabel?, at place: FilePlace
    ) -> Bool {
        if label == options.label || options.isAdopting { return true }
        let owner = label.map { "the files with the label \($0)" } ?? "a command"
        faults.add(
            place, "there is a \(object) already, made by \(owner)",
            remedy: "take it over with --adopt, or call this one something else")
        return false
    }

    /// The label in details, where it changes.
    func labelDetails(_ label: PolicyLabel?) -> [String] {
        label == options.label ? [] : ["label \(label ?? "none") -> \(options.label)"]
    }
}

extension [String] {
    /// Adds `key old -> new` where the two differ.
    mutating func compare(_ key: String, _ old: String?, _ new: String?) {
        if old != new { append("\(key) \(old ?? "none") -> \(new ?? "none")") }
    }
}
