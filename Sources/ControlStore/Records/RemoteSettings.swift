internal import Foundation
internal import VolumeModel

/// How a root on another machine is talked to.
package struct RemoteSettings: Hashable, Sendable, Codable {
    /// Where a bucket stands in a URL.
    package enum BucketStyle: String, Hashable, Sendable, Codable, CaseIterable {
        /// `https://endpoint/bucket/key`
        case path
        /// `https://bucket.endpoint/key`
        case virtualHosted = "virtual-hosted"
    }

    /// Whether the bytes that it sends are taken for what was published.
    package enum Trust: String, Hashable, Sendable, Codable, CaseIterable {
        case yes
        /// Each leaf is compared with the tree digest in the catalogue before it is used.
        case no
    }

    /// The service of a bucket: a URL; nil for Amazon's own in `region`.
    package var endpoint: String?
    /// The region that requests are signed for.
    package var region: String
    /// Where a bucket stands in a URL.
    package var style: BucketStyle
    /// A file with an access key and its secret; nil: nobody asks who reads.
    package var credentialsFile: String?
    /// A file that lists a web archive; nil: its index pages do.
    package var manifest: String?
    /// Whether a web server can send parts of files.
    package var sendsRanges: Bool
    /// A file of certificates in the place of the system's.
    package var certificates: String?
    /// Whether it may be asked over `http`.
    package var allowsClearText: Bool
    /// Whether it may lie on this machine or in a private network.
    package var allowsPrivate: Bool
    /// Hosts besides its own that it may redirect to.
    package var redirectHosts: [String]
    /// Whether its bytes are believed; nil: they are.
    package var trust: Trust?

    /// Puts settings together.
    package init(
        endpoint: String? = nil, region: String = "us-east-1", style: BucketStyle = .path,
        credentialsFile: String? = nil, manifest: String? = nil, sendsRanges: Bool = true,
        certificates: String? = nil, allowsClearText: Bool = false, allowsPrivate: Bool = false,
        redirectHosts: [String] = [], trust: Trust? = nil
    ) {
        self.endpoint = endpoint
        self.region = region
        self.style = style
        self.credentialsFile = credentialsFile
        self.manifest = manifest
        self.sendsRanges = sendsRanges
        self.certificates = certificates
        self.allowsClearText = allowsClearText
        self.allowsPrivate = allowsPrivate
        self.redirectHosts = redirectHosts
        self.trust = trust
    }

    /// The form that the control database keeps: JSON with its keys in order.
    ///
    /// - Throws: `.invalidArgument` for text that JSON cannot say.
    var encoded: String {
        get throws(PerigeeError) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
                throw PerigeeError(
                    .invalidArgument, "the settings of an origin cannot be written", cause: error)
            }
        }
    }

    /// Reads what has all settings or only some: a field that an older version did not know is as
    /// it is where nobody says anything, and one that is not known here is left aside.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let usual = RemoteSettings()
        func value<Value: Decodable>(_ key: CodingKeys, _ usual: Value) throws -> Value {
            try fields.decodeIfPresent(Value.self, forKey: key) ?? usual
        }
        self.init(
            endpoint: try fields.decodeIfPresent(String.self, forKey: .endpoint),
            region: try value(.region, usual.region), style: try value(.style, usual.style),
            credentialsFile: try fields.decodeIfPresent(String.self, forKey: .credentialsFile),
            manifest: try fields.decodeIfPresent(String.self, forKey: .manifest),
            sendsRanges: try value(.sendsRanges, usual.sendsRanges),
            certificates: try fields.decodeIfPresent(String.self, forKey: .certificates),
            allowsClearText: try value(.allowsClearText, usual.allowsClearText),
            allowsPrivate: try value(.allowsPrivate, usual.allowsPrivate),
            redirectHosts: try value(.redirectHosts, usual.redirectHosts),
            trust: try fields.decodeIfPresent(Trust.self, forKey: .trust))
    }

    /// Reads that form.
    ///
    /// - Throws: `.invalidArgument`.
    init(parsing text: String) throws(PerigeeError) {
        do {
            self = try JSONDecoder().decode(RemoteSettings.self, from: Data(text.utf8))
        } catch {
            throw PerigeeError(
                .invalidArgument, "the settings of an origin cannot be read", cause: error)
        }
    }
}
