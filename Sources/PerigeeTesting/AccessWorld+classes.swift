internal import VolumeModel
internal import VolumeService

extension AccessWorld {
    /// Puts entries into the classes that their volume's attributes make.
    func assignClasses(_ volume: VolumeName) throws {
        try fixture.publisher.assignClassesIfNeeded(volume)
    }
}
