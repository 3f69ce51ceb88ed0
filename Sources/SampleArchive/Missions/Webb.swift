/// JWST as ESA's archive mounts it: all files of a programme in one folder, which clients glob:
/// `jwst-artifacts-repository/jw01288/jw01288015001_26101_00003_mirimage_i2d.fits.gz`.
///
/// Names are `jw<ppppp><ooo><vvv>_<gg><s><aa>_<eeeee>_<detector>_<suffix>`, and keywords those of
/// the JWST keyword dictionary.
enum Webb {
    private struct Mode {
        let instrument: String
        let detectors: [String]
        /// Wavelengths in micrometres.
        let filters: [(name: String, from: Double, to: Double)]
        let exposureType: String
        /// Arcseconds a pixel.
        let scale: Double
    }

    private static let nircam = Mode(
        instrument: "NIRCAM", detectors: ["NRCA1", "NRCA2", "NRCB1", "NRCB2"],
        filters: [("F090W", 0.795, 1.005), ("F115W", 1.013, 1.282), ("F200W", 1.755, 2.227)],
        exposureType: "NRC_IMAGE", scale: 0.031)
    private static let longwave = Mode(
        instrument: "NIRCAM", detectors: ["NRCALONG", "NRCBLONG"],
        filters: [("F277W", 2.423, 3.132), ("F356W", 3.135, 3.981), ("F444W", 3.881, 4.982)],
        exposureType: "NRC_IMAGE", scale: 0.063)
    private static let miri = Mode(
        instrument: "MIRI", detectors: ["MIRIMAGE"],
        filters: [("F770W", 6.581, 8.687), ("F1130W", 10.953, 11.667), ("F1800W", 16.519, 19.502)],
        exposureType: "MIR_IMAGE", scale: 0.11)
    private static let nirspec = Mode(
        instrument: "NIRSPEC", detectors: ["NRS1", "NRS2"],
        filters: [("F100LP", 0.97, 1.89), ("F170LP", 1.66, 3.17), ("F290LP", 2.87, 5.27)],
        exposureType: "NRS_FIXEDSLIT", scale: 0.1)

    static func product(_ request: ProductRequest) -> Product {
        let mode = mode(of: request.kind)
        let programme = 1200 + request.group * 13
        var shared = request.groupRandom(request.group, topic: 3)
        let target = shared.element(of: SkyTarget.all).near(0.03, &shared)
        let begin = UTCTime(year: 2022, month: 7, day: 1).adding(days: Double(shared.below(900)))
        var random = request.random()
        let detectorIndex = request.member % mode.detectors.count
        let detector = mode.detectors[detectorIndex]
        let filter = mode.filters[request.member / mode.detectors.count % mode.filters.count]
        let exposure = Double(20 + random.below(900))
        let start = begin.adding(
            seconds: Double(request.member) * 1000 + Double(random.below(60_000)) / 1000)
        let stop = start.adding(seconds: exposure + 1.5)

        // The kind chooses the observation's block of numbers, so that instruments of one
        // programme do not collide.
        let observation = 1 + request.member / 36 % 200 + kindOffset(request.kind)
        let visit = "jw\(digits(programme, 5))\(digits(observation, 3))001"
        let activity = "\(digits(2 + request.member / 12 % 3, 2))101"
        let suffix = request.kind == .jwstNIRSpec ? "x1d" : "i2d"
        let number = digits(1 + request.member % 12, 5)
        let stem = "\(visit)_\(activity)_\(number)_\(detector.lowercased())_\(suffix)"

        var primary = FITSUnit.primary()
        let header = WebbHeader(
            programme: programme, observation: observation, activity: activity,
            exposureNumber: 1 + request.member % 12, target: target, start: start, stop: stop,
            exposure: exposure)
        header.setPrimary(&primary.header, fileName: stem + ".fits")
        primary.header.set("INSTRUME", mode.instrument, "Instrument used to acquire the data")
        primary.header.set("DETECTOR", detector, "Name of detector used to acquire the data")
        primary.header.set("FILTER", filter.name, "Name of the filter element used")
        switch request.kind {
        case .jwstNIRSpec:
            primary.header.set("GRATING", filter.to < 2 ? "G140H" : "G235H", "Name of the grating")
        case .jwstMIRI:
            break
        default:
            primary.header.set("PUPIL", "CLEAR", "Name of the pupil element used")
            primary.header.set("CHANNEL", filter.to < 2.3 ? "SHORT" : "LONG", "Channel")
        }
        primary.header.set("EXP_TYPE", mode.exposureType, "Type of data in the exposure")

        let data = WebbData(
            request: request, header: header, scale: mode.scale,
            wavelengths: filter.from...filter.to, random: random)
        // The archive serves both forms: level 2 products compressed, some others not.
        let isCompressed = request.kind != .jwstMIRI
        return Product(
            volume: "jwst", folder: "jwst-artifacts-repository/jw\(digits(programme, 5))",
            name: stem + (isCompressed ? ".fits.gz" : ".fits"), observed: stop,
            content: .fits([primary] + data.extensions(isCompressed: isCompressed)),
            isCompressed: isCompressed)
    }

    private static func mode(of kind: ProductKind) -> Mode {
        switch kind {
        case .jwstMosaic: longwave
        case .jwstMIRI: miri
        case .jwstNIRSpec: nirspec
        default: nircam
        }
    }

    private static func kindOffset(_ kind: ProductKind) -> Int {
        switch kind {
        case .jwstMosaic: 200
        case .jwstMIRI: 400
        case .jwstNIRSpec: 600
        default: 0
        }
    }
}
