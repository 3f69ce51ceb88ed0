internal import Glibc

/// A well-known object near which invented observations are placed.
struct SkyTarget {
    let name: String
    /// ICRS, degrees.
    let rightAscension: Double
    let declination: Double

    static let galactic = [
        SkyTarget(name: "NGC-104", rightAscension: 6.0236, declination: -72.0813),
        SkyTarget(name: "NGC-5139", rightAscension: 201.6970, declination: -47.4795),
        SkyTarget(name: "ORION-BAR", rightAscension: 83.8371, declination: -5.4193),
        SkyTarget(name: "M-16", rightAscension: 274.7000, declination: -13.8067),
        SkyTarget(name: "NGC-3324", rightAscension: 159.3300, declination: -58.6200),
        SkyTarget(name: "NGC-346", rightAscension: 14.7713, declination: -72.1769),
    ]

    static let extragalactic = [
        SkyTarget(name: "M31-HALO", rightAscension: 10.6847, declination: 41.2688),
        SkyTarget(name: "M51", rightAscension: 202.4696, declination: 47.1953),
        SkyTarget(name: "ABELL-2744", rightAscension: 3.5866, declination: -30.3972),
        SkyTarget(name: "SMACS-J0723", rightAscension: 110.8386, declination: -73.4538),
        SkyTarget(name: "HUDF", rightAscension: 53.1583, declination: -27.7917),
        SkyTarget(name: "CARTWHEEL", rightAscension: 9.4213, declination: -33.7159),
    ]

    static let all = galactic + extragalactic

    /// A place at most `degrees` away in each coordinate.
    func near(_ degrees: Double, _ random: inout SplitMix64) -> SkyTarget {
        let shift = random.uniform(-degrees...degrees) / cos(declination * .pi / 180)
        let turned = (rightAscension + shift + 360).truncatingRemainder(dividingBy: 360)
        return SkyTarget(
            name: name,
            rightAscension: SkyTarget.rounded(turned),
            declination: SkyTarget.rounded(declination + random.uniform(-degrees...degrees)))
    }

    /// To 1e-9 degree: enough for any WCS, and it fits a fixed-format FITS card.
    static func rounded(_ degrees: Double) -> Double {
        (degrees * 1e9).rounded() / 1e9
    }
}
