package import VolumeModel

/// What a gateway does, apart from where it listens.
package struct GatewaySettings: Sendable {
    /// A bucket's name that stands for a part of a volume.
    package struct Alias: Hashable, Sendable {
        /// The volume and revision.
        package var volume: VolumeReference
        /// What keys of the volume begin with that the bucket has; its own keys are without it.
        package var prefix: [UInt8]

        /// Puts an alias together.
        package init(volume: VolumeReference, prefix: [UInt8] = []) {
            self.volume = volume
            self.prefix = prefix
        }
    }

    /// What nobody may go beyond.
    package struct Limits: Sendable {
        /// Connections at a time; more are closed at once.
        package var connections = 4_096
        /// Bytes of a request's header section.
        package var headerBytes = 16_384
        /// Requests over one connection; 0: any number.
        package var requestsPerConnection = 0
        /// How long a connection may be open until the header of its next request is whole.
        package var idle = Duration.seconds(75)
        /// How long the header of a connection's first request may take to arrive.
        package var header = Duration.seconds(15)
        /// How long a client may take for the next 4 MiB of an answer, or what is left of it.
        package var write = Duration.seconds(120)
        /// How long a listing works on one page.
        package var page = Duration.seconds(1)
        /// Requests a second of one principal, by a bucket of twice as many; 0: any number.
        package var requestsPerSecond = 0
        /// Bytes a second of one principal, by a bucket of twice as many; 0: any number.
        package var bytesPerSecond = 0

        /// The defaults.
        package init() {}
    }

    /// The one region that requests are signed for.
    package var region = "us-east-1"
    /// Names of the gateway before which a bucket's name may stand, in lower case.
    package var domains = ["localhost"]
    /// Further buckets.
    package var aliases: [String: Alias] = [:]
    /// Origins that browsers may read from; `*` is any.
    package var corsOrigins: [String] = []
    /// Bounds.
    package var limits = Limits()

    /// The defaults.
    package init() {}
}
