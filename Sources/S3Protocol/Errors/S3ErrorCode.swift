/// The error codes of S3 that a read-only gateway answers with, each with its HTTP status and a
/// sentence for where nothing better is known.
///
/// Codes and statuses are those of the Amazon S3 API reference, "Error responses".
package enum S3ErrorCode: String, Sendable, CaseIterable {
    case accessDenied = "AccessDenied"
    case accessForbidden = "AccessForbidden"
    case authorizationHeaderMalformed = "AuthorizationHeaderMalformed"
    case authorizationQueryParametersError = "AuthorizationQueryParametersError"
    case badRequest = "BadRequest"
    case internalError = "InternalError"
    case invalidAccessKeyId = "InvalidAccessKeyId"
    case invalidArgument = "InvalidArgument"
    case invalidBucketName = "InvalidBucketName"
    case invalidPartNumber = "InvalidPartNumber"
    case invalidRange = "InvalidRange"
    case invalidRequest = "InvalidRequest"
    case invalidToken = "InvalidToken"
    case invalidURI = "InvalidURI"
    case keyTooLong = "KeyTooLongError"
    case methodNotAllowed = "MethodNotAllowed"
    case noSuchBucket = "NoSuchBucket"
    case noSuchBucketPolicy = "NoSuchBucketPolicy"
    case noSuchCORSConfiguration = "NoSuchCORSConfiguration"
    case noSuchKey = "NoSuchKey"
    case noSuchLifecycleConfiguration = "NoSuchLifecycleConfiguration"
    case noSuchObjectLockConfiguration = "NoSuchObjectLockConfiguration"
    case noSuchPublicAccessBlock = "NoSuchPublicAccessBlockConfiguration"
    case noSuchTagSet = "NoSuchTagSet"
    case noSuchUpload = "NoSuchUpload"
    case noSuchVersion = "NoSuchVersion"
    case noSuchWebsiteConfiguration = "NoSuchWebsiteConfiguration"
    case notImplemented = "NotImplemented"
    case notModified = "NotModified"
    case objectLockConfigurationNotFound = "ObjectLockConfigurationNotFoundError"
    case ownershipControlsNotFound = "OwnershipControlsNotFoundError"
    case preconditionFailed = "PreconditionFailed"
    case replicationConfigurationNotFound = "ReplicationConfigurationNotFoundError"
    case requestHeaderSectionTooLarge = "RequestHeaderSectionTooLarge"
    case requestTimeTooSkewed = "RequestTimeTooSkewed"
    case serverSideEncryptionNotFound = "ServerSideEncryptionConfigurationNotFoundError"
    case serviceUnavailable = "ServiceUnavailable"
    case signatureDoesNotMatch = "SignatureDoesNotMatch"
    case slowDown = "SlowDown"
    case contentSHA256Mismatch = "XAmzContentSHA256Mismatch"

    /// The status that it comes with.
    package var status: Int {
        switch self {
        case .notModified: 304
        case .accessDenied, .accessForbidden, .invalidAccessKeyId, .requestTimeTooSkewed,
            .signatureDoesNotMatch:
            403
        case .noSuchBucket, .noSuchBucketPolicy, .noSuchCORSConfiguration, .noSuchKey,
            .noSuchLifecycleConfiguration, .noSuchObjectLockConfiguration,
            .noSuchPublicAccessBlock, .noSuchTagSet, .noSuchUpload, .noSuchVersion,
            .noSuchWebsiteConfiguration, .objectLockConfigurationNotFound,
            .ownershipControlsNotFound, .replicationConfigurationNotFound,
            .serverSideEncryptionNotFound:
            404
        case .methodNotAllowed: 405
        case .preconditionFailed: 412
        case .invalidRange, .invalidPartNumber: 416
        case .internalError: 500
        case .notImplemented: 501
        case .serviceUnavailable, .slowDown: 503
        case .authorizationHeaderMalformed, .authorizationQueryParametersError, .badRequest,
            .invalidArgument, .invalidBucketName, .invalidRequest, .invalidToken,
            .invalidURI, .keyTooLong, .requestHeaderSectionTooLarge,
            .contentSHA256Mismatch:
            400
        }
    }

    /// The sentence that S3 has for it, or one in its manner.
    package var message: String {
        switch self {
        case .accessDenied: "Access Denied"
        case .accessForbidden: "CORSResponse: CORS is not enabled for this bucket."
        case .authorizationHeaderMalformed:
            "The authorization header that you provided is not valid."
        case .authorizationQueryParametersError: "The authorization query parameters are not valid."
        case .badRequest: "The request is not one that can be understood."
        case .internalError: "We encountered an internal error. Please try again."
        case .invalidAccessKeyId:
            "The AWS Access Key Id you provided does not exist in our records."
        case .invalidArgument: "Invalid Argument"
        case .invalidBucketName: "The specified bucket is not valid."
        case .invalidPartNumber: "The requested partnumber is not satisfiable"
        case .invalidRange: "The requested range is not satisfiable"
        case .invalidRequest: "Invalid Request"
        case .invalidToken: "The provided token is malformed or otherwise invalid."
        case .invalidURI: "Couldn't parse the specified URI."
        case .keyTooLong: "Your key is too long"
        case .methodNotAllowed: "The specified method is not allowed against this resource."
        case .noSuchBucket: "The specified bucket does not exist"
        case .noSuchBucketPolicy: "The bucket policy does not exist"
        case .noSuchCORSConfiguration: "The CORS configuration does not exist"
        case .noSuchKey: "The specified key does not exist."
        case .noSuchLifecycleConfiguration: "The lifecycle configuration does not exist"
        case .noSuchObjectLockConfiguration:
            "The specified object does not have a ObjectLock configuration"
        case .noSuchPublicAccessBlock: "The public access block configuration was not found"
        case .noSuchTagSet: "The TagSet does not exist"
        case .noSuchUpload:
            "The specified upload does not exist. The upload ID may be invalid, or the upload may "
                + "have been aborted or completed."
        case .noSuchVersion: "The specified version does not exist."
        case .noSuchWebsiteConfiguration:
            "The specified bucket does not have a website configuration"
        case .notImplemented:
            "A header or call that you provided implies functionality that is not implemented."
        case .notModified: "Not Modified"
        case .objectLockConfigurationNotFound:
            "Object Lock configuration does not exist for this bucket"
        case .ownershipControlsNotFound: "The bucket ownership controls were not found"
        case .preconditionFailed:
            "At least one of the pre-conditions you specified did not hold"
        case .replicationConfigurationNotFound: "The replication configuration was not found"
        case .requestHeaderSectionTooLarge:
            "Your request header section exceeds the maximum allowed size."
        case .requestTimeTooSkewed:
            "The difference between the request time and the current time is too large."
        case .serverSideEncryptionNotFound:
            "The server side encryption configuration was not found"
        case .serviceUnavailable: "Please reduce your request rate, or try again later."
        case .signatureDoesNotMatch:
            "The request signature we calculated does not match the signature you provided. Check "
                + "your key and signing method."
        case .slowDown: "Please reduce your request rate."
        case .contentSHA256Mismatch:
            "The provided 'x-amz-content-sha256' header does not match what was computed."
        }
    }
}
