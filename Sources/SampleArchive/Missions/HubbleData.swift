/// The extensions of a Hubble file.
struct HubbleData {
    let request: ProductRequest
    let target: SkyTarget
    let start: UTCTime
    let stop: UTCTime
    /// Seconds.
    let exposure: Double
    /// Pivot wavelength in angstrom.
    let pivot: Double
    /// Arcseconds a pixel.
    let scale: Double
    let rootname: String
    let random: SplitMix64

    var extensions: [FITSUnit] {
        switch request.kind {
        case .hstCOS: [spectrum]
        // The two chips of the Wide Field Channel.
        case .hstACS: imageSet(version: 1, sets: 2) + imageSet(version: 2, sets: 2)
        case .hstDrizzled: drizzled
        default: imageSet(version: 1, sets: 1)
        }
    }

    /// SCI, ERR and DQ of one chip or read-out.
    private func imageSet(version: Int, sets: Int) -> [FITSUnit] {
        let bytes = request.dataBytes(headers: 2 + 3 * sets, compressedTo: 0.24)
        let size = ImageSize(pixels: bytes / sets / 10, aspect: sets == 2 ? 2 : 1)
        var noise = random
        for _ in 0..<version {
            _ = noise.next()
        }
        let planes: [(name: String, plane: StarField.Plane, format: SampleFormat)] = [
            ("SCI", .signal, .float32(isBigEndian: true)),
            ("ERR", .error, .float32(isBigEndian: true)),
            ("DQ", .flags, .signed16(isBigEndian: true)),
        ]
        return planes.map { name, plane, format in
            var unit = FITSUnit.image(
                StarField(
                    size: size, format: format, plane: plane, level: 60, noise: 8, random: noise),
                name: name, version: version)
            setCommon(&unit.header)
            unit.header.set("BUNIT", plane == .flags ? "UNITLESS" : "ELECTRONS")
            if sets == 2 {
                unit.header.set("CCDCHIP", 3 - version, "CCD chip (1 or 2)")
            }
            setWorld(&unit.header, size, version: version)
            return unit
        }
    }

    private var drizzled: [FITSUnit] {
        let bytes = request.dataBytes(headers: 5, compressedTo: 0.28)
        let size = ImageSize(pixels: bytes / 8)
        return [("SCI", StarField.Plane.signal), ("WHT", .error)].map { name, plane in
            var unit = FITSUnit.image(
                StarField(
                    size: size, format: .float32(isBigEndian: true), plane: plane, level: 0.4,
                    noise: 0.02, random: random),
                name: name)
            setCommon(&unit.header)
            unit.header.set("BUNIT", plane == .signal ? "ELECTRONS/S" : "UNITLESS")
            setWorld(&unit.header, size, version: 1)
            return unit
        }
    }

    private func setCommon(_ header: inout FITSHeader) {
        header.set("INHERIT", true, "inherit the primary header")
        header.set("EXPNAME", rootname, "exposure identifier")
        if request.kind == .hstSTIS {
            Hubble.setTimes(&header, start, stop, exposure)
        }
    }

    private func setWorld(_ header: inout FITSHeader, _ size: ImageSize, version: Int) {
        guard request.kind != .hstSTIS else {
            setDispersion(&header, size)
            return
        }
        var generator = request.groupRandom(request.group, topic: 2)
        let orientation = Double(generator.below(360))
        // The second chip lies beside the first.
        let shift = Double(version - 1) * Double(size.height) * scale / 3600
        CelestialWCS(
            size: size, rightAscension: target.rightAscension,
            declination: SkyTarget.rounded(target.declination + shift), scale: scale,
            orientation: orientation
        ).set(.cd, in: &header)
        header.set("ORIENTAT", orientation, "position angle of image y axis (deg. e of n)")
        header.set("PHOTPLAM", pivot, "Pivot wavelength (Angstroms)")
        header.set("PHOTBW", (pivot * 0.1).rounded(), "RMS bandwidth of filter plus detector")
    }

    /// A long-slit spectrum, whose first axis is no position.
    private func setDispersion(_ header: inout FITSHeader, _ size: ImageSize) {
        header.set("WCSAXES", 2, "number of World Coordinate System axes")
        header.set("CTYPE1", "LAMBDA", "the coordinate type for the first axis")
        header.set("CTYPE2", "ANGLE", "the coordinate type for the second axis")
        header.set("CUNIT1", "angstrom", "units of first coordinate value")
        header.set("CUNIT2", "deg", "units of second coordinate value")
        header.set("CRPIX1", Double(size.width) / 2)
        header.set("CRPIX2", Double(size.height) / 2)
        header.set("CRVAL1", pivot, "first axis value at reference pixel")
        header.set("CRVAL2", 0.0, "second axis value at reference pixel")
        header.set("CD1_1", 0.554)
        header.set("CD1_2", 0.0)
        header.set("CD2_1", 0.0)
        header.set("CD2_2", 1.38889e-05)
        header.set("RA_APER", target.rightAscension, "[deg] RA of reference aperture centre")
        header.set("DEC_APER", target.declination, "[deg] Dec of reference aperture centre")
    }

    /// Two segments, a row each, with the spectrum in the cells.
    private var spectrum: FITSUnit {
        let bytes = request.dataBytes(headers: 3, compressedTo: 0.64)
        let elements = max(64, bytes / 2 / 20)
        let flux = "erg /s /cm**2 /angstrom"
        var unit = FITSUnit.table(
            BinaryTable(
                columns: [
                    .init(
                        name: "EXPTIME", format: .double, unit: "s",
                        values: .ramp(from: exposure, to: exposure)),
                    .init(
                        name: "NELEM", format: .int32,
                        values: .counter(first: Int64(elements), step: 0)),
                    .init(
                        name: "WAVELENGTH", format: .double, unit: "angstrom", count: elements,
                        values: .ramp(from: pivot - 150, to: pivot + 150)),
                    .init(
                        name: "FLUX", format: .float, unit: flux, count: elements,
                        values: .normal(mean: 2e-15, deviation: 2e-16)),
                    .init(
                        name: "ERROR", format: .float, unit: flux, count: elements,
                        values: .normal(mean: 2e-16, deviation: 1e-17)),
                    .init(
                        name: "DQ", format: .int16, count: elements,
                        values: .counter(first: 0, step: 0)),
                ],
                rows: 2, random: random),
            name: "SCI")
        Hubble.setTimes(&unit.header, start, stop, exposure)
        unit.header.set("DATE-OBS", start.date)
        return unit
    }
}
