/// Something in a state folder that is not as it has to be.
package struct StateFault: Hashable, Sendable {
    /// Where: `control`, or a volume's name.
    package let store: String
    /// What is the matter.
    package let detail: String
    /// What a person can do about it.
    package let remedy: String

    /// Puts a fault together.
    package init(store: String, detail: String, remedy: String) {
        self.store = store
        self.detail = detail
        self.remedy = remedy
    }
}
