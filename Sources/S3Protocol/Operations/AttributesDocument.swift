internal import Foundation
package import VolumeModel

/// The answer of GetObjectAttributes.
package enum AttributesDocument {
    /// Its bytes.
    ///
    /// - Parameter sha256: of the whole content, where it is known.
    package static func bytes(
        _ wanted: Set<ObjectAttribute>, etag: ETag, size: Int64, sha256: ContentDigest?
    ) -> [UInt8] {
        var writer = XMLWriter()
        writer.document("GetObjectAttributesResponse") { writer in
            if wanted.contains(.etag) { writer.element("ETag", etag.text) }
            if wanted.contains(.checksum), let sha256 {
                writer.element("Checksum") { writer in
                    writer.element("ChecksumSHA256", Data(sha256.bytes).base64EncodedString())
                    writer.element("ChecksumType", "FULL_OBJECT")
                }
            }
            if wanted.contains(.storageClass) { writer.element("StorageClass", "STANDARD") }
            if wanted.contains(.size) { writer.element("ObjectSize", size) }
        }
        return writer.bytes
    }
}
