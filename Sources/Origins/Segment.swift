/// A piece of a file's content on its way to a client.
package enum Segment: Sendable {
    /// In a file of this machine, to be sent the cheapest way; the origin's file owns the
    /// descriptor.
    case file(descriptor: Int32, offset: Int64, count: Int)
    /// In memory.
    case bytes([UInt8])
}
