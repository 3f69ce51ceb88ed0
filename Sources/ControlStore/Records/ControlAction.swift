/// What an administrator can do to the control store.
package enum ControlAction: String, Sendable, CaseIterable {
    case rootAdded = "root-added"
    case rootRemoved = "root-removed"
    case rootChanged = "root-changed"
    case volumeAdded = "volume-added"
    case volumeRemoved = "volume-removed"
    case sourceAdded = "source-added"
    case sourceRemoved = "source-removed"
    case madePublic = "made-public"
    case madePrivate = "made-private"
    case published = "published"
    case switched = "switched"
    case userAdded = "user-added"
    case userDisabled = "user-disabled"
    case userEnabled = "user-enabled"
    case userRemoved = "user-removed"
    case teamAdded = "team-added"
    case teamChanged = "team-changed"
    case teamRemoved = "team-removed"
    case memberSet = "member-set"
    case memberRemoved = "member-removed"
    case metadataSet = "metadata-set"
    case settingsSet = "settings-set"
    case labelSet = "label-set"
    case ruleSet = "rule-set"
    case ruleRemoved = "rule-removed"
    case attributesReplaced = "attributes-replaced"
    case releasesReplaced = "releases-replaced"
    case classesAssigned = "classes-assigned"
    case restored = "restored"
    case keyCreated = "key-created"
    case keyRemoved = "key-removed"
    case keyRenewed = "key-renewed"
    case tokenCreated = "token-created"
    case tokenRemoved = "token-removed"
    case tokenRenewed = "token-renewed"
    case secretsRotated = "secrets-rotated"
    /// The state's owner asked in another's name.
    case actedAs = "acted-as"
    /// The state's owner read what he may not see by any rule.
    case readAsOwner = "read-as-owner"

    /// What kind of thing it is done to.
    package enum SubjectKind: Hashable, Sendable {
        case root
        case volume
        case user
        case team
        /// The store as a whole.
        case state
    }

    /// What kind of thing it is done to: one name can be a volume's and a team's.
    package var subjectKind: SubjectKind {
        switch self {
        case .rootAdded, .rootRemoved, .rootChanged: .root
        case .volumeAdded, .volumeRemoved, .sourceAdded, .sourceRemoved, .madePublic,
            .madePrivate, .published, .switched, .metadataSet, .settingsSet, .labelSet, .ruleSet,
            .ruleRemoved, .attributesReplaced,
            .releasesReplaced, .classesAssigned, .readAsOwner:
            .volume
        case .userAdded, .userDisabled, .userEnabled, .userRemoved, .keyCreated, .keyRemoved,
            .keyRenewed, .tokenCreated, .tokenRemoved, .tokenRenewed, .actedAs:
            .user
        case .teamAdded, .teamChanged, .teamRemoved, .memberSet, .memberRemoved: .team
        case .restored, .secretsRotated: .state
        }
    }

    /// Whether it bears on who may see what, so that the policy is to be read anew. Keys and tokens
    /// are read with every snapshot.
    var bearsOnPolicy: Bool {
        switch self {
        case .volumeAdded, .volumeRemoved, .madePublic, .madePrivate, .userAdded, .userDisabled,
            .userEnabled, .userRemoved, .teamAdded, .teamChanged, .teamRemoved, .memberSet,
            .memberRemoved, .settingsSet, .ruleSet, .ruleRemoved, .attributesReplaced,
            .releasesReplaced, .restored:
            true
        case .rootAdded, .rootRemoved, .rootChanged, .sourceAdded, .sourceRemoved, .published,
            .switched,
            .metadataSet, .labelSet, .classesAssigned, .keyCreated, .keyRemoved, .keyRenewed,
            .tokenCreated, .tokenRemoved,
            .tokenRenewed, .secretsRotated, .actedAs, .readAsOwner:
            false
        }
    }
}
