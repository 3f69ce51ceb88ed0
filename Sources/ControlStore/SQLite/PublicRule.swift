internal import AccessControl

/// The rule that `volume set --public` makes: anyone reads all of the volume.
enum PublicRule {
    /// What it is called.
    static let name = "public"
    /// The command that makes it.
    static let place = "volume set --public"

    static let rule = AccessRule(
        name: name, effect: .grant(.read), subject: .anyone, place: place)

    /// Which rows of `rule` say that, wherever they were written.
    static let condition = """
        name = 'public' AND effect = 'grant' AND level = 'read' AND subject = 'anyone'
        AND pattern IS NULL AND conditions = '' AND "from" IS NULL AND until IS NULL
        """
}
