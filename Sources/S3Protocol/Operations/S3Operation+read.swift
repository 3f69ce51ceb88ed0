extension S3Operation {
    /// Reads what a request asks for.
    ///
    /// - Throws: what S3 answers to a query that makes no sense.
    package init(_ request: S3Request, at address: S3Address) throws(S3Failure) {
        switch request.method {
        case "OPTIONS": self = .preflight
        case "GET", "HEAD": try self.init(reading: request, at: address)
        case "PUT", "POST", "DELETE", "PATCH":
            self = .write(request.method)
            // The one POST that only reads.
            if request.method == "POST", request.target.has("select") {
                self = .unknown("SelectObjectContent")
            }
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
            } else if let setting = BucketSetting.allCases.first(where: { target.has($0.rawValue) })
            {
                self = .bucketSetting(setting)
            } else if let other = Self.unknownBucketCalls.first(where: { target.has($0) }) {
                self = .unknown(other)
            } else {
                self = .listKeys(try ListingQuery(target))
            }
            return
        }
        if target.has("attributes"), !isHead {
            self = .getObjectAttributes(
                try ObjectQuery(target), wanted: try ObjectAttribute.wanted(of: request))
        } else if let setting = ObjectSetting.allCases.first(where: { target.has($0.rawValue) }),
            !isHead
        {
            self = .objectSetting(setting, try ObjectQuery(target))
        } else {
            let query = try ObjectQuery(target)
            self = isHead ? .headObject(query) : .getObject(query)
        }
    }

    /// Calls about a bucket that a plain one has no answer to.
    private static let unknownBucketCalls = [
        "session", "metadataConfiguration", "metadataTable", "abac",
    ]
}
