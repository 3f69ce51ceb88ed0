/// The navigation camera of Rosetta, with detached PDS3 labels:
/// `INTERNATIONAL-ROSETTA-MISSION/NAVCAM/RO-C-NAVCAM-2-ESC1-MTP010-V1.0/DATA/CAM1/ROS_CAM1_….IMG`.
enum Rosetta {
    static func product(_ request: ProductRequest) -> Product {
        let random = request.random()
        // Planning periods of four weeks, from the tenth on.
        let period = 10 + request.group
        let start = UTCTime(year: 2014, month: 11, day: 21)
            .adding(days: Double(request.group) * 28)
            .adding(seconds: Double(request.member) * 3600 + 203)
        let stop = start.adding(seconds: 5.2)
        let dataSet = "RO-C-NAVCAM-2-ESC1-MTP\(digits(period, 3))-V1.0"
        let stem = "ROS_CAM1_\(start.compact)"
        let size = ImageSize(pixels: request.dataBytes(headers: 0) / 2)

        var label = ODLLabel()
        label.set("RECORD_TYPE", .literal("FIXED_LENGTH"))
        label.set("RECORD_BYTES", .integer(size.width * 2))
        label.set("FILE_RECORDS", .integer(size.height))
        label.set("^IMAGE", .literal("(\"\(stem).IMG\", 1)"))
        label.section("IDENTIFICATION DATA ELEMENTS")
        label.set("FILE_NAME", .text("\(stem).IMG"))
        label.set("DATA_SET_ID", .text(dataSet))
        label.set("PRODUCT_ID", .text(stem))
        label.set("PRODUCT_CREATION_TIME", .literal(stop.adding(days: 90).iso))
        label.set("PROCESSING_LEVEL_ID", .text("2"))
        label.set("MISSION_NAME", .text("INTERNATIONAL ROSETTA MISSION"))
        label.set("INSTRUMENT_HOST_NAME", .text("ROSETTA-ORBITER"))
        label.set("INSTRUMENT_HOST_ID", .literal("RO"))
        label.set("INSTRUMENT_ID", .literal("NAVCAM"))
        label.set("INSTRUMENT_NAME", .text("NAVIGATION CAMERA"))
        label.set("TARGET_NAME", .text("67P/CHURYUMOV-GERASIMENKO 1 (1969 R1)"))
        label.set("TARGET_TYPE", .text("COMET"))
        label.set("NOTE", .text("Synthetic product; no observation stands behind it"))
        label.section("TIME DATA ELEMENTS")
        label.set("START_TIME", .literal(start.iso))
        label.set("STOP_TIME", .literal(stop.iso))
        label.set("EXPOSURE_DURATION", .quantity(5.2, places: 1, unit: "s"))
        label.set("ORBIT_NUMBER", .notApplicable)
        label.object(.init(size: size, sampleType: "MSB_INTEGER", sampleBits: 16))
        let text = label.bytes
        return Product(
            volume: "psa",
            folder: "INTERNATIONAL-ROSETTA-MISSION/NAVCAM/\(dataSet)/DATA/CAM1",
            name: stem + ".IMG", observed: stop,
            content: .rows(
                prefix: [],
                StarField(
                    size: size, format: .signed16(isBigEndian: true), level: 300, noise: 9,
                    random: random)),
            label: .init(name: stem + ".LBL", text: { _, _ in text }))
    }
}
