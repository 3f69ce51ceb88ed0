internal import VolumeModel

extension ServeConfiguration {
    /// What holds only of several settings together.
    ///
    /// - Throws: `.invalidArgument`.
    func check() throws(PerigeeError) {
        guard (certificate == nil) == (certificateKey == nil) else {
            let (there, missing) =
                certificate == nil
                ? ("s3.tls.key", "s3.tls.certificate") : ("s3.tls.certificate", "s3.tls.key")
            throw PerigeeError(
                .invalidArgument, "there is \(there), and no \(missing)",
                remedy: "give both, or neither for clear text")
        }
        guard !listen.isEmpty else {
            throw PerigeeError(
                .invalidArgument, "there is no address to listen on",
                remedy: "give s3.listen at least one, as in 127.0.0.1:9000")
        }
        var taken: Set<ListenAddress> = []
        for address in listen + (adminListen.map { [$0] } ?? []) where address.port != 0 {
            guard taken.insert(address).inserted else {
                throw PerigeeError(
                    .invalidArgument, "two listeners have the address \(address)",
                    remedy: "give each a port of its own")
            }
        }
    }

    /// What works, and should not be so without a reason.
    ///
    /// - Parameter isInherited: whether the S3 listeners are the service manager's, whatever stands
    ///   here.
    func warnings(isInherited: Bool) -> [String] {
        var warnings: [String] = []
        for address in listen where tls == nil && !isInherited && !address.isLoopback {
            warnings.append(
                "\(address) is open to other machines without TLS: signatures protect requests, and"
                    + " nothing protects what is read")
        }
        if let adminListen, !adminListen.isLoopback {
            warnings.append(
                "the admin listener \(adminListen) is open to other machines, and asks nobody who"
                    + " he is")
        }
        return warnings
    }

    /// The keys of settings that are others here and can only be taken at a start.
    func fixed(unlike other: ServeConfiguration) -> [String] {
        var keys: [String] = []
        if listen != other.listen { keys.append("s3.listen") }
        if adminListen != other.adminListen { keys.append("admin.listen") }
        if (tls == nil) != (other.tls == nil) { keys.append("s3.tls.certificate") }
        if zone != other.zone { keys.append("zone") }
        return keys
    }
}
