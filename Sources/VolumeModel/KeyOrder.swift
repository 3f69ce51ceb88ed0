internal import Glibc

/// The one order of entries in a folder: by key in bytes, where a folder's key has a `/` behind
/// its name, so that an in-order walk yields S3's order.
package enum KeyOrder {
    /// Less than, equal to or more than zero, as `memcmp`.
    package static func compare(
        _ left: UnsafeRawBufferPointer, isFolder leftFolder: Bool,
        _ right: UnsafeRawBufferPointer, isFolder rightFolder: Bool
    ) -> Int {
        let common = min(left.count, right.count)
        if common > 0, let leftBase = left.baseAddress, let rightBase = right.baseAddress {
            let order = memcmp(leftBase, rightBase, common)
            if order != 0 { return Int(order) }
        }
        let slash = Int(UInt8(ascii: "/"))
        // What follows the shared bytes: a byte, the folder's slash, or nothing (-1).
        let leftNext =
            left.count > common ? Int(left[common]) : leftFolder ? slash : -1
        let rightNext =
            right.count > common ? Int(right[common]) : rightFolder ? slash : -1
        if leftNext != rightNext { return leftNext - rightNext }
        // Equal so far: a name holds no slash, so both ended here.
        return 0
    }

    /// Whether `left` stands before `right`.
    package static func precedes(
        _ left: UnsafeRawBufferPointer, isFolder leftFolder: Bool,
        _ right: UnsafeRawBufferPointer, isFolder rightFolder: Bool
    ) -> Bool {
        compare(left, isFolder: leftFolder, right, isFolder: rightFolder) < 0
    }
}
