/// What a file is called as a type, by the end of its name.
enum MediaType {
    /// S3's own default.
    static let unknown = "binary/octet-stream"

    private static let types: [String: String] = [
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
        let name = key.suffix(16)
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return unknown }
        let ending = String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
        return types[ending] ?? unknown
    }
}
