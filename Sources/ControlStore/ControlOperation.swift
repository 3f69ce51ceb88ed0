package import AccessControl
package import VolumeModel

/// One change of who may see what. Several are done in one transaction, in their order, or none.
///
/// Each that changes something is one event of the audit chain; one that changes nothing (a rule set
/// to what it is) is none.
package enum ControlOperation: Hashable, Sendable {
    /// `.conflict` where there is one of that name.
    case addUser(UserName)
    /// `.notFound`.
    case setUserDisabled(UserName, Bool)
    /// Removes him with his memberships, keys and tokens. `.notFound`; `.conflict` where a rule
    /// names him.
    case removeUser(UserName)
    /// Adds a team, or gives the one of that name these facts.
    case setTeam(TeamName, TeamRecord)
    /// Removes a team with its memberships. `.notFound`; `.conflict` where a rule names it or a
    /// team has it as a member.
    case removeTeam(TeamName)
    /// Adds a membership, or gives the one of that member this role and end. `.notFound` for the
    /// team or the member; `.conflict` where teams would nest in a cycle.
    case setMembership(TeamName, Membership)
    /// `.notFound`.
    case removeMembership(TeamName, TeamMember)
    /// Adds a volume, with its root before it where one is given; as `ControlStore.addVolume`.
    case addVolume(VolumeDraft, making: OriginRoot?)
    /// Replaces what people are told of a volume. `.notFound`, `.invalidArgument`.
    case setMetadata(VolumeName, VolumeMetadata)
    /// `.notFound`.
    case setSettings(VolumeName, VolumeSettings)
    /// Marks a volume as one of a label's, or of none.
    case setLabel(VolumeName, PolicyLabel?)
    /// Adds a rule, or replaces the one of that name. `.notFound` for the volume, a user or a team
    /// that it names; a template's teams need not exist.
    case setRule(VolumeName, AccessRule, label: PolicyLabel?)
    /// `.notFound`.
    case removeRule(VolumeName, name: String)
    /// Replaces the volume's attribute table.
    case setAttributeRows(VolumeName, [AttributeRow])
    /// Replaces the volume's table of release times.
    case setReleases(VolumeName, [ReleaseRow])
    /// Says that entries of a volume were put into other classes, so that views are made anew.
    case classesAssigned(VolumeName, entries: Int)
}
