extension S3Operation {
    /// Reads what a request asks for.
    ///
    /// - Throws: what S3 answers to a query that makes no sense.
    package init(_ request: S3Request, at address: S3Address) throws(S3Failure) {
        switch request.method {
        case "OPTIONS": self = .preflight
        case "GET", "HEAD": try self.init(reading: request, at: address)
        case "PUT", "POST", "DELETE", "PATCH":
            // The one POST that only reads.
            let isSelect = request.method == "POST" && request.target.has("select")
            self = isSelect ? .unknown : .write
        default: self = .notAllowed
        }
    }

    private init(reading request: S3Request, at address: S3Address) throws(S3Failure) {
        let target = request.target
        let isHead = request.method == "HEAD"
        guard address.bucket != nil else {
            self = isHead ? .notAllowed : .listBuckets(try BucketsQuery(target))
            return
        }
        guard address.key != nil else {
            if isHead {
                self = .headBucket
            } else if let setting = BucketSetting.allCases.first(where: {
                target.has(named: $0.rawValue)
            }) {
                self = .bucketSetting(setting)
            } else if Self.unknownBucketCalls.contains(where: { target.has(named: $0) }) {
                self = .unknown
            } else {
                self = .listKeys(try ListingQuery(target))
            }
            return
        }
        // A version that is not there is refused whatever is asked of it.
        let query = try ObjectQuery(target)
        if isHead {
            self = .headObject(query)
        } else if target.has("attributes") {
            self = .getObjectAttributes(wanted: try ObjectAttribute.wanted(of: request))
        } else if let setting = ObjectSetting.allCases.first(where: {
            target.has(named: $0.rawValue)
        }) {
            self = .objectSetting(setting)
        } else {
            self = .getObject(query)
        }
    }

    /// Calls about a bucket that a plain one has no answer to.
    private static let unknownBucketCalls = [
        "session", "metadataConfiguration", "metadataTable", "abac",
    ]
}
