/// What a caller that caches has to forget, in this order: names, then what lies behind nodes.
package enum FileSystemInvalidation: Hashable, Sendable {
    /// Every name. A caller that can do this needs none of the `name` events that come with it.
    case allNames
    /// One name at the root.
    case name([UInt8])
    /// Attributes and content (pages, or a folder's listing) of a node.
    case node(Node)
    /// The same of a file that may not be read any more: at once, whatever else is under way.
    case revoked(Node)
}
