internal import AccessControl
internal import S3Protocol
internal import Synchronization
internal import VolumeModel
internal import VolumeService

/// What a bucket's name stands for.
struct BucketPlace: Hashable, Sendable {
    /// The name as it was asked for.
    let name: String
    let volume: VolumeName
    let selector: RevisionSelector
    /// What the volume's keys have before the bucket's own.
    let prefix: [UInt8]

    /// Whether the name itself says which revision it is.
    var isPinned: Bool { if case .pinned = selector { true } else { false } }
}

/// A bucket as one principal sees it: a state of a volume, or a part of one.
struct Bucket: Sendable {
    let place: BucketPlace
    /// The state of the volume.
    let snapshot: VolumeSnapshot
}

extension Responder {
    /// What the bucket of an address stands for.
    ///
    /// - Throws: as `place(_:)`.
    func place(_ address: S3Address) throws(S3Failure) -> BucketPlace {
        guard let name = address.bucket else { throw S3Failure(.methodNotAllowed) }
        return try place(name)
    }

    /// What a bucket's name stands for, whether there is such a volume or not.
    ///
    /// - Throws: `.noSuchBucket` for what names no volume.
    func place(_ name: String) throws(S3Failure) -> BucketPlace {
        if let known = places.withLock({ $0[name] }) { return known }
        let made = try newPlace(name)
        places.withLock { places in
            if places.count >= Self.mostPlaces { places = [:] }
            places[name] = made
        }
        return made
    }

    /// Names that are remembered; more are forgotten all at once.
    private static let mostPlaces = 1_024

    private func newPlace(_ name: String) throws(S3Failure) -> BucketPlace {
        let alias = settings.aliases[name]
        guard let reference = alias?.volume ?? (try? VolumeReference(bucket: name)),
            reference.site == nil
        else { throw Self.noBucket(name) }
        return BucketPlace(
            name: name, volume: reference.volume, selector: reference.revision,
            prefix: alias?.prefix ?? [])
    }

    /// The bucket of a place.
    ///
    /// - Parameter revision: the one in which a listing began; nil: the current one.
    /// - Throws: `.accessDenied` where the principal is told of the volume and no more,
    ///   `.noSuchBucket`.
    func bucket(
        _ place: BucketPlace, for principal: Principal, revision: RevisionNumber? = nil
    ) throws(S3Failure) -> Bucket {
        let selector =
            if let revision, !place.isPinned { RevisionSelector.pinned(revision) } else {
                place.selector
            }
        do throws(PerigeeError) {
            return Bucket(
                place: place,
                snapshot: try service.snapshot(of: place.volume, at: selector, for: principal))
        } catch {
            throw missing(place, principal, error)
        }
    }

    /// What is answered where the service has no such volume for a principal, or fails.
    func missing(
        _ place: BucketPlace, _ principal: Principal, _ error: PerigeeError
    ) -> S3Failure {
        guard error.code == .notFound else { return failure(error) }
        do throws(PerigeeError) {
            var isTold = try service.isDiscoverable(place.volume, by: principal)
            // Where it has a folder, it is only the revision that is missing.
            if isTold, try service.isShown(place.volume, to: principal) { isTold = false }
            return isTold ? S3Failure(.accessDenied) : Self.noBucket(place.name)
        } catch {
            return failure(error)
        }
    }

    private static func noBucket(_ name: String) -> S3Failure {
        S3Failure(.noSuchBucket, details: [S3Failure.Detail("BucketName", name)])
    }
}

extension VolumeService {
    /// Whether a volume has a folder for a principal.
    fileprivate func isShown(
        _ volume: VolumeName, to principal: Principal
    ) throws(PerigeeError) -> Bool {
        do throws(PerigeeError) {
            _ = try snapshot(of: volume, at: .current, for: principal)
            return true
        } catch  where error.code == .notFound {
            return false
        }
    }
}
