import Testing

/// The gateway over real connections, one test after the other: clients here wait on threads that
/// tasks need as well.
@Suite("The S3 gateway", .serialized, .timeLimit(.minutes(60)))
struct S3GatewayTests {}
