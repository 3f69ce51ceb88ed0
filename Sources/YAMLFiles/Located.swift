/// A value with the place at which a file says it.
package struct Located<Value: Sendable>: Sendable {
    /// The value.
    package let value: Value
    /// Where it stands.
    package let place: FilePlace

    /// Puts both together.
    package init(_ value: Value, at place: FilePlace) {
        self.value = value
        self.place = place
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
