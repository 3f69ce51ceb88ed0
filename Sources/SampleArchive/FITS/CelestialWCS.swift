internal import Glibc

/// A gnomonic projection with the reference point at the centre of the image: FITS Standard 4.0,
/// section 8.
struct CelestialWCS {
    enum Matrix {
        /// CDi_j alone, as HST and Euclid write it.
        case cd
        /// CDELTi with PCi_j, as JWST writes it.
        case pc
    }

    let size: ImageSize
    /// ICRS, degrees.
    let rightAscension: Double
    let declination: Double
    /// Arcseconds a pixel.
    let scale: Double
    /// Degrees east of north of the image's y axis.
    var orientation = 0.0

    func set(_ matrix: Matrix, in header: inout FITSHeader) {
        header.set("WCSAXES", 2, "number of World Coordinate System axes")
        header.set("CTYPE1", "RA---TAN", "right ascension, gnomonic projection")
        header.set("CTYPE2", "DEC--TAN", "declination, gnomonic projection")
        header.set("CUNIT1", "deg")
        header.set("CUNIT2", "deg")
        header.set("CRPIX1", Double(size.width + 1) / 2, "axis 1 of the reference pixel")
        header.set("CRPIX2", Double(size.height + 1) / 2, "axis 2 of the reference pixel")
        header.set("CRVAL1", rightAscension, "[deg] value at the reference pixel")
        header.set("CRVAL2", declination, "[deg] value at the reference pixel")
        let step = scale / 3600
        let sine = sin(orientation * .pi / 180)
        let cosine = cos(orientation * .pi / 180)
        switch matrix {
        case .cd:
            header.set("CD1_1", rounded(-step * cosine))
            header.set("CD1_2", rounded(step * sine))
            header.set("CD2_1", rounded(step * sine))
            header.set("CD2_2", rounded(step * cosine))
        case .pc:
            header.set("CDELT1", rounded(step), "[deg] first axis increment per pixel")
            header.set("CDELT2", rounded(step), "[deg] second axis increment per pixel")
            header.set("PC1_1", rounded(-cosine))
            header.set("PC1_2", rounded(sine))
            header.set("PC2_1", rounded(sine))
            header.set("PC2_2", rounded(cosine))
        }
        header.set("RADESYS", "ICRS", "celestial coordinate reference frame")
    }

    /// The four corners as JWST's S_REGION gives them, flat-sky: exact to better than a pixel for
    /// the small images made here.
    var region: String {
        let half = (
            x: Double(size.width) * scale / 7200, y: Double(size.height) * scale / 7200
        )
        let sine = sin(orientation * .pi / 180)
        let cosine = cos(orientation * .pi / 180)
        let corners = [(-1.0, -1.0), (-1.0, 1.0), (1.0, 1.0), (1.0, -1.0)].map { sign in
            let east = -sign.0 * half.x * cosine + sign.1 * half.y * sine
            let north = sign.0 * half.x * sine + sign.1 * half.y * cosine
            let turned = rightAscension + east / cos(declination * .pi / 180) + 360
            return decimal(turned.truncatingRemainder(dividingBy: 360), places: 9) + " "
                + decimal(declination + north, places: 9)
        }
        return "POLYGON ICRS  " + corners.joined(separator: " ")
    }

    /// To 1e-15: the last bits of a sine differ between C libraries, the archive must not.
    private func rounded(_ value: Double) -> Double {
        let result = (value * 1e15).rounded() / 1e15
        return result == 0 ? 0 : result
    }
}
