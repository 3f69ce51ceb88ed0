/// What a data file holds, as a PDS4 label describes it: PDS4 Standards Reference, section 4.
enum PDS4DataObject {
    struct Field {
        let name: String
        /// `ASCII_Real`, `ASCII_Date_Time_YMD_UTC` and so on.
        let type: String
        /// Bytes from the start of the record, from 1.
        let location: Int
        let length: Int
        var unit: String?
    }

    /// A FITS header of `bytes` bytes at the start of the file.
    case header(bytes: Int)
    case image(ImageSize, offset: Int, type: String, unit: String)
    case table(records: Int, recordBytes: Int, fields: [Field])

    func write(_ xml: inout XMLWriter) {
        switch self {
        case .header(let bytes):
            xml.element("Header") { xml in
                xml.element("offset", 0, ["unit": "byte"])
                xml.element("object_length", bytes, ["unit": "byte"])
                xml.element("parsing_standard_id", "FITS 3.0")
            }
        case .image(let size, let offset, let type, let unit):
            xml.element("Array_2D_Image") { xml in
                xml.element("local_identifier", "IMAGE")
                xml.element("offset", offset, ["unit": "byte"])
                xml.element("axes", 2)
                xml.element("axis_index_order", "Last Index Fastest")
                xml.element("Element_Array") { xml in
                    xml.element("data_type", type)
                    xml.element("unit", unit)
                }
                for (number, axis) in zip(1..., [("Line", size.height), ("Sample", size.width)]) {
                    xml.element("Axis_Array") { xml in
                        xml.element("axis_name", axis.0)
                        xml.element("elements", axis.1)
                        xml.element("sequence_number", number)
                    }
                }
            }
        case .table(let records, let recordBytes, let fields):
            xml.element("Table_Character") { xml in
                xml.element("offset", 0, ["unit": "byte"])
                xml.element("records", records)
                xml.element("record_delimiter", "Carriage-Return Line-Feed")
                xml.element("Record_Character") { xml in
                    xml.element("fields", fields.count)
                    xml.element("groups", 0)
                    xml.element("record_length", recordBytes, ["unit": "byte"])
                    for (number, field) in zip(1..., fields) {
                        write(field, number, &xml)
                    }
                }
            }
        }
    }

    private func write(_ field: Field, _ number: Int, _ xml: inout XMLWriter) {
        xml.element("Field_Character") { xml in
            xml.element("name", field.name)
            xml.element("field_number", number)
            xml.element("field_location", field.location, ["unit": "byte"])
            xml.element("data_type", field.type)
            xml.element("field_length", field.length, ["unit": "byte"])
            if let unit = field.unit {
                xml.element("unit", unit)
            }
        }
    }
}
