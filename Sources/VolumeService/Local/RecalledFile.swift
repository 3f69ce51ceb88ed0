internal import AccessControl
internal import ControlStore
package import Synchronization
internal import VolumeModel

/// A file that was found by its path for somebody, with all that decided it.
package final class RecalledFile: Sendable {
    /// The state of the volume in which it was found.
    package let snapshot: VolumeSnapshot
    /// What was found.
    package let file: FoundFile
    /// What a front end has made of it, to be made once: such as the header of an object.
    package let memo = Mutex<[UInt8]?>(nil)
    /// What decided; nil where it is not to be relied on again.
    let granted: GrantedView?
    /// What opening it enters into the audit log; nil where that has to be found out.
    let access: DataAccess?

    init(
        _ snapshot: VolumeSnapshot, _ file: FoundFile, granted: GrantedView?, access: DataAccess?
    ) {
        self.snapshot = snapshot
        self.file = file
        self.granted = granted
        self.access = access
    }

    /// What a service without a memory found.
    package convenience init(_ snapshot: VolumeSnapshot, _ file: FoundFile) {
        self.init(snapshot, file, granted: nil, access: nil)
    }
}

/// Where somebody looks for a file.
struct RecallKey: Hashable, Sendable {
    let principal: Principal
    let volume: VolumeName
    let selector: RevisionSelector
    let path: [UInt8]

    /// The path goes in as one piece, which takes a tenth of byte by byte.
    func hash(into hasher: inout Hasher) {
        hasher.combine(principal)
        hasher.combine(volume)
        path.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
