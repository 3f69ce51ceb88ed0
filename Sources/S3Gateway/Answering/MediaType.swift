/// What a file is called as a type, by the end of its name.
enum MediaType {
    /// S3's own default.
    static let unknown = "binary/octet-stream"

    /// By endings in lower case, each packed into a number.
    private static let types = Dictionary(
        uniqueKeysWithValues: names.compactMap { ending, type in
            packed(Array(ending.utf8)[...]).map { ($0, type) }
        })

    private static let names: [String: String] = [
        "fits": "application/fits", "fit": "application/fits", "fts": "application/fits",
        "asdf": "application/asdf", "csv": "text/csv", "ecsv": "text/plain", "gif": "image/gif",
        "gz": "application/gzip", "htm": "text/html", "html": "text/html", "jp2": "image/jp2",
        "jpeg": "image/jpeg", "jpg": "image/jpeg", "json": "application/json",
        "lbl": "text/plain", "md": "text/markdown", "parquet": "application/vnd.apache.parquet",
        "pdf": "application/pdf", "png": "image/png", "tab": "text/plain",
        "tar": "application/x-tar", "tif": "image/tiff", "tiff": "image/tiff",
        "tsv": "text/tab-separated-values", "txt": "text/plain",
        "vot": "application/x-votable+xml", "xml": "application/xml",
        "yaml": "application/yaml", "zip": "application/zip",
    ]

    /// The type of a key.
    static func of(_ key: [UInt8]) -> String {
        let name = key.suffix(9)
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")),
            let ending = packed(name[(dot + 1)...])
        else { return unknown }
        return types[ending] ?? unknown
    }

    /// Eight bytes at most, capitals as small letters; nil for more.
    private static func packed(_ ending: ArraySlice<UInt8>) -> UInt64? {
        guard ending.count <= 8 else { return nil }
        return ending.reduce(0) { $0 << 8 | UInt64($1 &- 65 < 26 ? $1 | 0x20 : $1) }
    }
}
