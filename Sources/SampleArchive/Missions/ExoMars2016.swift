/// CaSSIS on the Trace Gas Orbiter: `ExoMars2016/em16_tgo_cas/data_calibrated/…/CAS-M01-….dat`, a
/// PDS4 label beside raw little-endian floats.
enum ExoMars2016 {
    private static let filters = ["PAN", "BLU", "RED", "NIR"]

    static func product(_ request: ProductRequest) -> Product {
        let random = request.random()
        // An image in four filters; twelve images an orbit.
        let image = request.ordinal / filters.count
        let filter = filters[request.ordinal % filters.count]
        let orbit = 2115 + image / 12
        let range = orbit / 100 * 100
        let start = UTCTime(year: 2018, month: 4, day: 26)
            .adding(seconds: Double(image / 12) * 7080 + Double(image % 12) * 412.377)
        let stop = start.adding(seconds: 1.44)
        let stem =
            "CAS-M01-\(start.date)T\(start.dotted)-\(filter)-\(digits(image % 100_000, 5))-B1"
        // The sensor's windows are much wider than high.
        let size = ImageSize(pixels: request.dataBytes(headers: 0) / 4, aspect: 4)
        let host = "urn:esa:psa:context:instrument_host:spacecraft.tgo"
        let label = PDS4Label(
            bundle: "em16_tgo_cas", collection: "data_calibrated", product: stem.lowercased(),
            title: "Synthetic CaSSIS framelet, filter \(filter)", start: start, stop: stop,
            processingLevel: "Calibrated", wavelengthRange: "Visible", discipline: "Imaging",
            investigation: .init(
                name: "ExoMars 2016", type: "Mission",
                identifier: "urn:esa:psa:context:investigation:mission.em16"),
            host: .init(name: "TGO", type: "Spacecraft", identifier: host),
            instrument: .init(
                name: "CaSSIS", type: "Instrument",
                identifier: "urn:esa:psa:context:instrument:tgo.cassis"),
            target: .init(
                name: "Mars", type: "Planet",
                identifier: "urn:nasa:pds:context:target:planet.mars"),
            fileName: stem + ".dat",
            objects: [.image(size, offset: 0, type: "IEEE754LSBSingle", unit: "DN")])
        return Product(
            volume: "psa",
            folder: "ExoMars2016/em16_tgo_cas/data_calibrated/Science_Phase/"
                + "Orbit_Range_\(range)_\(range + 99)/Orbit_\(orbit)",
            name: stem + ".dat", observed: stop,
            content: .rows(
                prefix: [],
                StarField(
                    size: size, format: .float32(isBigEndian: false), level: 800, noise: 12,
                    random: random)),
            label: .init(name: stem + ".xml", text: label.bytes))
    }
}
