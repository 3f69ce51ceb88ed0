package import AccessControl
internal import Catalogue
internal import ControlStore
package import VolumeModel

extension LocalVolumeService {
    package func keys(_ walk: KeyWalk, of snapshot: VolumeSnapshot) throws(PerigeeError) -> KeyPage
    {
        try read(snapshot) { sight throws(PerigeeError) in
            var walker = try KeyWalker(sight, walk)
            return try walker.run()
        }
    }

    package func isDiscoverable(
        _ volume: VolumeName, by principal: Principal
    ) throws(PerigeeError) -> Bool {
        guard let record = control().volume(named: volume), record.current != nil else {
            return false
        }
        switch granted(record, for: principal, showing: .listed).grant {
        case .everything: return true
        case .nothing: return false
        case .view(let view): return view.volume.level >= .discover
        }
    }
}
