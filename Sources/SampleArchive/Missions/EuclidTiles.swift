/// Euclid's products by tile: mosaics, catalogues and combined spectra.
///
/// `Q1_R1/MER/<tile>/VIS/EUC_MER_BGSUB-MOSAIC-VIS_TILE102158889-F95D3B_<time>_00.00.fits`,
/// `Q1_R1/MER_FINAL_CATALOG/<tile>/EUC_MER_FINAL-CAT_TILE<tile>-<hash>_<time>_00.00.fits`,
/// `Q1_R1/SIR/<tile>/EUC_SIR_W-COMBSPEC_<tile>_<time with colons>.fits`.
enum EuclidTiles {
    /// Folder, name and filter of the mosaics of one tile; the ground-based ones belong to it.
    private static let bands: [(folder: String, name: String, filter: String)] = [
        ("VIS", "VIS", "VIS"),
        ("NISP", "NIR-Y", "NIR_Y"), ("NISP", "NIR-J", "NIR_J"), ("NISP", "NIR-H", "NIR_H"),
        ("DECAM", "DES-G", "DECAM_g"), ("DECAM", "DES-R", "DECAM_r"),
    ]

    static func product(_ request: ProductRequest) -> Product {
        var random = request.random()
        let time = EuclidSurvey.processingTime(&random)
        switch request.kind {
        case .euclidCatalogue: return catalogue(request, time, &random)
        case .euclidSpectra: return spectra(request, time, &random)
        default: return mosaic(request, time, &random)
        }
    }

    private static func mosaic(
        _ request: ProductRequest, _ time: UTCTime, _ random: inout SplitMix64
    ) -> Product {
        let tile = EuclidSurvey.tile(request.ordinal / bands.count)
        let band = bands[request.ordinal % bands.count]
        let hash = hexadecimal(random.next(), 6)
        let stamp = EuclidSurvey.stamp(time, &random)
        let size = ImageSize(pixels: request.dataBytes(headers: 1) / 4)
        var unit = FITSUnit.primary(
            StarField(
                size: size, format: .float32(isBigEndian: true), level: 0.02, noise: 0.004,
                random: random))
        unit.header.set("EQUINOX", 2000.0, "Mean equinox")
        CelestialWCS(
            size: size, rightAscension: tile.rightAscension, declination: tile.declination,
            scale: 0.1
        ).set(.cd, in: &unit.header)
        unit.header.set("SOFTNAME", "CT_SWarp", "The software that processed those data")
        unit.header.set("DATE", "\(time.date)T\(time.wholeTime)", "When it was started (GMT)")
        unit.header.set("MAGZERO", band.folder == "VIS" ? 24.6 : 30.0, "AB zeropoint")
        unit.header.set("FILTER", band.filter, "the filter name")
        unit.header.set("DATASETR", EuclidSurvey.release)
        unit.header.set("PSWNAME", "MER_ProcessTile")
        unit.header.set(
            "PPOID",
            "MER_ProcessTile_EUCLID_2.0.2-SYNTHETIC-PLAN-000001-\(hash)-TILE\(tile.number)-"
                + "\(time.compact)")
        return Product(
            volume: "euclid_q1",
            folder: "\(EuclidSurvey.release)/MER/\(tile.number)/\(band.folder)",
            name: "EUC_MER_BGSUB-MOSAIC-\(band.name)_TILE\(tile.number)-\(hash)_\(stamp)"
                + "_00.00.fits",
            observed: time, content: .fits([unit]))
    }

    private static func catalogue(
        _ request: ProductRequest, _ time: UTCTime, _ random: inout SplitMix64
    ) -> Product {
        let tile = EuclidSurvey.tile(request.ordinal)
        let hash = hexadecimal(random.next(), 6)
        let stamp = EuclidSurvey.stamp(time, &random)
        let fluxes = ["FLUX_VIS_PSF", "FLUX_Y_TEMPLFIT", "FLUX_J_TEMPLFIT", "FLUX_H_TEMPLFIT"]
        let ra = tile.rightAscension
        let dec = tile.declination
        let columns: [BinaryTable.Column] =
            [
                .init(
                    name: "OBJECT_ID", format: .int64,
                    values: .counter(first: objectIdentifier(tile), step: 1_000_003)),
                .init(
                    name: "RIGHT_ASCENSION", format: .double, unit: "deg",
                    values: .uniform(ra...ra + 0.25)),
                .init(
                    name: "DECLINATION", format: .double, unit: "deg",
                    values: .uniform(dec - 0.25...dec + 0.25)),
                .init(
                    name: "SEGMENTATION_MAP_ID", format: .int64,
                    values: .counter(first: Int64(tile.number) * 1_000_000, step: 1)),
            ]
            + fluxes.map {
                .init(
                    name: $0, format: .float, unit: "uJy", values: .normal(mean: 4, deviation: 1))
            } + [
                .init(name: "VIS_DET", format: .int16, values: .uniform(0...1.99)),
                .init(name: "DET_QUALITY_FLAG", format: .int16, values: .uniform(0...3.99)),
            ]
        let rowBytes = columns.reduce(0) { $0 + $1.bytes }
        var unit = FITSUnit.table(
            BinaryTable(
                columns: columns, rows: request.dataBytes(headers: 3) / rowBytes, random: random),
            name: "EUC_MER__FINAL_CATALOG")
        unit.header.set("DATASETR", EuclidSurvey.release)
        var primary = FITSUnit.primary()
        primary.header.set("DATE", "\(time.date)T\(time.wholeTime)")
        return Product(
            volume: "euclid_q1",
            folder: "\(EuclidSurvey.release)/MER_FINAL_CATALOG/\(tile.number)",
            name: "EUC_MER_FINAL-CAT_TILE\(tile.number)-\(hash)_\(stamp)_00.00.fits",
            observed: time, content: .fits([primary, unit]))
    }

    private static func spectra(
        _ request: ProductRequest, _ time: UTCTime, _ random: inout SplitMix64
    ) -> Product {
        let tile = EuclidSurvey.tile(request.ordinal)
        let stamp = EuclidSurvey.stampWithColons(time, &random)
        // 2278 spectra of 531 bins are the mission's; a small file has fewer of both, a huge one
        // more bins.
        let bytes = request.dataBytes(headers: 1)
        let count = max(2, min(2278, bytes / 16_000))
        let bins = max(32, (bytes / count - 4320) / 22)
        var primary = FITSUnit.primary()
        primary.header.set("TILE_ID", tile.number)
        primary.header.set("DATASETR", EuclidSurvey.release)
        let seed = random.next()
        let units = (0..<count).map { index in
            spectrum(
                of: objectIdentifier(tile) + Int64(index) * 1_000_003,
                bins: bins, SplitMix64(seed: seed, stream: UInt64(index)))
        }
        return Product(
            volume: "euclid_q1", folder: "\(EuclidSurvey.release)/SIR/\(tile.number)",
            name: "EUC_SIR_W-COMBSPEC_\(tile.number)_\(stamp).fits",
            observed: time, content: .fits([primary] + units))
    }

    private static func spectrum(of object: Int64, bins: Int, _ random: SplitMix64) -> FITSUnit {
        let flux = "erg/s/cm2/Angstrom"
        var unit = FITSUnit.table(
            BinaryTable(
                columns: [
                    .init(
                        name: "WAVELENGTH", format: .float, unit: "Angstrom",
                        values: .ramp(from: 11_900, to: 19_002)),
                    .init(
                        name: "SIGNAL", format: .float, unit: flux,
                        values: .normal(mean: 1.2, deviation: 0.3)),
                    .init(name: "MASK", format: .int32, values: .counter(first: 0, step: 0)),
                    .init(name: "QUALITY", format: .float, values: .uniform(0.9...1)),
                    .init(
                        name: "VAR", format: .float, unit: "erg2/s2/cm4/Angstrom2",
                        values: .uniform(0.08...0.1)),
                    .init(name: "NDITH", format: .int16, values: .counter(first: 4, step: 0)),
                ],
                rows: bins, random: random),
            name: "\(object)_COMBINED1D_SIGNAL")
        unit.header.set("WMIN", 11_900.0, "[Angstrom] Minimum wavelength of the binning")
        unit.header.set("BINCOUNT", bins, "Wavelength bin count")
        unit.header.set("FSCALE", 1e-16, "Scaling factor")
        unit.header.set("EXPTIME", 2198.569, "Exposure time")
        unit.header.set("SOURC_ID", Int(object), "object identifier")
        return unit
    }

    /// Nineteen digits, beyond what a double holds exactly, made of the position as Euclid's are.
    private static func objectIdentifier(_ tile: EuclidSurvey.Tile) -> Int64 {
        let ra = Int64(tile.rightAscension * 1e4)
        let dec = Int64(abs(tile.declination) * 1e4)
        return (tile.declination < 0 ? 1 : 2) * 1_000_000_000_000_000_000
            + ra * 100_000_000_000 + dec * 10_000 + 137
    }
}
