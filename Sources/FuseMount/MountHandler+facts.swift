internal import FuseKernel
internal import VolumeFileSystem
internal import VolumeModel
internal import VolumeService

/// Extended attributes and the status ioctl: what is known of an entry beyond `stat`.
extension MountHandler {
    func attribute(
        _ name: UnsafeRawBufferPointer, of node: Node, size: UInt32, _ reply: FuseReply
    ) throws(PerigeeError) {
        guard options.xattrs else {
            reply.error(RefusedOperation.unknown)
            return
        }
        // Others (security.capability, POSIX ACLs) are asked for often, and never there.
        guard name.starts(with: Self.prefix.utf8) else {
            reply.error(RefusedOperation.noAttribute)
            return
        }
        let key = String(decoding: name.dropFirst(Self.prefix.utf8.count), as: UTF8.self)
        guard let value = facts(try system.details(of: node)).first(where: { $0.key == key })
        else {
            reply.error(RefusedOperation.noAttribute)
            return
        }
        give(Array(value.value.utf8), size: size, reply)
    }

    func attributeNames(
        of node: Node, size: UInt32, _ reply: FuseReply
    ) throws(PerigeeError) {
        guard options.xattrs else {
            reply.error(RefusedOperation.unknown)
            return
        }
        let names = facts(try system.details(of: node)).flatMap {
            Array("\(Self.prefix)\($0.key)\0".utf8)
        }
        give(names, size: size, reply)
    }

    func control(
        _ node: Node, _ handle: FuseHandle, _ command: UInt32, _ input: UnsafeRawBufferPointer,
        _ outputSize: UInt32, _ reply: FuseReply
    ) throws(PerigeeError) {
        guard command == MountStatus.command, let name = MountStatus.name(in: input) else {
            reply.error(RefusedOperation.control)
            return
        }
        let details =
            name.isEmpty
            ? try system.details(of: node) : try system.details(of: name, in: node)
        guard let block = status(details).block(), block.count <= Int(outputSize) else {
            throw PerigeeError(.corrupt, "an entry's status does not fit into its block")
        }
        block.withUnsafeBytes { reply.ioctl(result: 0, $0) }
    }

    private func status(_ found: NodeDetails) -> MountStatus {
        var digests: [String: String] = [:]
        for digest in found.details?.digests ?? [] {
            digests[digest.algorithm.rawValue] = Hex.encode(digest.bytes)
        }
        let serving: MountStatus.Serving? =
            switch backing?.mode(of: found.node) {
            case .passthrough: .passthrough
            case .cached: .cached
            case .direct: .direct
            case nil: nil
            }
        return MountStatus(
            volume: found.snapshot?.name.string, revision: found.snapshot?.number.value,
            pinned: found.snapshot.map { $0.selector != .current },
            path: found.details?.path.description,
            kind: found.entry.kind == .file ? "file" : "folder", size: found.entry.size,
            modified: found.entry.modified.nanoseconds, node: found.node.value,
            etag: found.details?.etag?.text, digests: digests,
            added: found.details?.added.value, serving: serving)
    }

    private static let prefix = "user.perigee."

    /// What is shown under `prefix`.
    private func facts(_ found: NodeDetails) -> [(key: String, value: String)] {
        guard let snapshot = found.snapshot, let details = found.details else { return [] }
        var facts = [
            ("revision", "\(snapshot.name)@\(snapshot.number)"),
            ("path", details.path.description),
        ]
        if let etag = details.etag { facts.append(("etag", etag.text)) }
        for digest in details.digests {
            facts.append((digest.algorithm.rawValue, Hex.encode(digest.bytes)))
        }
        return facts
    }

    private func give(_ bytes: [UInt8], size: UInt32, _ reply: FuseReply) {
        if size == 0 {
            reply.xattrSize(UInt32(bytes.count))
        } else if bytes.count > Int(size) {
            reply.error(RefusedOperation.attributeTooLarge)
        } else {
            bytes.withUnsafeBytes { reply.data($0) }
        }
    }
}
