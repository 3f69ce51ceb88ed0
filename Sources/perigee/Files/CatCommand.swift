internal import AccessControl
internal import ArgumentParser
internal import Glibc
internal import Origins
internal import VolumeModel
internal import VolumeService

struct CatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Write files of a volume to standard output.",
        discussion: """
            Each piece is checked against the version that was opened before it is written. Read is \
            what anyone may read, what a user may (--as), or all (--owner).

            Example: perigee cat hst:hub_hstdata_i/i/b4x/04/ib4x04ivq_flt.fits.gz > file
            """)

    @Argument(help: ArgumentHelp("Files.", valueName: "volume[@rN]:path"))
    var references: [String]
    @OptionGroup var reader: ReaderOptions
    @OptionGroup var options: StateOptions

    func run() async throws {
        let principal = try reader.principal(for: "cat", references, options)
        let service = try options.service()
        defer { service.stop() }
        for text in references {
            let named = try NamedEntry(text, in: service, for: principal) {
                "read it with: cat \($0)"
            }
            let handle = try await service.open(named.entry, of: named.snapshot)
            defer { handle.close() }
            try await Self.copy(handle)
        }
    }

    private static func copy(_ handle: ReadHandle) async throws {
        let piece = 1 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 4_096)
        defer { buffer.deallocate() }
        var offset: Int64 = 0
        while offset < handle.entry.size {
            guard let range = ByteRange(offset: offset, count: piece) else { return }
            for segment in try await handle.segments(range) {
                let bytes: UnsafeRawBufferPointer
                switch segment {
                case .file(_, let start, let count):
                    try handle.read(at: start, count: count, into: buffer)
                    bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                case .bytes(let data):
                    data.withUnsafeBytes { buffer.copyMemory(from: $0) }
                    bytes = UnsafeRawBufferPointer(rebasing: buffer[..<data.count])
                }
                // Whoever reads the other end has gone.
                guard Output.writeAll(bytes, to: STDOUT_FILENO) else { throw QuietFailure() }
            }
            offset += Int64(range.clamped(toSize: handle.entry.size).count)
        }
    }
}
