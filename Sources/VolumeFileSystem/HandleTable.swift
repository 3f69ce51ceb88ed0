internal import Synchronization

/// Open files or folders by the numbers that callers hand back.
///
/// A number is a slot and how often the slot was used before, so that one that was given back finds
/// nothing rather than somebody else's file.
final class HandleTable<Value: AnyObject & Sendable>: Sendable {
    private struct Slot {
        var value: Value?
        var generation: UInt32 = 0
    }

    private struct State {
        var slots: [Slot] = []
        /// The slots without a value.
        var free: [Int] = []
    }

    private let state = Mutex(State())

    /// Takes a value in.
    func insert(_ value: Value) -> UInt64 {
        state.withLock { state in
            let index = state.free.popLast() ?? state.slots.count
            if index == state.slots.count { state.slots.append(Slot()) }
            state.slots[index].value = value
            return UInt64(state.slots[index].generation) << 32 | UInt64(index)
        }
    }

    /// The value with that number, or nil.
    func find(_ number: UInt64) -> Value? {
        state.withLock { state in
            let index = Int(number & 0xffff_ffff)
            guard index < state.slots.count,
                state.slots[index].generation == UInt32(number >> 32)
            else { return nil }
            return state.slots[index].value
        }
    }

    /// Takes a value out; the caller lets go of it outside the lock.
    func remove(_ number: UInt64) -> Value? {
        state.withLock { state in
            let index = Int(number & 0xffff_ffff)
            guard index < state.slots.count,
                state.slots[index].generation == UInt32(number >> 32),
                let value = state.slots[index].value
            else { return nil }
            state.slots[index].value = nil
            state.slots[index].generation &+= 1
            state.free.append(index)
            return value
        }
    }

    /// Takes all values out.
    func removeAll() -> [Value] {
        state.withLock { state in
            var values: [Value] = []
            for index in state.slots.indices {
                guard let value = state.slots[index].value else { continue }
                values.append(value)
                state.slots[index].value = nil
                state.slots[index].generation &+= 1
                state.free.append(index)
            }
            return values
        }
    }

    /// All that are open.
    var values: [Value] { state.withLock { $0.slots.compactMap(\.value) } }

    /// How many are open.
    var count: Int {
        state.withLock { state in state.slots.count - state.free.count }
    }
}
