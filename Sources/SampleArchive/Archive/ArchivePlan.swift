/// The kinds of file, in the order in which an archive deals them out.
enum ProductKind: Int, CaseIterable {
    case hstACS, jwstNIRCam, euclidMosaic, cassis, ero
    case hstWFC3, jwstMIRI, euclidCatalogue, hrsc, hstSTIS
    case jwstNIRSpec, euclidVIS, navcam, hstCOS, euclidNIR
    case mertis, hstDrizzled, jwstMosaic, euclidSpectra, magnetometer

    /// Size relative to the others, after the archives' own proportions but flattened: a
    /// VIS exposure is really a thousand times a spectrum.
    var weight: Int {
        switch self {
        case .euclidVIS: 8
        case .euclidNIR, .euclidMosaic: 6
        case .hstACS, .hstWFC3, .jwstMosaic, .euclidSpectra: 4
        case .jwstNIRCam, .jwstMIRI, .hstDrizzled, .ero: 3
        case .euclidCatalogue, .cassis, .hrsc, .navcam: 2
        case .hstSTIS, .hstCOS, .jwstNIRSpec, .mertis, .magnetometer: 1
        }
    }
}

/// Which file comes where: pure arithmetic, so that any file can be described without the others.
struct ArchivePlan {
    private let seed: UInt64
    private let files: Int
    private let bytes: Int
    /// Sum of the weights of all files.
    private let totalWeight: Int

    init(_ archive: SampleArchive) {
        seed = archive.seed
        files = archive.files
        bytes = archive.bytes
        totalWeight = ProductKind.allCases.reduce(0) {
            $0 + $1.weight * Self.count(of: $1, in: archive.files)
        }
    }

    /// The `index`th data file, from 0 to the archive's number of files.
    func product(at index: Int) -> Product {
        let kinds = ProductKind.allCases
        let kind = kinds[index % kinds.count]
        let request = ProductRequest(
            kind: kind, ordinal: index / kinds.count,
            count: Self.count(of: kind, in: files),
            // Rounds down by less than a byte a unit of weight.
            bytes: bytes / totalWeight * kind.weight, seed: seed)
        switch kind {
        case .hstACS, .hstWFC3, .hstDrizzled, .hstSTIS, .hstCOS:
            return Hubble.product(request)
        case .jwstNIRCam, .jwstMIRI, .jwstMosaic, .jwstNIRSpec:
            return Webb.product(request)
        case .euclidMosaic, .euclidCatalogue, .euclidSpectra:
            return EuclidTiles.product(request)
        case .euclidVIS, .euclidNIR:
            return EuclidExposures.product(request)
        case .ero:
            return EuclidEarlyRelease.product(request)
        case .cassis:
            return ExoMars2016.product(request)
        case .mertis, .magnetometer:
            return BepiColombo.product(request)
        case .hrsc:
            return MarsExpress.product(request)
        case .navcam:
            return Rosetta.product(request)
        }
    }

    private static func count(of kind: ProductKind, in files: Int) -> Int {
        let kinds = ProductKind.allCases.count
        return files / kinds + (kind.rawValue < files % kinds ? 1 : 0)
    }
}
