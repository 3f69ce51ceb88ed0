package import VolumeModel

/// What a signature is made over.
package struct SignableRequest: Sendable {
    /// The method.
    package let method: HTTPMethod
    /// What is sent as `Host`.
    package let authority: String
    /// The path's bytes, decoded, with its leading slash.
    package let path: [UInt8]
    /// The query's names and values, decoded.
    package let query: [(name: [UInt8], value: [UInt8])]
    /// The fields that are sent besides `Host`.
    package let fields: [HTTPField]
}

/// Proves to an origin who asks.
package protocol RequestSigner: Sendable {
    /// The fields to send besides those that the request has.
    ///
    /// - Throws: `.originDenied` where there is nothing to sign with.
    func fields(for request: SignableRequest, at time: Timestamp) throws(PerigeeError)
        -> [HTTPField]

    /// Which credentials these are: another number once they have been read again and are others.
    var generation: UInt64 { get }

    /// The origin has refused the credentials of a generation: reads them again from where they came
    /// from. Whether there are others now, with which it is worth asking again.
    ///
    /// - Throws: `.originDenied` where they cannot be read.
    func renew(after generation: UInt64) async throws(PerigeeError) -> Bool
}
