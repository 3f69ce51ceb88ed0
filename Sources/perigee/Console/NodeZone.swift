internal import ControlStore
internal import Foundation
internal import VolumeModel

/// Where this node is, as the sources of volumes name places.
enum NodeZone {
    /// The zone of a flag, or else of the environment's `PERIGEE_ZONE`; nil: nowhere in particular.
    ///
    /// - Throws: `.invalidArgument`.
    static func named(_ flag: String?) throws(PerigeeError) -> String? {
        let text = flag ?? ProcessInfo.processInfo.environment["PERIGEE_ZONE"]
        guard let text, !text.isEmpty else { return nil }
        try VolumeSource.check(zone: text)
        return text
    }
}
