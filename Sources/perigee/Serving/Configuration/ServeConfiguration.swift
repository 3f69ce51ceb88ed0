internal import Logging
internal import S3Gateway
internal import VolumeModel
internal import YAMLFiles

/// What `perigee serve` does: where it listens, and how it answers.
struct ServeConfiguration: Sendable {
    /// Where a line for each request goes.
    enum AccessLogPlace: Hashable, Sendable, CustomStringConvertible {
        case off
        case standardOutput
        case file(String)

        init(parsing text: String) {
            self =
                switch text {
                case "off": .off
                case "-": .standardOutput
                default: .file(text)
                }
        }

        var description: String {
            switch self {
            case .off: "off"
            case .standardOutput: "-"
            case .file(let path): path
            }
        }
    }

    /// Who said what a setting is.
    enum Origin: Hashable, Sendable, CustomStringConvertible {
        case byDefault
        case file(FilePlace)
        case environment(String)
        case flag(String)

        var description: String {
            switch self {
            case .byDefault: "default"
            case .file(let place): "\(place)"
            case .environment(let name): "$\(name)"
            case .flag(let name): name
            }
        }
    }

    /// Where S3 clients connect.
    var listen = [ListenAddress(host: "127.0.0.1", port: 9_000)]
    /// Where health and metrics are asked for; nil: nowhere.
    var adminListen: ListenAddress? = ListenAddress(host: "127.0.0.1", port: 9_001)
    /// How requests are answered.
    var gateway = GatewaySettings()
    /// The file of the certificate, as PEM with those that vouch for it.
    var certificate: String?
    /// The file of its key.
    var certificateKey: String?
    /// How often it is looked whether these files have changed.
    var certificateCheck = Duration.seconds(60)
    /// The access log.
    var accessLog = AccessLogPlace.off
    /// Below which nothing is logged.
    var logLevel = Logger.Level.info
    /// Where this node is, as sources name places; nil: nowhere in particular.
    var zone: String?
    /// How long answers under way may take once the process is told to end.
    var shutdown = Duration.seconds(30)
    /// Who said it, by key; what is not there is the default.
    var origins: [String: Origin] = [:]

    /// The certificate and its key, where connections are encrypted.
    var tls: GatewayServer.TLS? {
        guard let certificate, let certificateKey else { return nil }
        return GatewayServer.TLS(certificates: certificate, key: certificateKey)
    }

    /// Who said what the setting of that key is.
    func origin(of key: String) -> Origin { origins[key] ?? .byDefault }
}
