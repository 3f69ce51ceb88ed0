internal import AccessControl
internal import ControlStore
internal import VolumeModel

/// The naive evaluator on one revision of a model: gives each path the class that its attributes and
/// the link on its way make.
struct AccessJudge {
    private let name: VolumeName
    private let naive: NaiveAccess
    private let classes: [[UInt8]: AccessClassID]

    init(
        _ model: AccessModel, _ name: VolumeName, _ tree: ReferenceTree, _ requester: Requester,
        _ time: Timestamp
    ) {
        let volume = model.volumes[name] ?? AccessModel.Volume()
        var numbers: [AccessClass: AccessClassID] = [AccessClass(): .none]
        func number(_ accessClass: AccessClass) -> AccessClassID {
            let number = numbers[accessClass] ?? AccessClassID(Int64(numbers.count))
            numbers[accessClass] = number
            return number
        }
        classes = Dictionary(
            uniqueKeysWithValues: tree.nodes.keys.map { path in
                var own = AccessClass(attributes: volume.attributes(path))
                if let target = tree.targets[path] {
                    own.link = AccessClass.Link(
                        path: path, target: target,
                        targetClass: number(AccessClass(attributes: volume.attributes(target))))
                }
                return (path, number(own))
            })
        var policy = AccessPolicy(users: model.users, teams: model.teams)
        policy.volumes[name] = VolumePolicy(
            rules: Array(volume.rules.values), embargo: volume.settings.embargo,
            releases: volume.releases,
            classes: Dictionary(uniqueKeysWithValues: numbers.map { ($1, $0) }))
        self.name = name
        naive = NaiveAccess(policy, requester, at: time)
    }

    /// The level on the volume itself.
    var volumeLevel: AccessLevel { naive.level(on: name) }

    /// The level on an entry.
    func level(_ path: [UInt8]) -> AccessLevel {
        naive.level(of: path, classes[path] ?? .none, in: name)
    }
}
