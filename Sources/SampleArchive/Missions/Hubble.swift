/// Hubble as ESA's archive mounts it: `hub_hstdata_i/i/b4x/04/ib4x04ivq_flt.fits.gz`.
///
/// Names are IPPPSSOOT: instrument, programme, set, observation, source of the transmission.
/// Keywords follow the archive's own files.
enum Hubble {
    private struct Instrument {
        /// First letter of the rootname.
        let letter: String
        let name: String
        let detectors: [String]
        /// Pivot wavelength in angstrom.
        let filters: [(name: String, pivot: Double)]
        /// Arcseconds a pixel.
        let scale: Double
        let suffix: String
    }

    private static let acs = Instrument(
        letter: "j", name: "ACS", detectors: ["WFC"],
        filters: [("F435W", 4328), ("F606W", 5922), ("F814W", 8045)], scale: 0.05, suffix: "flt")
    private static let wfc3 = Instrument(
        letter: "i", name: "WFC3", detectors: ["IR"],
        filters: [("F105W", 10_552), ("F125W", 12_486), ("F160W", 15_369)], scale: 0.1283,
        suffix: "flt")
    private static let drizzled = Instrument(
        letter: "i", name: "WFC3", detectors: ["UVIS"],
        filters: [("F336W", 3355), ("F475W", 4773), ("F814W", 8024)], scale: 0.0396,
        suffix: "drz")
    private static let stis = Instrument(
        letter: "o", name: "STIS", detectors: ["CCD"],
        filters: [("G430L", 4300), ("G750M", 7751), ("G750L", 7751)], scale: 0.05, suffix: "flt")
    private static let cos = Instrument(
        letter: "l", name: "COS", detectors: ["FUV", "NUV"],
        filters: [("G130M", 1300), ("G160M", 1600), ("G140L", 1230)], scale: 0.1, suffix: "x1d")

    private static let investigators = [
        "Synthetic", "Example", "Invented", "Nobody", "Specimen", "Placeholder",
    ]

    /// `b4x` in base 36; programmes begin with a letter.
    private static let firstProgramme = 14_433

    static func product(_ request: ProductRequest) -> Product {
        let instrument = instrument(of: request.kind)
        var programme = request.groupRandom(request.group, topic: 1)
        let target = programme.element(of: SkyTarget.all).near(0.05, &programme)
        let investigator = programme.element(of: investigators)
        let begin = UTCTime(year: 2009, month: 9, day: 1)
            .adding(days: Double(programme.below(5000)))
        var random = request.random()
        let filter = random.element(of: instrument.filters)
        let exposure = Double(100 * (1 + random.below(24)))
        let start = begin.adding(
            seconds: Double(request.member) * 2700 + Double(random.below(200_000)) / 1000)

        // Nine exposures make a set.
        let code = base36(firstProgramme + request.group * 7, 3)
        let set = digits(request.member / 9 + 1, 2)
        let place = base36(10 * 36 + request.member % 9 * 31 + request.kind.rawValue, 2)
        let source = request.kind == .hstDrizzled ? "0" : "q"
        let rootname = "\(instrument.letter)\(code)\(set)\(place)\(source)"
        let name = "\(rootname)_\(instrument.suffix).fits.gz"

        var primary = FITSUnit.primary()
        setPrimary(&primary.header, instrument, rootname, target, start)
        primary.header.set("PROPOSID", 11_000 + request.group, "PEP proposal identifier")
        primary.header.set("LINENUM", "\(set).\(digits(request.member % 9 + 1, 3))")
        primary.header.set("PR_INV_L", investigator, "last name of principal investigator")
        primary.header.set("DETECTOR", random.element(of: instrument.detectors))
        let isSpectrum = request.kind == .hstSTIS || request.kind == .hstCOS
        if request.kind == .hstACS {
            primary.header.set("FILTER1", filter.name, "element selected from filter wheel 1")
            primary.header.set("FILTER2", "CLEAR2L", "element selected from filter wheel 2")
        } else {
            primary.header.set(isSpectrum ? "OPT_ELEM" : "FILTER", filter.name)
        }
        primary.header.set("OBSTYPE", isSpectrum ? "SPECTROSCOPIC" : "IMAGING")
        let stop = start.adding(seconds: exposure)
        // STIS and COS give the times of an exposure only beside its data.
        if !isSpectrum {
            setTimes(&primary.header, start, stop, exposure)
        }
        let context = HubbleData(
            request: request, target: target, start: start, stop: stop, exposure: exposure,
            pivot: filter.pivot, scale: instrument.scale, rootname: rootname, random: random)
        return Product(
            volume: "hst",
            folder: "hub_hstdata_\(instrument.letter)/\(instrument.letter)/\(code)/\(set)",
            name: name, observed: stop, content: .fits([primary] + context.extensions),
            isCompressed: true)
    }

    static func setTimes(
        _ header: inout FITSHeader, _ start: UTCTime, _ stop: UTCTime, _ exposure: Double
    ) {
        header.set("EXPSTART", start.mjd, "exposure start time (Modified Julian Date)")
        header.set("EXPEND", stop.mjd, "exposure end time (Modified Julian Date)")
        header.set("EXPTIME", exposure, "exposure duration (seconds)")
    }

    private static func setPrimary(
        _ header: inout FITSHeader, _ instrument: Instrument, _ rootname: String,
        _ target: SkyTarget, _ start: UTCTime
    ) {
        header.set("FILENAME", "\(rootname)_\(instrument.suffix).fits", "name of file")
        header.set("FILETYPE", "SCI", "type of data found in data file")
        header.set("TELESCOP", "HST", "telescope used to acquire data")
        header.set("INSTRUME", instrument.name, "identifier for instrument")
        header.set("EQUINOX", 2000.0, "equinox of celestial coord. system")
        header.set("ROOTNAME", rootname, "rootname of the observation set")
        header.set("TARGNAME", target.name, "proposer's target name")
        header.set("RA_TARG", target.rightAscension, "[deg] right ascension of the target")
        header.set("DEC_TARG", target.declination, "[deg] declination of the target")
        header.set("DATE-OBS", start.date, "UT date of start of observation")
        header.set("TIME-OBS", start.wholeTime, "UT time of start of observation")
    }

    private static func instrument(of kind: ProductKind) -> Instrument {
        switch kind {
        case .hstWFC3: wfc3
        case .hstDrizzled: drizzled
        case .hstSTIS: stis
        case .hstCOS: cos
        default: acs
        }
    }
}
