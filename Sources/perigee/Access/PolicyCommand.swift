internal import ArgumentParser

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Test policies, and explain what they decide.",
        discussion: """
            Policies are made by perigee apply.

            Example:
              perigee policy test policies/tests
              perigee policy explain --as jane hst:hub_hstdata_i
            """,
        subcommands: [PolicyTestCommand.self, PolicyExplainCommand.self])
}
