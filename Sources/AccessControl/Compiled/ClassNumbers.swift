internal import VolumeModel

/// A number for each class; -1: none.
///
/// Catalogues number classes from 1, so that mostly an array will do: it takes a tenth of the room
/// and time of a dictionary.
struct ClassNumbers: Sendable {
    private var dense: [Int32] = []
    private var sparse: [Int64: Int32] = [:]
    /// The keys of `sparse`, in order.
    private var order: [Int64] = []

    /// Makes room for these classes and `.none`.
    init(for classes: some Collection<AccessClassID>) {
        var highest: Int64 = 0
        var isDense = true
        for id in classes {
            highest = max(highest, id.value)
            if id.value < 0 { isDense = false }
        }
        if isDense && highest < Int64(classes.count) * 4 + 1_024 {
            dense = Array(repeating: -1, count: Int(highest) + 1)
        } else {
            sparse.reserveCapacity(classes.count + 1)
            order = Set(classes.map(\.value) + [AccessClassID.none.value]).sorted()
        }
    }

    /// The number of a class, which is one of those that room was made for where it is set.
    subscript(id: AccessClassID) -> Int32 {
        get {
            if dense.isEmpty { return sparse[id.value] ?? -1 }
            return dense.indices.contains(Int(id.value)) ? dense[Int(id.value)] : -1
        }
        set {
            if dense.isEmpty {
                sparse[id.value] = newValue
            } else {
                dense[Int(id.value)] = newValue
            }
        }
    }

    /// Calls `body` with each class that has a number, by class.
    func visit(_ body: (AccessClassID, Int32) -> Void) {
        for (id, number) in dense.enumerated() where number >= 0 {
            body(AccessClassID(Int64(id)), number)
        }
        for id in order {
            if let number = sparse[id] { body(AccessClassID(id), number) }
        }
    }
}
