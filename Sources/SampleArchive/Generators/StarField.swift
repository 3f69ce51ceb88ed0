internal import Glibc

/// An image of a smooth background, noise and a few stars; or its error or flag plane.
struct StarField: RowSource {
    enum Plane {
        case signal
        /// The square root of the background: what a detector's noise would be.
        case error
        /// Zero, and a power of two for one pixel in some hundreds.
        case flags
    }

    struct Star {
        /// Pixels from the first one.
        let x, y: Float
        let amplitude: Float
        /// Pixels.
        let sigma: Float
    }

    let width: Int
    let height: Int
    let format: SampleFormat
    private let plane: Plane
    private let level: Float
    private let noise: Float
    private let stars: [Star]
    private var random: SplitMix64
    private var scratch: [Float]

    /// - Parameters:
    ///   - level: Background in the image's unit.
    ///   - noise: Standard deviation in the same unit.
    init(
        size: ImageSize, format: SampleFormat, plane: Plane = .signal, level: Double = 100,
        noise: Double = 5, random source: SplitMix64
    ) {
        var random = source
        width = size.width
        height = size.height
        self.format = format
        self.plane = plane
        self.level = Float(level)
        self.noise = Float(noise)
        let count = plane == .signal ? min(40, 3 + width * height / 2000) : 0
        stars = (0..<count).map { _ in
            Star(
                x: Float(random.unit() * Double(size.width)),
                y: Float(random.unit() * Double(size.height)),
                amplitude: Float(noise * exp(random.uniform(1.5...5))),
                sigma: Float(random.uniform(0.9...2.4)))
        }
        self.random = random
        scratch = [Float](repeating: 0, count: width)
    }

    var rowBytes: Int { width * format.bytes }
    var rowCount: Int { height }

    mutating func fill(_ index: Int, into row: UnsafeMutableRawBufferPointer) {
        switch plane {
        case .signal: fillSignal(index)
        case .error: fillError(index)
        case .flags: fillFlags()
        }
        let format = self.format
        scratch.withUnsafeBufferPointer { values in
            for column in 0..<values.count {
                format.store(values[column], at: column, in: row)
            }
        }
    }

    /// The background rises to the right and to the top by a fifth in all.
    private func background(_ row: Int) -> (first: Float, step: Float) {
        (
            level * (0.9 + 0.1 * Float(row) / Float(height)),
            level * 0.1 / Float(width)
        )
    }

    private mutating func fillSignal(_ index: Int) {
        let (first, step) = background(index)
        // The sum of two uniform bytes has a standard deviation of 104.5. An eighth of the noise
        // is the digitisation step: as in real detectors, the last bits carry nothing.
        let scale = noise / 104.5
        let digit = max(noise / 8, .leastNormalMagnitude)
        let stars = self.stars
        var random = self.random
        let rowIndex = Float(index)
        scratch.withUnsafeMutableBufferPointer { values in
            var bits: UInt64 = 0
            for column in 0..<values.count {
                if column & 3 == 0 {
                    bits = random.next()
                }
                let pair = Float(bits & 0xFF) + Float((bits >> 8) & 0xFF) - 255
                bits >>= 16
                values[column] = first + step * Float(column) + pair * scale
            }
            for star in stars where abs(star.y - rowIndex) < 4 * star.sigma {
                let low = max(0, Int(star.x - 4 * star.sigma))
                let high = min(values.count, Int(star.x + 4 * star.sigma) + 1)
                for column in low..<max(low, high) {
                    let dx = Float(column) - star.x
                    let dy = rowIndex - star.y
                    values[column] +=
                        star.amplitude * expf(-(dx * dx + dy * dy) / (2 * star.sigma * star.sigma))
                }
            }
            for column in 0..<values.count {
                values[column] = (values[column] / digit).rounded() * digit
            }
        }
        self.random = random
    }

    private mutating func fillError(_ index: Int) {
        let (first, step) = background(index)
        for column in 0..<width {
            let value = max(0, first + step * Float(column)) / max(level, .leastNormalMagnitude)
            scratch[column] = noise * (value.squareRoot() * 256).rounded() / 256
        }
    }

    private mutating func fillFlags() {
        for column in 0..<width {
            scratch[column] = 0
        }
        let flagged = random.below(2 + width / 300)
        for _ in 0..<flagged {
            scratch[random.below(width)] = Float(1 << random.below(12))
        }
    }
}

/// Sides of an image in pixels.
struct ImageSize {
    let width: Int
    let height: Int

    /// About `pixels` pixels, `aspect` times as wide as high, and never less than 16 by 16.
    init(pixels: Int, aspect: Double = 1) {
        let side = (Double(max(pixels, 256)) / aspect).squareRoot()
        height = max(16, Int(side))
        width = max(16, Int(side * aspect))
    }

    var pixels: Int { width * height }
}
