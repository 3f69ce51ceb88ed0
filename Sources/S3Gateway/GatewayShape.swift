/// What can change while a gateway runs. A request is answered, paced and logged by one of them.
final class GatewayShape: Sendable {
    let settings: GatewaySettings
    let responder: Responder
    let accessLog: AccessLog

    init(_ settings: GatewaySettings, responder: Responder, accessLog: AccessLog) {
        self.settings = settings
        self.responder = responder
        self.accessLog = accessLog
    }
}
