/// What a request asks for, once its method, address and query have been read.
package enum S3Operation: Hashable, Sendable {
    case listBuckets(BucketsQuery)
    case headBucket
    case listKeys(ListingQuery)
    /// One of a bucket's settings, of which a plain bucket has the plainest.
    case bucketSetting(BucketSetting)
    case headObject(ObjectQuery)
    case getObject(ObjectQuery)
    case getObjectAttributes(wanted: Set<ObjectAttribute>)
    case objectSetting(ObjectSetting)
    /// A CORS preflight.
    case preflight
    /// Anything that would change something: refused before its body is read.
    case write
    /// What S3 has and this gateway has not.
    case unknown
    /// A method that S3 does not have for it.
    case notAllowed

    /// The name that S3's reference, metrics and logs have for it.
    package var name: String {
        switch self {
        case .listBuckets: "ListBuckets"
        case .headBucket: "HeadBucket"
        case .listKeys(let query):
            switch query.version {
            case .objects: "ListObjects"
            case .objectsV2: "ListObjectsV2"
            case .versions: "ListObjectVersions"
            }
        case .bucketSetting(let setting): setting.operation
        case .headObject: "HeadObject"
        case .getObject: "GetObject"
        case .getObjectAttributes: "GetObjectAttributes"
        case .objectSetting(let setting): setting.operation
        case .preflight: "Preflight"
        case .write: "Write"
        case .unknown, .notAllowed: "Unknown"
        }
    }
}

/// What ListBuckets asks for.
package struct BucketsQuery: Hashable, Sendable {
    /// Only names that begin with it.
    package let prefix: String
    /// Only names behind it in byte order; nil: from the start.
    package let token: String?
    /// The most buckets, 0 to 10,000.
    package let maxBuckets: Int

    init(_ target: RequestTarget) throws(S3Failure) {
        prefix = String(decoding: target.value(of: "prefix") ?? [], as: UTF8.self)
        token = target.value(of: "continuation-token").map { String(decoding: $0, as: UTF8.self) }
        maxBuckets = try ListingQuery.count(target, "max-buckets", most: 10_000)
    }
}

/// Which part and version of an object is asked for.
package struct ObjectQuery: Hashable, Sendable {
    /// 1 and up; objects here have one part.
    package let partNumber: Int?

    /// - Throws: `.noSuchVersion`: an object has one version, called `null`; `.invalidArgument`.
    init(_ target: RequestTarget) throws(S3Failure) {
        if let version = target.value(of: "versionId"), !version.elementsEqual("null".utf8) {
            guard !version.isEmpty else {
                throw S3Failure(
                    .invalidArgument, "Version id cannot be the empty string",
                    details: ListingQuery.argument("versionId", version))
            }
            throw S3Failure(.noSuchVersion)
        }
        guard let text = target.value(of: "partNumber") else {
            partNumber = nil
            return
        }
        guard let number = ListingQuery.number(text), (1...10_000).contains(number) else {
            throw S3Failure(
                .invalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive",
                details: ListingQuery.argument("partNumber", text))
        }
        partNumber = number
    }
}

/// What GetObjectAttributes can tell.
package enum ObjectAttribute: String, Hashable, Sendable, CaseIterable {
    case etag = "ETag"
    case checksum = "Checksum"
    case parts = "ObjectParts"
    case storageClass = "StorageClass"
    case size = "ObjectSize"

    /// Reads the `x-amz-object-attributes` of a request.
    ///
    /// - Throws: `.invalidRequest` where there are none, `.invalidArgument` for an unknown one.
    static func wanted(of request: S3Request) throws(S3Failure) -> Set<ObjectAttribute> {
        var wanted: Set<ObjectAttribute> = []
        for word in request.values(of: "x-amz-object-attributes").joined(separator: ",").split(
            whereSeparator: { ", ".contains($0) })
        {
            guard let attribute = ObjectAttribute(rawValue: String(word)) else {
                throw S3Failure(.invalidArgument, "Invalid attribute name specified.")
            }
            wanted.insert(attribute)
        }
        guard !wanted.isEmpty else {
            throw S3Failure(
                .invalidRequest, "The x-amz-object-attributes header must be specified.")
        }
        return wanted
    }
}
