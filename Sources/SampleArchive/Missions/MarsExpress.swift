/// HRSC on Mars Express, with labels attached to the front of the image:
/// `MARS-EXPRESS/HRSC/MEX-M-HRSC-3-RDR-V2.0/DATA/5270/H5270_0000_IR2.IMG`.
enum MarsExpress {
    private static let dataSet = "MEX-M-HRSC-3-RDR-V2.0"

    /// Channels of the camera, of which each strip has one image.
    private static let channels: [(code: String, detector: String)] = [
        ("ND", "MEX_HRSC_NADIR"), ("RE", "MEX_HRSC_RED"),
        ("GR", "MEX_HRSC_GREEN"), ("BL", "MEX_HRSC_BLUE"), ("IR", "MEX_HRSC_IR"),
        ("S1", "MEX_HRSC_S1"), ("S2", "MEX_HRSC_S2"),
    ]

    static func product(_ request: ProductRequest) -> Product {
        var random = request.random()
        // Two strips an orbit; orbits are counted upwards from the first with a strip.
        let strip = request.ordinal / channels.count
        let channel = channels[request.ordinal % channels.count]
        let orbit = 5270 + strip / 2 * 3
        let orbitText = digits(orbit, 4)
        let name = "H\(orbitText)_\(digits(strip % 2 * 9, 4))_\(channel.code)2.IMG"
        let start = UTCTime(year: 2008, month: 2, day: 8)
            .adding(seconds: 43_733.843 + Double(strip) * 40_500)
        let stop = start.adding(seconds: 196.718)
        // Strips are long: a line of detectors that the spacecraft moves over the ground.
        let size = ImageSize(
            pixels: max(request.dataBytes(headers: 1), 64 * 256), aspect: 0.25)
        let latitude = random.uniform(-60...60)
        let label = ODLLabel.attached(recordBytes: size.width) { labelRecords in
            var label = ODLLabel()
            label.section("FILE DATA ELEMENTS")
            label.set("RECORD_TYPE", .literal("FIXED_LENGTH"))
            label.set("RECORD_BYTES", .integer(size.width))
            label.set("FILE_RECORDS", .integer(labelRecords + size.height))
            label.set("LABEL_RECORDS", .integer(labelRecords))
            label.section("POINTERS TO DATA OBJECTS")
            label.set("^IMAGE", .integer(labelRecords + 1))
            label.section("IDENTIFICATION DATA ELEMENTS")
            label.set("FILE_NAME", .text(name))
            label.set("DATA_SET_ID", .text(dataSet))
            label.set("DETECTOR_ID", .literal(channel.detector))
            label.set("INSTRUMENT_HOST_ID", .literal("MEX"))
            label.set("INSTRUMENT_HOST_NAME", .text("MARS EXPRESS"))
            label.set("INSTRUMENT_ID", .literal("HRSC"))
            label.set("INSTRUMENT_NAME", .text("HIGH RESOLUTION STEREO CAMERA"))
            label.set("MISSION_NAME", .text("MARS EXPRESS"))
            label.set("PROCESSING_LEVEL_ID", .integer(2))
            label.set("PRODUCT_CREATION_TIME", .literal(stop.adding(days: 400).iso + "Z"))
            label.set("PRODUCT_ID", .text(name))
            label.set("RELEASE_ID", .text("0062"))
            label.set("NOTE", .text("Synthetic product; no observation stands behind it"))
            label.section("TIME DATA ELEMENTS")
            label.set("START_TIME", .literal(start.iso + "Z"))
            label.set("STOP_TIME", .literal(stop.iso + "Z"))
            label.section("ORBITAL DATA ELEMENTS")
            label.set("ORBIT_NUMBER", .integer(orbit))
            label.set("MAXIMUM_RESOLUTION", .quantity(55.3, places: 1, unit: "m/pixel"))
            label.set("CENTER_LATITUDE", .quantity(latitude, places: 4, unit: "deg"))
            label.set("RIGHT_ASCENSION", .notApplicable)
            label.set("DECLINATION", .notApplicable)
            label.set("TARGET_NAME", .text("MARS"))
            label.object(.init(size: size, sampleType: "UNSIGNED_INTEGER", sampleBits: 8))
            return label
        }
        return Product(
            volume: "psa", folder: "MARS-EXPRESS/HRSC/\(dataSet)/DATA/\(orbitText)",
            name: name, observed: stop,
            content: .rows(
                prefix: label,
                StarField(size: size, format: .unsigned8, level: 90, noise: 6, random: random)))
    }
}
