/// Euclid's Early Release Observations:
/// `ERO/Stack/ERO-Abell2390/Euclid-NISP-J-ERO-Abell2390-LSB.DR3.fits.gz`.
enum EuclidEarlyRelease {
    private static let fields = [
        SkyTarget(name: "Abell2390", rightAscension: 328.397, declination: 17.697),
        SkyTarget(name: "Perseus", rightAscension: 49.651, declination: 41.515),
        SkyTarget(name: "Abell2764", rightAscension: 5.714, declination: -49.248),
        SkyTarget(name: "Fornax", rightAscension: 54.017, declination: -35.278),
        SkyTarget(name: "Dorado", rightAscension: 64.246, declination: -55.778),
        SkyTarget(name: "NGC6397", rightAscension: 265.038, declination: -53.682),
        SkyTarget(name: "IC342", rightAscension: 56.697, declination: 68.101),
        SkyTarget(name: "NGC6822", rightAscension: 296.24, declination: -14.803),
        SkyTarget(name: "Horsehead", rightAscension: 85.298, declination: -2.474),
        SkyTarget(name: "Messier78", rightAscension: 86.694, declination: 0.064),
    ]

    /// Stacks of one field: two treatments of the background in four bands.
    private static let bands = ["VIS-VIS", "NISP-J", "NISP-H", "NISP-Y"]
    private static let flavours = ["LSB", "Flattened"]

    static func product(_ request: ProductRequest) -> Product {
        let perField = bands.count * flavours.count
        let index = request.ordinal / perField
        let place = request.ordinal % perField
        let band = bands[(place + 1) % bands.count]
        let flavour = flavours[place / bands.count]
        let known = fields[index % fields.count]
        // Beyond the known fields, invented ones near them.
        var position = SplitMix64(seed: 17, stream: UInt64(index))
        let field = index < fields.count ? known : known.near(1.5, &position)
        let name = index < fields.count ? field.name : "Field\(digits(index, 4))"

        var random = request.random()
        let start = UTCTime(year: 2023, month: 11, day: 28).adding(days: Double(index % 60))
        let exposure = band == "VIS-VIS" ? 2264.0 : 448.8
        let bytes = request.dataBytes(headers: 1, compressedTo: 0.52)
        let size = ImageSize(pixels: bytes / 4)
        var unit = FITSUnit.primary(
            StarField(
                size: size, format: .float32(isBigEndian: true),
                level: flavour == "LSB" ? 0.8 : 0.05, noise: 0.03, random: random))
        CelestialWCS(
            size: size, rightAscension: field.rightAscension, declination: field.declination,
            scale: band == "VIS-VIS" ? 0.1 : 0.3
        ).set(.cd, in: &unit.header)
        unit.header.set("TELESCOP", "Euclid")
        unit.header.set("INSTRUME", String(band.prefix { $0 != "-" }))
        unit.header.set("FILTER", String(band.drop { $0 != "-" }.dropFirst()))
        unit.header.set("OBJECT", "ERO-\(name)")
        unit.header.set("DATE-OBS", start.iso)
        unit.header.set("MJD-OBS", start.mjd, "[d] start of the first exposure")
        unit.header.set("EXPTIME", exposure, "[s] total exposure time")
        unit.header.set("MAGZERO", 30.0 + Double(random.below(100)) / 1000, "AB zeropoint")
        return Product(
            volume: "euclid_ero", folder: "ERO/Stack/ERO-\(name)",
            name: "Euclid-\(band)-ERO-\(name)-\(flavour).DR3.fits.gz",
            observed: start.adding(seconds: exposure), content: .fits([unit]), isCompressed: true)
    }
}
