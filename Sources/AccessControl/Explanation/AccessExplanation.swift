package import VolumeModel

/// Why somebody may do with an entry or a volume what he may, and what would let him do more.
///
/// Found out rule by rule, and not fast: it is for people who ask about one entry. The decision is the
/// one that a view makes.
package struct AccessExplanation: Hashable, Sendable {
    /// A rule that matches, and how.
    package struct Match: Hashable, Sendable {
        /// The rule.
        package let rule: AccessRule
        /// The way into the team that its subject names; nil for other subjects.
        package let way: TeamWay?
    }

    /// A grant that would have given more, had some things been otherwise.
    package struct Missed: Hashable, Sendable {
        /// The rule.
        package let rule: AccessRule
        /// What was not so; at least one thing.
        package let unmet: [Requirement]
    }

    /// What was found for one path with one class.
    package struct Finding: Hashable, Sendable {
        /// The path; nil: the volume itself.
        package let path: [UInt8]?
        /// The class.
        package let accessClass: AccessClassID
        /// Its attributes; nil: the policy does not know the class.
        package let attributes: [AttributeKey: String]?
        /// When its metadata and data become open; nil where no time closes anything.
        package let releases: Releases?
        /// The level by this path and class alone.
        package let level: AccessLevel
        /// The grant that gives most, lowered or not; nil: none matches.
        package let grant: Match?
        /// What that grant would have given without the embargo and denials.
        package let promised: AccessLevel
        /// The denial that leaves least, where it lowers the level.
        package let denial: Match?
        /// What lowered the level last.
        package let cap: AccessDecision.Cap
        /// Of the grants that would have given more, the one that is nearest: rules about other
        /// entries or people come last, and of the rest the one with the fewest things unmet; nil at
        /// `read`, and where no rule gives more.
        package let nearest: Missed?
    }

    /// The release times of a class.
    package struct Releases: Hashable, Sendable {
        /// Those of its metadata; nil: never; the first instant there is: they always were open.
        package let metadata: Timestamp?
        /// Those of its data; nil: never.
        package let data: Timestamp?
    }

    /// Who asks.
    package let requester: Requester
    /// The volume.
    package let volume: VolumeName
    /// When.
    package let now: Timestamp
    /// What a view decides.
    package let decision: AccessDecision
    /// What was found for the path and class that were asked for.
    package let own: Finding
    /// What was found for the target of a link, where the class is one of linked entries and the
    /// target stands in the volume.
    package let target: Finding?
    /// When something that bears on the requester and the volume may change next; nil: never by
    /// itself.
    package let until: Timestamp?

    /// The side that decides: the target's where it is lower.
    package var deciding: Finding {
        if case .link = decision.cap, let target { target } else { own }
    }
}

extension AccessExplanation {
    /// Something that a grant asks for, or has to wait for, to give more than there is.
    package enum Requirement: Hashable, Sendable {
        /// The user is not known here.
        case knownUser
        /// The user is disabled.
        case enabledUser
        /// It asks for somebody with an identity.
        case identity
        /// It is about another user.
        case user(UserName)
        /// He is not in the team; `ended` is when a membership of his own ended, if one has.
        case membership(TeamName, ended: Timestamp?)
        /// He is in the team, but not as what the rule asks for.
        case role(TeamName, TeamRole)
        /// The class's attributes make no team's name of the template.
        case teamOfClass(TeamTemplate)
        /// It holds from then on.
        case from(Timestamp)
        /// It has ended.
        case ended(Timestamp)
        /// The pattern does not cover the path; for the volume itself: it is about paths.
        case pattern(PathPattern)
        /// For the volume itself: it asks something of a class.
        case entry
        /// The class has another value, or none.
        case attribute(AttributeKey, equals: String, not: String?)
        /// It is for embargoed entries, and the data are released.
        case embargoed
        /// The metadata have to be released, at that instant; nil: no instant is known.
        case metadataRelease(Timestamp?)
        /// The data have to be.
        case dataRelease(Timestamp?)
        /// A denial holds the level down.
        case denial(AccessRule)
    }
}
