internal import VolumeModel

/// One thing that can be configured: its key, and how its text is read and written.
///
/// File, environment and flags are read through the same table, so that each says the same.
struct ServeSetting: Sendable {
    /// How many values there are of it.
    enum Form: Sendable {
        /// One. What is text has to be quoted in a file where YAML takes it for something else.
        case one(
            isText: Bool,
            read: @Sendable (inout ServeConfiguration, String) throws(PerigeeError) -> Void)
        /// Any number: `clear` comes before the first `add`.
        case many(
            clear: @Sendable (inout ServeConfiguration) -> Void,
            add: @Sendable (inout ServeConfiguration, String) throws(PerigeeError) -> Void)
    }

    /// `s3.limits.connections`: where it stands in the file.
    let key: String
    let form: Form
    /// The text that reads as what a configuration holds; nil where it holds nothing.
    let write: @Sendable (ServeConfiguration) -> String?

    /// `PERIGEE_S3_LIMITS_CONNECTIONS`.
    var variable: String {
        "PERIGEE_"
            + key.uppercased().replacing(".", with: "_").replacing("-", with: "_")
    }

    /// Takes what one source says.
    ///
    /// - Parameter texts: one, or where there can be many, all of them.
    func read(
        _ texts: [String], into configuration: inout ServeConfiguration
    ) throws(PerigeeError) {
        switch form {
        case .one(_, let read):
            for text in texts { try read(&configuration, text) }
        case .many(let clear, let add):
            clear(&configuration)
            for text in texts { try add(&configuration, text) }
        }
    }
}

extension ServeSetting {
    /// A setting of one value.
    static func one<Value>(
        _ key: String, _ path: any (WritableKeyPath<ServeConfiguration, Value> & Sendable),
        isText: Bool = false,
        _ parse: @escaping @Sendable (String) throws(PerigeeError) -> Value,
        _ write: @escaping @Sendable (Value) -> String?
    ) -> ServeSetting {
        ServeSetting(
            key: key,
            form: .one(isText: isText) { configuration, text throws(PerigeeError) in
                configuration[keyPath: path] = try parse(text)
            }, write: { write($0[keyPath: path]) })
    }

    /// A setting of any number of values.
    static func many<Value>(
        _ key: String, _ path: any (WritableKeyPath<ServeConfiguration, [Value]> & Sendable),
        _ parse: @escaping @Sendable (String) throws(PerigeeError) -> Value,
        _ write: @escaping @Sendable (Value) -> String
    ) -> ServeSetting {
        ServeSetting(
            key: key,
            form: .many(
                clear: { $0[keyPath: path] = [] },
                add: { configuration, text throws(PerigeeError) in
                    configuration[keyPath: path].append(try parse(text))
                }),
            write: { configuration in
                let values = configuration[keyPath: path].map(write)
                return values.isEmpty ? nil : values.joined(separator: ",")
            })
    }

    /// A whole number in `range`.
    static func number(
        _ key: String, _ path: any (WritableKeyPath<ServeConfiguration, Int> & Sendable),
        in range: ClosedRange<Int>
    ) -> ServeSetting {
        one(
            key, path,
            { text throws(PerigeeError) in
                guard let number = Int(text), range.contains(number), !text.hasPrefix("+") else {
                    throw PerigeeError(
                        .invalidArgument, "\(Printable.quoted(text)) cannot be `\(key)`",
                        remedy: "it is a whole number, \(range.lowerBound) to \(range.upperBound)")
                }
                return number
            }, { "\($0)" })
    }

    /// A number of bytes in `range`.
    static func size(
        _ key: String, _ path: any (WritableKeyPath<ServeConfiguration, Int> & Sendable),
        in range: ClosedRange<Int>
    ) -> ServeSetting {
        one(
            key, path, { text throws(PerigeeError) in try ByteSize.parse(text, in: range) },
            { ByteSize.text($0) })
    }

    /// A span of time in `range`.
    static func span(
        _ key: String, _ path: any (WritableKeyPath<ServeConfiguration, Duration> & Sendable),
        in range: ClosedRange<Duration>
    ) -> ServeSetting {
        one(
            key, path, { text throws(PerigeeError) in try Span.parse(text, in: range) },
            { Span.text($0) })
    }
}
