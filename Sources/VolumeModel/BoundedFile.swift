internal import CKernel
internal import Glibc

/// Reading a whole file that somebody named, with a bound.
package enum BoundedFile {
    /// Why a file was not read; each caller has its own words for it.
    package enum Fault: Error, Hashable, Sendable {
        /// What the system said.
        case system(SystemError)
        /// Others than its user and group can read or write it.
        case openToEverybody
        /// It has more bytes than it may.
        case tooLong
    }

    /// All bytes of a file. A pipe in its place holds nobody up.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that it may have.
    ///   - isSecret: refuses one that everybody can read or write. The group's right is left alone: it
    ///     is how containers hand files to their processes.
    package static func read(
        _ path: String, atMost limit: Int, isSecret: Bool = false
    ) throws(Fault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(SystemError(errno)) }
        defer { close(descriptor) }
        if isSecret {
            var facts = perigee_stat()
            let code = perigee_stat_descriptor(descriptor, &facts)
            guard code == 0 else { throw .system(SystemError(code)) }
            guard facts.mode & 0o007 == 0 else { throw .openToEverybody }
        }
        var bytes: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer {
            if isSecret, let base = piece.baseAddress { explicit_bzero(base, piece.count) }
            piece.deallocate()
        }
        while true {
            let got = Glibc.read(descriptor, piece.baseAddress, piece.count)
            if got == 0 { return bytes }
            if got < 0 {
                if errno == EINTR { continue }
                throw .system(SystemError(errno))
            }
            guard bytes.count + got <= limit else { throw .tooLong }
            bytes.append(contentsOf: piece[..<got])
        }
    }
}
