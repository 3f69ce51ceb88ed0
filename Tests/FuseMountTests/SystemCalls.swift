// The calls of <sys/xattr.h> and <fcntl.h> that the Glibc module does not offer, by their C names
// and types.

@_silgen_name("getxattr")
func getxattr(
    _ path: UnsafePointer<CChar>, _ name: UnsafePointer<CChar>, _ value: UnsafeMutableRawPointer?,
    _ size: Int
) -> Int

@_silgen_name("listxattr")
func listxattr(
    _ path: UnsafePointer<CChar>, _ list: UnsafeMutablePointer<CChar>?, _ size: Int
) -> Int

@_silgen_name("setxattr")
func setxattr(
    _ path: UnsafePointer<CChar>, _ name: UnsafePointer<CChar>, _ value: UnsafeRawPointer?,
    _ size: Int, _ flags: Int32
) -> Int32

@_silgen_name("removexattr")
func removexattr(_ path: UnsafePointer<CChar>, _ name: UnsafePointer<CChar>) -> Int32

@_silgen_name("fallocate")
func fallocate(_ file: Int32, _ mode: Int32, _ offset: Int, _ length: Int) -> Int32
