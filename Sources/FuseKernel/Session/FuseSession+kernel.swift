extension FuseSession {
    /// Makes the kernel ask again for a name at its next use.
    ///
    /// Like every notification it is queued and sent in order from a thread of the session's own, so
    /// it may be called from anywhere, and it does nothing when the session is not mounted.
    ///
    /// - Parameter expireOnly: keeps what is open, worked in or mounted below the name, where the
    ///   kernel can (`hasExpireOnly`); else the name is dropped with all that is mounted there.
    package func invalidateEntry(parent: NodeID, name: [UInt8], expireOnly: Bool = false) {
        guard let connection = state.read().connection else { return }
        connection.notifier.enqueue(
            .entry(
                parent: parent, name: name,
                expireOnly: expireOnly && connection.capabilities.hasExpireOnly))
    }

    /// Drops a node's cached attributes, and its pages or its folder records.
    ///
    /// - Parameters:
    ///   - offset: in bytes; a negative one drops only the attributes.
    ///   - length: in bytes; 0 reaches to the end.
    package func invalidateInode(_ node: NodeID, offset: Int64 = 0, length: Int64 = 0) {
        state.read().connection?.notifier.enqueue(.inode(node, offset: offset, length: length))
    }

    /// Makes the kernel look up every name again at its next use.
    ///
    /// - Returns: false, with nothing sent, if the kernel is older than 7.44.
    @discardableResult
    package func incrementEpoch() -> Bool {
        guard let connection = state.read().connection, connection.capabilities.hasEpoch else {
            return false
        }
        connection.notifier.enqueue(.epoch)
        return true
    }

    /// Puts bytes into the kernel's pages of a node, at once; what lies beyond its size makes the
    /// node longer, so that is the caller's to avoid.
    ///
    /// It waits while a READ of one of these pages is under way. Not for a session thread: that one
    /// may be the only one to answer it.
    ///
    /// - Returns: false if the kernel did not take them: it knows no such node, or the mount has
    ///   ended.
    @discardableResult
    package func store(_ node: NodeID, offset: UInt64, _ bytes: UnsafeRawBufferPointer) -> Bool {
        state.read().connection?.notifier.store(node, offset: offset, bytes) ?? false
    }

    /// Waits until the kernel has taken every notification so far. Not for a session thread: one
    /// that the kernel makes wait for it would wait for ever.
    ///
    /// - Returns: false if the time ran out.
    package func waitForNotifications(timeout: Duration) -> Bool {
        state.read().connection?.notifier.drain(timeout: timeout) ?? true
    }

    /// Lets the kernel read a file by itself in place of a node's handler.
    ///
    /// The descriptor may be closed afterwards. The rules of ``BackingID`` are the caller's to keep.
    ///
    /// - Throws: `FuseSessionError`, code `backing` with errno EPERM (no CAP_SYS_ADMIN), ELOOP (the
    ///   file lies on a stacked file system), or another; the file can be served without it.
    package func openBacking(_ descriptor: Int32) throws -> BackingID {
        guard let connection = state.read().connection else {
            throw FuseSessionError(.state, "the session is not mounted")
        }
        return try FuseConnection.openBacking(descriptor, on: connection.channel)
    }

    /// Gives a backing file back, after the last RELEASE of the node that used it.
    package func closeBacking(_ backing: BackingID) {
        guard let connection = state.read().connection else { return }
        FuseConnection.closeBacking(backing, on: connection.channel)
    }
}
