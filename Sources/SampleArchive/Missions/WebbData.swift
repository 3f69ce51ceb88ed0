/// What a JWST primary header says about proposal, visit, target and time.
struct WebbHeader {
    let programme: Int
    let observation: Int
    /// Visit group, sequence and activity, as in the name.
    let activity: String
    let exposureNumber: Int
    let target: SkyTarget
    let start: UTCTime
    let stop: UTCTime
    /// Seconds.
    let exposure: Double

    func setPrimary(_ header: inout FITSHeader, fileName: String) {
        let visit = "\(digits(programme, 5))\(digits(observation, 3))001"
        header.set("DATE", stop.adding(days: 2).iso, "UTC date file created")
        header.set("ORIGIN", "SYNTHETIC", "Organization responsible for creating file")
        header.set("FILENAME", fileName, "Name of the file")
        header.set("TELESCOP", "JWST", "Telescope used to acquire the data")
        header.set(
            "TITLE",
            "Synthetic programme \(programme): a survey of \(target.name), which nobody has "
                + "proposed and no telescope has carried out")
        header.set("PI_NAME", "Nobody, Invented", "Principal investigator name")
        header.set("CATEGORY", "GO", "Program category")
        header.set("DATE-OBS", start.date, "UTC date at start of exposure")
        header.set("TIME-OBS", start.time, "UTC time at start of exposure")
        header.set("DATE-BEG", start.iso, "Date-time start of exposure")
        header.set("DATE-END", stop.iso, "Date-time end of exposure")
        header.set("OBS_ID", "V\(visit)P0000000\(activity)0", "Programmatic observation identifier")
        header.set("VISIT_ID", visit, "Visit identifier")
        header.set("PROGRAM", digits(programme, 5), "Program number")
        header.set("OBSERVTN", digits(observation, 3), "Observation number")
        header.set("VISIT", "001", "Visit number")
        header.set("EXPOSURE", "\(exposureNumber)", "Exposure request number")
        header.set("TARGPROP", target.name, "Proposer's name for the target")
        header.set("TARGNAME", target.name, "Standard astronomical catalog name")
        header.set("TARG_RA", target.rightAscension, "[deg] Target RA at mid time of exposure")
        header.set("TARG_DEC", target.declination, "[deg] Target Dec at mid time of exposure")
        header.set("EXPSTART", start.mjd, "[d] exposure start time in MJD")
        header.set("EXPEND", stop.mjd, "[d] exposure end time in MJD")
        header.set("EFFEXPTM", exposure, "[s] Effective exposure time")
    }
}

/// The extensions of a JWST file.
struct WebbData {
    let request: ProductRequest
    let header: WebbHeader
    /// Arcseconds a pixel.
    let scale: Double
    /// Micrometres.
    let wavelengths: ClosedRange<Double>
    let random: SplitMix64

    func extensions(isCompressed: Bool) -> [FITSUnit] {
        request.kind == .jwstNIRSpec ? [spectrum] : images(isCompressed)
    }

    private func images(_ isCompressed: Bool) -> [FITSUnit] {
        let bytes =
            isCompressed
            ? request.dataBytes(headers: 5, compressedTo: 0.22) : request.dataBytes(headers: 5)
        let size = ImageSize(pixels: bytes / 12)
        let planes: [(name: String, plane: StarField.Plane)] = [
            ("SCI", .signal), ("ERR", .error), ("WHT", .error),
        ]
        return planes.map { name, plane in
            var unit = FITSUnit.image(
                StarField(
                    size: size, format: .float32(isBigEndian: true), plane: plane, level: 12,
                    noise: 0.3, random: random),
                name: name)
            if name != "WHT" {
                unit.header.set("BUNIT", "MJy/sr", "physical units of the array values")
            }
            if name == "SCI" {
                setScience(&unit.header, size)
            }
            return unit
        }
    }

    private func setScience(_ header: inout FITSHeader, _ size: ImageSize) {
        header.set("MJD-BEG", self.header.start.mjd, "[d] exposure start time in MJD")
        header.set("MJD-END", self.header.stop.mjd, "[d] exposure end time in MJD")
        header.set("XPOSURE", self.header.exposure, "[s] Effective exposure time")
        header.set("PIXAR_A2", (scale * scale * 1e9).rounded() / 1e9, "Nominal pixel area")
        let target = self.header.target
        var shared = request.groupRandom(request.group, topic: 4)
        let world = CelestialWCS(
            size: size, rightAscension: target.rightAscension, declination: target.declination,
            scale: scale, orientation: Double(shared.below(360)))
        world.set(.pc, in: &header)
        header.set("RA_REF", target.rightAscension, "[deg] Right ascension of the reference point")
        header.set("DEC_REF", target.declination, "[deg] Declination of the reference point")
        header.set("S_REGION", world.region, "spatial extent of the observation")
    }

    private var spectrum: FITSUnit {
        let bytes = request.dataBytes(headers: 4, compressedTo: 0.7)
        let table = BinaryTable(
            columns: [
                .init(
                    name: "WAVELENGTH", format: .double, unit: "um",
                    values: .ramp(from: wavelengths.lowerBound, to: wavelengths.upperBound)),
                .init(
                    name: "FLUX", format: .double, unit: "Jy",
                    values: .normal(mean: 3e-5, deviation: 2e-6)),
                .init(
                    name: "FLUX_ERROR", format: .double, unit: "Jy",
                    values: .uniform(1.8e-6...2.2e-6)),
                .init(name: "DQ", format: .int32, values: .counter(first: 0, step: 0)),
                .init(
                    name: "NPIXELS", format: .double, values: .counter(first: 6, step: 0)),
            ],
            rows: bytes / 36, random: random)
        var unit = FITSUnit.table(table, name: "EXTRACT1D")
        unit.header.set("SLTNAME", "S200A1", "Slit name")
        unit.header.set("SRCTYPE", "POINT", "Source type")
        unit.header.set("WAVSTART", wavelengths.lowerBound * 1e-6, "[m] lower bound")
        unit.header.set("WAVEND", wavelengths.upperBound * 1e-6, "[m] upper bound")
        unit.header.set("RA_REF", header.target.rightAscension)
        unit.header.set("DEC_REF", header.target.declination)
        return unit
    }
}
