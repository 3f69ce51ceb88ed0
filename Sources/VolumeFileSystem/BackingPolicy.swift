/// How the reads of each open node are served: by the kernel itself from a backing file, from the
/// kernel's cache, or each by the daemon.
///
/// The kernel's rules, each of which answers EIO where it is broken: one backing id for a node while
/// any handle is open, kept until the last is released; and one way for a node while it is open,
/// which the first open decides. Events in, actions out; the caller serialises the calls.
package struct BackingPolicy: Sendable {
    /// How a node's reads are served while it is open.
    package enum Mode: Hashable, Sendable {
        /// The kernel reads the backing file with that id.
        case passthrough(Int32)
        /// The daemon answers, and the kernel keeps the pages.
        case cached
        /// The daemon answers and checks every read.
        case direct
    }

    /// What an open has to do.
    package enum Decision: Hashable, Sendable {
        /// Answer with this mode.
        case use(Mode)
        /// Register the file's descriptor with the kernel and call `registered`.
        case register
    }

    private struct OpenNode {
        var mode: Mode
        var handles: Int
    }

    private var open: [Node: OpenNode] = [:]
    /// False once the kernel has said that this process may not.
    package private(set) var isAllowed: Bool

    /// - Parameter isAllowed: whether the kernel can read files for itself here.
    package init(isAllowed: Bool) {
        self.isAllowed = isAllowed
    }

    /// A handle of `node` is being opened.
    ///
    /// - Parameters:
    ///   - canPassThrough: whether its origin allows it.
    ///   - mayKeepPages: whether the kernel may keep pages; without it nothing is passed through
    ///     either, since the kernel would read what it is not to keep.
    package mutating func opening(
        _ node: Node, canPassThrough: Bool, mayKeepPages: Bool
    ) -> Decision {
        if let known = open[node] {
            open[node]?.handles += 1
            return .use(known.mode)
        }
        if mayKeepPages, canPassThrough, isAllowed { return .register }
        return .use(begin(node, mayKeepPages ? .cached : .direct))
    }

    /// The kernel's answer to `register`, which makes the node open.
    ///
    /// - Parameter isForbidden: with an id of nil, whether the refusal holds for every file (EPERM);
    ///   any other (ELOOP for a stacked file system) is of this file alone.
    package mutating func registered(_ node: Node, id: Int32?, isForbidden: Bool = false) -> Mode {
        guard let id else {
            if isForbidden { isAllowed = false }
            return begin(node, .cached)
        }
        return begin(node, .passthrough(id))
    }

    /// A handle was released: the backing id to give back, where it was the last of its node.
    package mutating func released(_ node: Node) -> Int32? {
        guard var known = open[node] else { return nil }
        known.handles -= 1
        guard known.handles == 0 else {
            open[node] = known
            return nil
        }
        open[node] = nil
        if case .passthrough(let id) = known.mode { return id }
        return nil
    }

    /// How a node is served while it is open, else nil.
    package func mode(of node: Node) -> Mode? { open[node]?.mode }

    private mutating func begin(_ node: Node, _ mode: Mode) -> Mode {
        open[node] = OpenNode(mode: mode, handles: 1)
        return mode
    }
}
