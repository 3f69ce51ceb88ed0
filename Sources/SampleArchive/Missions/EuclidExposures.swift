/// Euclid's calibrated exposures, one HDU triple a detector.
///
/// `Q1_R1/VIS_QUAD/<obs>/EUC_VIS_SWL-DET-002704-00-2-0000000__<time>.fits` with 144 quadrants,
/// `Q1_R1/NIR/<obs>/EUC_NIR_W-CAL-IMAGE_H-2704-0_<time>.fits` with 16 detectors; a small file has
/// fewer of them.
enum EuclidExposures {
    private struct Detector {
        let name: String
        /// Place in the focal plane, counted in detectors from its centre.
        let column: Double
        let row: Double
    }

    /// Four exposures, shifted against each other, make an observation.
    private static let dithers = 4
    private static let nirFilters = ["Y", "J", "H"]

    static func product(_ request: ProductRequest) -> Product {
        var random = request.random()
        let processed = EuclidSurvey.processingTime(&random)
        let stamp = EuclidSurvey.stamp(processed, &random)
        let isVisible = request.kind == .euclidVIS
        // An observation has four visible exposures, and four in each infrared filter.
        let perObservation = isVisible ? dithers : dithers * nirFilters.count
        let index = request.ordinal / perObservation
        let place = request.ordinal % perObservation
        let observation = 2704 + index * 5
        let dither = place % dithers
        let filter = isVisible ? "VIS" : nirFilters[place / dithers]
        let start = UTCTime(year: 2024, month: 2, day: 14).adding(
            seconds: Double(index) * 4400 + Double(dither) * 1100 + (isVisible ? 0 : 600))
        let exposure = isVisible ? 566.0 : 87.2
        var pointing = SplitMix64(seed: request.seed, stream: UInt64(observation))
        let centre = EuclidSurvey.field(index).near(2.5, &pointing)

        var primary = FITSUnit.primary()
        let header = [
            ("TELESCOP", "Euclid"), ("INSTRUME", isVisible ? "VIS" : "NISP"), ("FILTER", filter),
            ("DATASETR", EuclidSurvey.release), ("DATE-OBS", start.iso),
        ]
        for (keyword, value) in header {
            primary.header.set(keyword, value)
        }
        primary.header.set("MJD-OBS", start.mjd, "[d] start of the exposure")
        primary.header.set("EXPTIME", exposure, "[s] exposure time")
        primary.header.set("OBS_ID", observation, "observation")
        primary.header.set("DITHOBS", dither, "dither of the observation")
        primary.header.set("RA", centre.rightAscension, "[deg] of the commanded pointing")
        primary.header.set("DEC", centre.declination, "[deg] of the commanded pointing")

        let units = detectorUnits(request, centre, filter, random)
        let name =
            isVisible
            ? "EUC_VIS_SWL-DET-\(digits(observation, 6))-00-\(dither + 1)-0000000__\(stamp).fits"
            : "EUC_NIR_W-CAL-IMAGE_\(filter)-\(observation)-\(dither)_\(stamp).fits"
        return Product(
            volume: "euclid_q1",
            folder: "\(EuclidSurvey.release)/\(isVisible ? "VIS_QUAD" : "NIR")/\(observation)",
            name: name, observed: start.adding(seconds: exposure),
            content: .fits([primary] + units))
    }

    private static func detectorUnits(
        _ request: ProductRequest, _ centre: SkyTarget, _ filter: String, _ random: SplitMix64
    ) -> [FITSUnit] {
        let isVisible = request.kind == .euclidVIS
        let all = isVisible ? quadrants : detectors
        // As many as leave each some 20 kB.
        let chosen = all.prefix(max(2, request.bytes / 60_000))
        let bytes = request.dataBytes(headers: 1 + 4 * chosen.count)
        let size = ImageSize(pixels: bytes / chosen.count / 12)
        let scale = isVisible ? 0.1 : 0.3
        let planes: [(name: String, plane: StarField.Plane, format: SampleFormat)] = [
            ("SCI", .signal, .float32(isBigEndian: true)),
            ("RMS", .error, .float32(isBigEndian: true)),
            (isVisible ? "FLG" : "DQ", .flags, .signed32(isBigEndian: true)),
        ]
        var seeds = random
        return chosen.flatMap { detector in
            let noise = SplitMix64(seed: seeds.next())
            return planes.map { name, plane, format in
                var unit = FITSUnit.image(
                    StarField(
                        size: size, format: format, plane: plane, level: 180, noise: 9,
                        random: noise),
                    name: "\(detector.name).\(name)")
                // Detectors stand side by side, without the gaps.
                let step = scale / 3600
                CelestialWCS(
                    size: size,
                    rightAscension: SkyTarget.rounded(
                        centre.rightAscension - detector.column * Double(size.width) * step),
                    declination: SkyTarget.rounded(
                        centre.declination + detector.row * Double(size.height) * step),
                    scale: scale
                ).set(.cd, in: &unit.header)
                unit.header.set("FILTER", filter)
                unit.header.set("BUNIT", plane == .flags ? "" : "electron")
                return unit
            }
        }
    }

    /// Six by six detectors of four quadrants: `1-1.E`.
    private static let quadrants: [Detector] = (0..<144).map { index in
        let row = index / 24
        let column = index / 4 % 6
        let place = index % 4
        return Detector(
            name: "\(row + 1)-\(column + 1).\(["E", "F", "G", "H"][place])",
            column: Double(2 * column + place % 2) - 5.5,
            row: Double(2 * row + place / 2) - 5.5)
    }

    /// Four by four detectors: `DET11`.
    private static let detectors: [Detector] = (0..<16).map { index in
        Detector(
            name: "DET\(index / 4 + 1)\(index % 4 + 1)", column: Double(index % 4) - 1.5,
            row: Double(index / 4) - 1.5)
    }
}
