/// What an archive promises of the files under an origin root.
package enum FilesContract: String, Sendable, CaseIterable, Codable {
    /// A new version comes by rename over the old one, or under another name.
    case replaced
    /// Files may be written in place: nothing is passed through to the kernel or kept by it.
    case rewritten
}

/// Whether system calls on an origin root can hang.
package enum Locality: String, Sendable, CaseIterable, Codable {
    /// Ask the file system's type.
    case auto
    /// On a disk of this machine.
    case local
    /// On another machine that may never answer.
    case network
}

/// By what a source's file is known to be the version that was scanned.
package enum Fingerprint: String, Sendable, CaseIterable, Codable {
    case sizeAndModified = "size+mtime"
    case sizeModifiedAndInode = "size+mtime+inode"
    /// The scan compares SHA-256 where size or time moved; at open, size and the time last seen.
    case digest
    /// The entity tag, where an origin tells one, with the size; where it tells none, size and time.
    case etag
}
