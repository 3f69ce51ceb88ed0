package import VolumeModel

/// What a rule asks of an entry's class, beside its path.
package enum AccessCondition: Hashable, Sendable {
    /// Its data are not released yet. A grant with this condition names the embargo: it is not
    /// capped by it.
    case embargoed
    /// Its data are released, or the volume has no embargo.
    case released
    /// An attribute of its class has this value.
    case attribute(AttributeKey, equals: String)
}

/// One grant or denial on a volume.
package struct AccessRule: Hashable, Sendable {
    /// What a rule does with those who match.
    package enum Effect: Hashable, Sendable {
        /// Raises their level to this one.
        case grant(AccessLevel)
        /// Caps their level at this one.
        case denial(AccessLevel)
    }

    /// Its name, unique in its volume, as people and audits call it.
    package var name: String
    /// What it does.
    package var effect: Effect
    /// To whom.
    package var subject: Subject
    /// To which entries: those whose path, or a folder above it, matches. Nil: the volume itself
    /// and everything in it.
    package var pattern: PathPattern?
    /// All of them must hold.
    package var conditions: [AccessCondition]
    /// From when on it holds; nil: always has.
    package var from: Timestamp?
    /// Until when it holds, that instant not included; nil: for ever.
    package var until: Timestamp?
    /// Where it was written, for people: `policies/jwst.yaml`, or the command that made it.
    package var place: String

    /// Puts a rule together.
    package init(
        name: String, effect: Effect, subject: Subject, pattern: PathPattern? = nil,
        conditions: [AccessCondition] = [], from: Timestamp? = nil, until: Timestamp? = nil,
        place: String = ""
    ) {
        self.name = name
        self.effect = effect
        self.subject = subject
        self.pattern = pattern
        self.conditions = conditions
        self.from = from
        self.until = until
        self.place = place
    }
}
