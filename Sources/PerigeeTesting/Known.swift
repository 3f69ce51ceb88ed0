/// A value that a test spells out, such as a name: one that is none is a mistake in the test, which
/// stops there and says why.
package func known<Value>(_ value: @autoclosure () throws -> Value) -> Value {
    do {
        return try value()
    } catch {
        preconditionFailure("a literal of a test is wrong: \(error)")
    }
}
