/// The settings of a bucket that clients ask for (`GET ?name`), and what a plain bucket answers.
package enum BucketSetting: String, Hashable, Sendable, CaseIterable {
    case accelerate
    case acl
    case analytics
    case cors
    case encryption
    case intelligentTiering = "intelligent-tiering"
    case inventory
    case lifecycle
    case location
    case logging
    case metrics
    case notification
    case objectLock = "object-lock"
    case ownershipControls
    case policy
    case policyStatus
    case publicAccessBlock
    case replication
    case requestPayment
    case tagging
    case uploads
    case versioning
    case website

    /// The name of the call.
    package var operation: String {
        switch self {
        case .accelerate: "GetBucketAccelerateConfiguration"
        case .acl: "GetBucketAcl"
        case .analytics: "ListBucketAnalyticsConfigurations"
        case .cors: "GetBucketCors"
        case .encryption: "GetBucketEncryption"
        case .intelligentTiering: "ListBucketIntelligentTieringConfigurations"
        case .inventory: "ListBucketInventoryConfigurations"
        case .lifecycle: "GetBucketLifecycleConfiguration"
        case .location: "GetBucketLocation"
        case .logging: "GetBucketLogging"
        case .metrics: "ListBucketMetricsConfigurations"
        case .notification: "GetBucketNotificationConfiguration"
        case .objectLock: "GetObjectLockConfiguration"
        case .ownershipControls: "GetBucketOwnershipControls"
        case .policy: "GetBucketPolicy"
        case .policyStatus: "GetBucketPolicyStatus"
        case .publicAccessBlock: "GetPublicAccessBlock"
        case .replication: "GetBucketReplication"
        case .requestPayment: "GetBucketRequestPayment"
        case .tagging: "GetBucketTagging"
        case .uploads: "ListMultipartUploads"
        case .versioning: "GetBucketVersioning"
        case .website: "GetBucketWebsite"
        }
    }

    /// The document that a bucket without any configuration answers with.
    ///
    /// - Throws: the error of a setting that such a bucket has not.
    package func document(bucket: String, region: String) throws(S3Failure) -> [UInt8] {
        var writer = XMLWriter()
        switch self {
        case .accelerate: writer.document("AccelerateConfiguration") { _ in }
        case .acl: writer.accessControlPolicy()
        case .analytics: writer.emptyList("ListBucketAnalyticsConfigurationResult")
        case .intelligentTiering:
            writer.emptyList("ListBucketIntelligentTieringConfigurationsOutput")
        case .inventory: writer.emptyList("ListInventoryConfigurationsResult")
        case .metrics: writer.emptyList("ListMetricsConfigurationsResult")
        case .cors: throw S3Failure(.noSuchCORSConfiguration)
        case .encryption: throw S3Failure(.serverSideEncryptionNotFound)
        case .lifecycle: throw S3Failure(.noSuchLifecycleConfiguration)
        case .location:
            writer.document("LocationConstraint") { writer in
                // The oldest region is named by nothing.
                if region != "us-east-1" { writer.append(raw: region.utf8) }
            }
        case .logging: writer.document("BucketLoggingStatus") { _ in }
        case .notification: writer.document("NotificationConfiguration") { _ in }
        case .objectLock: throw S3Failure(.objectLockConfigurationNotFound)
        case .ownershipControls: throw S3Failure(.ownershipControlsNotFound)
        case .policy, .policyStatus: throw S3Failure(.noSuchBucketPolicy)
        case .publicAccessBlock: throw S3Failure(.noSuchPublicAccessBlock)
        case .replication: throw S3Failure(.replicationConfigurationNotFound)
        case .requestPayment:
            writer.document("RequestPaymentConfiguration") { $0.element("Payer", "BucketOwner") }
        case .tagging: throw S3Failure(.noSuchTagSet)
        case .uploads:
            writer.document("ListMultipartUploadsResult") { writer in
                writer.element("Bucket", bucket)
                writer.element("KeyMarker", "")
                writer.element("UploadIdMarker", "")
                writer.element("MaxUploads", 1_000)
                writer.element("IsTruncated", "false")
            }
        case .versioning: writer.document("VersioningConfiguration") { _ in }
        case .website: throw S3Failure(.noSuchWebsiteConfiguration)
        }
        return writer.bytes
    }
}

/// The settings of an object that clients ask for.
package enum ObjectSetting: String, Hashable, Sendable, CaseIterable {
    case acl
    case legalHold = "legal-hold"
    case retention
    case tagging
    case torrent
    case uploadId

    /// The name of the call.
    package var operation: String {
        switch self {
        case .acl: "GetObjectAcl"
        case .legalHold: "GetObjectLegalHold"
        case .retention: "GetObjectRetention"
        case .tagging: "GetObjectTagging"
        case .torrent: "GetObjectTorrent"
        case .uploadId: "ListParts"
        }
    }

    /// The document of an object without any.
    ///
    /// - Throws: the error of a setting that such an object has not.
    package func document() throws(S3Failure) -> [UInt8] {
        var writer = XMLWriter()
        switch self {
        case .acl: writer.accessControlPolicy()
        case .legalHold, .retention: throw S3Failure(.noSuchObjectLockConfiguration)
        case .tagging: writer.document("Tagging") { $0.element("TagSet", "") }
        case .torrent: throw S3Failure(.notImplemented)
        case .uploadId: throw S3Failure(.noSuchUpload)
        }
        return writer.bytes
    }
}

extension XMLWriter {
    fileprivate mutating func emptyList(_ name: StaticString) {
        document(name) { $0.element("IsTruncated", "false") }
    }

    fileprivate mutating func accessControlPolicy() {
        document("AccessControlPolicy") { writer in
            writer.owner()
            writer.element("AccessControlList") { writer in
                writer.element("Grant") { writer in
                    writer.append(
                        raw: (#"<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" "#
                            + #"xsi:type="CanonicalUser">"#).utf8)
                    writer.element("ID", ListingDocument.owner)
                    writer.element("DisplayName", ListingDocument.owner)
                    writer.close("Grantee")
                    writer.element("Permission", "READ")
                }
            }
        }
    }
}
