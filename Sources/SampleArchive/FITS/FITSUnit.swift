/// One header-data unit: FITS Standard 4.0, sections 3.3, 4.4.1, 7.1 and 7.3.
struct FITSUnit {
    var header = FITSHeader()
    private let data: (any RowSource)?

    /// A primary header without data, in front of extensions.
    static func primary() -> FITSUnit {
        var unit = FITSUnit(data: nil)
        unit.header.set("SIMPLE", true, "conforms to FITS standard")
        unit.header.set("BITPIX", 8, "array data type")
        unit.header.set("NAXIS", 0, "number of array dimensions")
        unit.header.set("EXTEND", true)
        return unit
    }

    /// A primary header with an image.
    static func primary(_ image: StarField) -> FITSUnit {
        var unit = FITSUnit(data: image)
        unit.header.set("SIMPLE", true, "conforms to FITS standard")
        unit.setAxes(image)
        unit.header.set("EXTEND", true)
        return unit
    }

    static func image(_ image: StarField, name: String, version: Int = 1) -> FITSUnit {
        var unit = FITSUnit(data: image)
        unit.header.set("XTENSION", "IMAGE", "Image extension")
        unit.setAxes(image)
        unit.header.set("PCOUNT", 0, "number of parameters")
        unit.header.set("GCOUNT", 1, "number of groups")
        unit.setName(name, version)
        return unit
    }

    static func table(_ table: BinaryTable, name: String, version: Int = 1) -> FITSUnit {
        var unit = FITSUnit(data: table)
        unit.header.set("XTENSION", "BINTABLE", "binary table extension")
        unit.header.set("BITPIX", 8, "array data type")
        unit.header.set("NAXIS", 2, "number of array dimensions")
        unit.header.set("NAXIS1", table.rowBytes, "[byte] width of a row")
        unit.header.set("NAXIS2", table.rowCount, "number of rows")
        unit.header.set("PCOUNT", 0, "number of parameters")
        unit.header.set("GCOUNT", 1, "number of groups")
        unit.header.set("TFIELDS", table.columns.count, "number of columns")
        unit.setName(name, version)
        for (number, column) in zip(1..., table.columns) {
            unit.header.set("TTYPE\(number)", column.name)
            unit.header.set("TFORM\(number)", column.form)
            if !column.unit.isEmpty {
                unit.header.set("TUNIT\(number)", column.unit)
            }
        }
        return unit
    }

    private init(data: (any RowSource)?) {
        self.data = data
    }

    /// Length of the header in the file, with the sums, END and padding.
    var headerBytes: Int {
        blocks(header.cards.count + 3 * FITSHeader.cardBytes) * FITSHeader.blockBytes
    }

    /// Writes header and data with DATASUM and CHECKSUM. The rows are made twice, because the sum
    /// stands before them and a large unit does not fit into memory.
    func write(to file: inout OutputFile) throws(SampleArchiveError) {
        var sums = FITSChecksum()
        if let data {
            addRows(of: data, to: &sums)
        }
        var complete = header
        complete.set("DATASUM", "\(sums.sum)", "data unit checksum")
        let checksumAt = complete.cards.count
        complete.set("CHECKSUM", "0000000000000000", "HDU checksum")
        var bytes = complete.cards + Array("END".utf8)
        bytes += repeatElement(0x20, count: headerBytes - bytes.count)
        sums.add(bytes)
        // The characters begin after the keyword, "= " and the quote.
        bytes.replaceSubrange(
            checksumAt + 11..<checksumAt + 27, with: sums.encodedComplement.utf8)
        try file.write(bytes)
        if let data {
            try file.write(rows: data)
            let padding = blocks(data.dataBytes) * FITSHeader.blockBytes - data.dataBytes
            try file.write([UInt8](repeating: 0, count: padding))
        }
    }

    private func addRows(of source: any RowSource, to sums: inout FITSChecksum) {
        var source = source
        var row = [UInt8](repeating: 0, count: source.rowBytes)
        for index in 0..<source.rowCount {
            row.withUnsafeMutableBytes { source.fill(index, into: $0) }
            sums.add(row)
        }
        // The zeros that fill the last block add nothing.
        sums.endOfUnit()
    }

    private mutating func setAxes(_ image: StarField) {
        header.set("BITPIX", image.format.bitpix, "array data type")
        header.set("NAXIS", 2, "number of array dimensions")
        header.set("NAXIS1", image.width)
        header.set("NAXIS2", image.height)
    }

    private mutating func setName(_ name: String, _ version: Int) {
        header.set("EXTNAME", name, "extension name")
        header.set("EXTVER", version, "extension value")
    }

    private func blocks(_ bytes: Int) -> Int {
        (bytes + FITSHeader.blockBytes - 1) / FITSHeader.blockBytes
    }
}
