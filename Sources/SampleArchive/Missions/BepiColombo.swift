/// The Mercury Planetary Orbiter: MERTIS images as FITS, magnetometer tables as text, each beside
/// its PDS4 label.
///
/// `BepiColombo/bc_mpo_mertis/data_raw/<month>/mer_raw_sc_tir_20200622_1.fits`,
/// `BepiColombo/bc_mpo_mag/data_calibrated/<month>/mag_cal_sc_ob_20200622_1.tab`.
enum BepiColombo {
    private static let investigation = PDS4Label.Context(
        name: "BepiColombo", type: "Mission",
        identifier: "urn:esa:psa:context:investigation:mission.bc")
    private static let host = PDS4Label.Context(
        name: "Mercury Planetary Orbiter", type: "Spacecraft",
        identifier: "urn:esa:psa:context:instrument_host:spacecraft.mpo")

    static func product(_ request: ProductRequest) -> Product {
        // Four products a day.
        let start = UTCTime(year: 2020, month: 6, day: 22)
            .adding(seconds: Double(request.ordinal / 4 * 86_400 + request.ordinal % 4 * 21_600))
            .adding(seconds: 365.83)
        let ending = "\(start.compactDate)_\(request.ordinal % 4 + 1)"
        return request.kind == .mertis
            ? image(request, "mer_raw_sc_tir_" + ending, start)
            : table(request, "mag_cal_sc_ob_" + ending, start)
    }

    private static func image(
        _ request: ProductRequest, _ stem: String, _ start: UTCTime
    ) -> Product {
        let size = ImageSize(pixels: request.dataBytes(headers: 1) / 2)
        let stop = start.adding(seconds: 5.012)
        var unit = FITSUnit.primary(
            StarField(
                size: size, format: .signed16(isBigEndian: true), level: 6000, noise: 30,
                random: request.random()))
        unit.header.set("TELESCOP", "BepiColombo MPO")
        unit.header.set("INSTRUME", "MERTIS")
        unit.header.set("DATE-OBS", start.iso)
        let label = label(
            collection: "data_raw", product: stem, title: "MERTIS TIR raw", start, stop,
            instrument: .init(
                name: "MERTIS", type: "Instrument",
                identifier: "urn:esa:psa:context:instrument:mertis.mpo"),
            facets: ("Infrared", "Imaging"), fileName: stem + ".fits",
            objects: [
                .header(bytes: unit.headerBytes),
                .image(size, offset: unit.headerBytes, type: "SignedMSB2", unit: "DN"),
            ])
        return Product(
            volume: "psa",
            folder: "BepiColombo/bc_mpo_mertis/data_raw/\(start.compactDate.prefix(6))",
            name: stem + ".fits", observed: stop, content: .fits([unit]),
            label: .init(name: stem + ".xml", text: label.bytes))
    }

    private static func table(
        _ request: ProductRequest, _ stem: String, _ start: UTCTime
    ) -> Product {
        let rows = MagnetometerRows(
            start: start, rows: request.bytes / MagnetometerRows.recordBytes,
            random: request.random())
        let stop = start.adding(seconds: Double(rows.rowCount - 1))
        let label = label(
            collection: "data_calibrated", product: stem,
            title: "MPO-MAG outboard sensor calibrated", start, stop,
            instrument: .init(
                name: "MPO-MAG", type: "Instrument",
                identifier: "urn:esa:psa:context:instrument:mag.mpo"),
            facets: ("Radio", "Fields"), fileName: stem + ".tab",
            objects: [
                .table(
                    records: rows.rowCount, recordBytes: MagnetometerRows.recordBytes,
                    fields: MagnetometerRows.fields)
            ])
        return Product(
            volume: "psa",
            folder: "BepiColombo/bc_mpo_mag/data_calibrated/\(start.compactDate.prefix(6))",
            name: stem + ".tab", observed: stop, content: .rows(prefix: [], rows),
            label: .init(name: stem + ".xml", text: label.bytes))
    }

    private static func label(
        collection: String, product: String, title: String, _ start: UTCTime, _ stop: UTCTime,
        instrument: PDS4Label.Context, facets: (wavelength: String, discipline: String),
        fileName: String, objects: [PDS4DataObject]
    ) -> PDS4Label {
        PDS4Label(
            bundle: instrument.name == "MERTIS" ? "bc_mpo_mertis" : "bc_mpo_mag",
            collection: collection, product: product,
            title: "Synthetic BepiColombo \(title) data", start: start, stop: stop,
            processingLevel: collection == "data_raw" ? "Raw" : "Calibrated",
            wavelengthRange: facets.wavelength, discipline: facets.discipline,
            investigation: investigation, host: host, instrument: instrument,
            target: .init(
                name: "Mercury", type: "Planet",
                identifier: "urn:nasa:pds:context:target:planet.mercury"),
            fileName: fileName, objects: objects)
    }
}
