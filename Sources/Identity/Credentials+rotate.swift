package import ControlStore
package import VolumeModel

extension Credentials {
    /// What a rotation did.
    package struct Rotation: Sendable {
        /// The key that everything is sealed with now.
        package let key: SealingKeyID
        /// The keys that were taken out of the key file; backups made before need them.
        package let retired: [SealingKeyID]
        /// Secrets that were sealed anew.
        package let count: Int
    }

    /// A place at which a rotation can be cut off.
    enum RotationStep: CaseIterable, Sendable {
        /// The key file holds the new key beside the old ones; the store is as it was.
        case keyAdded
        /// Every secret is sealed with the new key, and nothing is committed.
        case sealed
        /// The store is durable with the new key; the key file still holds the old ones.
        case committed
    }

    /// Seals every secret with a new key.
    ///
    /// The key file gets the new key before a row needs it and loses the old ones after no row does,
    /// so wherever it is cut off, everything opens; the next rotation goes on from there.
    ///
    /// - Throws: `.storageFailed`, `.conflict`, `.corrupt` where the key file, or a secret with it,
    ///   cannot be used. Nothing is changed then.
    package func rotateSecrets() throws(PerigeeError) -> Rotation {
        try rotateSecrets { _ throws(PerigeeError) in }
    }

    /// - Parameter reached: is told of each step; what it throws cuts the rotation off there.
    func rotateSecrets(
        _ reached: (RotationStep) throws(PerigeeError) -> Void
    ) throws(PerigeeError) -> Rotation {
        let stateID = try store.stateID()
        let file = try keyFile(stateID)
        let new = SealingKey.random()
        let count = try store.reseal { state, stored throws(PerigeeError) in
            let old = try file.read(for: stateID)
            var secrets: [Secret] = []
            for item in stored {
                guard let key = old?.key(item.secret.sealingKey) else {
                    throw file.missing(item.secret.sealingKey, old)
                }
                secrets.append(try key.open(item.secret, at: SealedPlace(item)))
            }
            // Keys that a cut-off rotation left behind, and nothing needs, are not carried on.
            let needed = old?.keys.filter { $0.id == state.current || state.uses[$0.id] != nil }
            try file.write(
                Keyring(stateID: stateID, keys: [new] + (needed ?? [])), isNew: old == nil)
            try reached(.keyAdded)
            var sealed: [SealedSecret] = []
            for (item, secret) in zip(stored, secrets) {
                sealed.append(try new.seal(secret, for: SealedPlace(item)))
            }
            try reached(.sealed)
            return (new.id, sealed)
        }
        try reached(.committed)
        return Rotation(
            key: new.id, retired: try retireKeys(in: file, stateID), count: count)
    }

    /// Takes the keys that nothing is sealed with out of the key file.
    private func retireKeys(
        in file: KeyFile, _ stateID: String
    ) throws(PerigeeError) -> [SealingKeyID] {
        var retired: [SealingKeyID] = []
        try store.holdingSealing { state throws(PerigeeError) in
            guard var keyring = try file.read(for: stateID) else { return }
            let isNeeded = { (key: SealingKey) in
                key.id == state.current || state.uses[key.id] != nil
            }
            retired = keyring.keys.filter { !isNeeded($0) }.map(\.id)
            guard !retired.isEmpty else { return }
            keyring.keys.removeAll { !isNeeded($0) }
            try file.write(keyring, isNew: false)
        }
        return retired
    }
}
