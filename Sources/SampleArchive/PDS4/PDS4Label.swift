/// A label of class Product_Observational: PDS4 Information Model 1.11, which the Planetary
/// Science Archive's bundles of these missions use.
struct PDS4Label {
    /// Something named in the label and described in a context product.
    struct Context {
        let name: String
        let type: String
        let identifier: String
    }

    let bundle: String
    let collection: String
    /// In lower case: a LID has no other letters.
    let product: String
    let title: String
    let start: UTCTime
    let stop: UTCTime
    /// `Raw`, `Calibrated` and so on.
    let processingLevel: String
    let wavelengthRange: String
    let discipline: String
    let investigation: Context
    let host: Context
    let instrument: Context
    let target: Context
    let fileName: String
    let objects: [PDS4DataObject]

    private static let namespace = "http://pds.nasa.gov/pds4/pds/v1"

    func bytes(fileSize: Int, md5: String) -> [UInt8] {
        var xml = XMLWriter()
        xml.instruction(
            "xml-model href=\"\(Self.namespace)/PDS4_PDS_1B00.sch\" "
                + "schematypens=\"http://purl.oclc.org/dsdl/schematron\"")
        xml.element(
            "Product_Observational",
            [
                "xmlns": Self.namespace,
                "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
                "xsi:schemaLocation": "\(Self.namespace) \(Self.namespace)/PDS4_PDS_1B00.xsd",
            ]
        ) { xml in
            writeIdentification(&xml)
            writeObservation(&xml)
            writeFileArea(fileSize, md5, &xml)
        }
        return Array(xml.text.utf8)
    }

    private func writeIdentification(_ xml: inout XMLWriter) {
        xml.element("Identification_Area") { xml in
            xml.element("logical_identifier", "urn:esa:psa:\(bundle):\(collection):\(product)")
            xml.element("version_id", "1.0")
            xml.element("title", title)
            xml.element("information_model_version", "1.11.0.0")
            xml.element("product_class", "Product_Observational")
            xml.element("Modification_History") { xml in
                xml.element("Modification_Detail") { xml in
                    xml.element("modification_date", stop.date)
                    xml.element("version_id", "1.0")
                    xml.element("description", "Synthetic product; no observation stands behind it")
                }
            }
        }
    }

    private func writeObservation(_ xml: inout XMLWriter) {
        xml.element("Observation_Area") { xml in
            xml.element("Time_Coordinates") { xml in
                xml.element("start_date_time", start.iso + "Z")
                xml.element("stop_date_time", stop.iso + "Z")
            }
            xml.element("Primary_Result_Summary") { xml in
                xml.element("purpose", "Science")
                xml.element("processing_level", processingLevel)
                xml.element("Science_Facets") { xml in
                    xml.element("wavelength_range", wavelengthRange)
                    xml.element("discipline_name", discipline)
                }
            }
            xml.element("Investigation_Area") { xml in
                write(investigation, reference: "data_to_investigation", &xml)
            }
            xml.element("Observing_System") { xml in
                xml.element("name", "\(host.name) \(instrument.name)")
                xml.element("Observing_System_Component") { xml in
                    write(host, reference: "is_instrument_host", &xml)
                }
                xml.element("Observing_System_Component") { xml in
                    write(instrument, reference: "is_instrument", &xml)
                }
            }
            xml.element("Target_Identification") { xml in
                write(target, reference: "data_to_target", &xml)
            }
        }
    }

    private func write(_ context: Context, reference: String, _ xml: inout XMLWriter) {
        xml.element("name", context.name)
        xml.element("type", context.type)
        xml.element("Internal_Reference") { xml in
            xml.element("lid_reference", context.identifier)
            xml.element("reference_type", reference)
        }
    }

    private func writeFileArea(_ fileSize: Int, _ md5: String, _ xml: inout XMLWriter) {
        xml.element("File_Area_Observational") { xml in
            xml.element("File") { xml in
                xml.element("file_name", fileName)
                xml.element("creation_date_time", stop.iso + "Z")
                xml.element("file_size", fileSize, ["unit": "byte"])
                xml.element("md5_checksum", md5)
            }
            for object in objects {
                object.write(&xml)
            }
        }
    }
}
