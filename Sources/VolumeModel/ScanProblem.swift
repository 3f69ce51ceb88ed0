/// Something that a source holds and that a volume does not show, or not as it stands.
package struct ScanProblem: Hashable, Sendable {
    /// What is the matter.
    package enum Kind: Int, Sendable, CaseIterable {
        case specialFile = 1
        case unreadableFile = 2
        case unreadableFolder = 3
        case nameNotUTF8 = 4
        case pathTooLong = 5
        case linkLeavesRoot = 6
        case linkDangles = 7
        case linkToAncestor = 8
        case linkTooDeep = 9
        case changedWhileScanned = 10
        case digestMismatch = 11
        case digestForNothing = 12
        case reservedName = 13
        case linksMultiply = 14
        case hardLinkDiffers = 15
        case linkIntoVolume = 16
        case keyIsNoPath = 17
        case hiddenByFolder = 18
        case sourceDiffers = 19
        case sourceNotCompared = 20

        /// Its name in reports and JSON.
        package var label: String {
            switch self {
            case .specialFile: "special-file"
            case .unreadableFile: "unreadable-file"
            case .unreadableFolder: "unreadable-folder"
            case .nameNotUTF8: "name-not-utf8"
            case .pathTooLong: "path-too-long"
            case .linkLeavesRoot: "link-leaves-root"
            case .linkDangles: "link-dangles"
            case .linkToAncestor: "link-to-ancestor"
            case .linkTooDeep: "link-too-deep"
            case .changedWhileScanned: "changed-while-scanned"
            case .digestMismatch: "digest-mismatch"
            case .digestForNothing: "digest-for-nothing"
            case .reservedName: "reserved-name"
            case .linksMultiply: "links-multiply"
            case .hardLinkDiffers: "hard-link-differs"
            case .linkIntoVolume: "link-into-volume"
            case .keyIsNoPath: "key-is-no-path"
            case .hiddenByFolder: "hidden-by-folder"
            case .sourceDiffers: "source-differs"
            case .sourceNotCompared: "source-not-compared"
            }
        }

        /// What it means for the volume, in a sentence.
        package var explanation: String {
            switch self {
            case .specialFile: "a socket, pipe or device is not served"
            case .unreadableFile:
                "the file cannot be read by this user; it stays as it was published before, if it was"
            case .keyIsNoPath:
                "an object's key with empty, `.` or `..` parts, or a slash at an end, is no path"
            case .hiddenByFolder:
                "the object is called as the folder of others is, and cannot stand beside it"
            case .sourceDiffers:
                "a further source lacks files of the volume, or has others in their places; these are "
                    + "not read from it"
            case .sourceNotCompared:
                "a further source could not be listed; what is known of it stays as it was"
            case .unreadableFolder:
                "the folder cannot be listed; it stays as it was published before, if it was"
            case .nameNotUTF8: "a name that is not UTF-8 cannot be exposed"
            case .pathTooLong: "a path of more than 1,024 bytes cannot be exposed"
            case .linkLeavesRoot: "the link leads out of the origin root and is not served"
            case .linkDangles: "the link leads nowhere"
            case .linkToAncestor: "the link leads to a folder that holds it"
            case .linkTooDeep: "more than 8 links to folders lie on one path"
            case .changedWhileScanned: "the file was changed while it was scanned"
            case .digestMismatch: "the digest given is not that of the content"
            case .digestForNothing: "a digest was given for a file that is not there"
            case .reservedName: "the name is one that Perigee uses itself"
            case .linksMultiply:
                "links to folders in linked folders are too many; those in this folder are not "
                    + "followed"
            case .hardLinkDiffers:
                "the file has another name under other rules or attributes, so what is closed under "
                    + "one name may be open under the other"
            case .linkIntoVolume:
                "the link leads into the folder of another volume, which has rules of its own, and "
                    + "is not served"
            }
        }
    }

    /// What is the matter.
    package let kind: Kind
    /// Where, as bytes below the volume's root; maybe no valid path.
    package let path: [UInt8]
    /// More, where there is more to say.
    package let detail: String

    /// Puts a problem together.
    package init(_ kind: Kind, _ path: [UInt8], _ detail: String = "") {
        self.kind = kind
        self.path = path
        self.detail = detail
    }
}
