import Testing
import VolumeFileSystem

@Suite("Which way an open node is served")
struct BackingPolicyTests {
    let node = Node(value: 7)

    @Test func oneBackingIDServesANodeUntilItsLastRelease() {
        var policy = BackingPolicy(isAllowed: true)
        #expect(policy.opening(node, canPassThrough: true, mayKeepPages: true) == .register)
        #expect(policy.registered(node, id: 5) == .passthrough(5))
        #expect(
            policy.opening(node, canPassThrough: true, mayKeepPages: true)
                == .use(.passthrough(5)))
        #expect(policy.released(node) == nil)
        #expect(policy.mode(of: node) == .passthrough(5))
        #expect(policy.released(node) == 5)
        #expect(policy.mode(of: node) == nil)
        #expect(policy.opening(node, canPassThrough: true, mayKeepPages: true) == .register)
    }

    @Test func theFirstOpenDecidesForAllWhileTheNodeIsOpen() {
        var policy = BackingPolicy(isAllowed: true)
        #expect(
            policy.opening(node, canPassThrough: false, mayKeepPages: true) == .use(.cached))
        #expect(policy.opening(node, canPassThrough: true, mayKeepPages: true) == .use(.cached))
        #expect(policy.released(node) == nil)
        #expect(policy.released(node) == nil)
        #expect(policy.opening(node, canPassThrough: true, mayKeepPages: true) == .register)
    }

    @Test func aRefusalOfOneFileLeavesTheOthers() {
        var policy = BackingPolicy(isAllowed: true)
        #expect(policy.opening(node, canPassThrough: true, mayKeepPages: true) == .register)
        #expect(policy.registered(node, id: nil) == .cached)
        #expect(policy.isAllowed)
        #expect(policy.released(node) == nil)
        let other = Node(value: 8)
        #expect(policy.opening(other, canPassThrough: true, mayKeepPages: true) == .register)
    }

    @Test func aRefusalOfTheProcessEndsPassthroughForGood() {
        var policy = BackingPolicy(isAllowed: true)
        #expect(policy.opening(node, canPassThrough: true, mayKeepPages: true) == .register)
        #expect(policy.registered(node, id: nil, isForbidden: true) == .cached)
        #expect(!policy.isAllowed)
        let other = Node(value: 8)
        #expect(
            policy.opening(other, canPassThrough: true, mayKeepPages: true) == .use(.cached))
    }

    @Test func whatTheKernelMayNotKeepIsNeverPassedThrough() {
        var policy = BackingPolicy(isAllowed: true)
        #expect(
            policy.opening(node, canPassThrough: true, mayKeepPages: false) == .use(.direct))
        #expect(policy.released(node) == nil)
    }

    @Test func anUnknownReleaseDoesNothing() {
        var policy = BackingPolicy(isAllowed: true)
        #expect(policy.released(node) == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func randomOpensNeverBreakTheKernelsRules(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var policy = BackingPolicy(isAllowed: true)
        var modes: [UInt64: (mode: BackingPolicy.Mode, handles: Int)] = [:]
        var nextID: Int32 = 1
        var live: Set<Int32> = []
        for _ in 0..<5_000 {
            let value = UInt64.random(in: 1...6, using: &random)
            let node = Node(value: value)
            if Bool.random(using: &random) {
                let decision = policy.opening(
                    node, canPassThrough: Bool.random(using: &random),
                    mayKeepPages: value != 6)
                let mode: BackingPolicy.Mode
                switch decision {
                case .use(let decided): mode = decided
                case .register:
                    #expect(modes[value] == nil)
                    if Int.random(in: 0..<4, using: &random) == 0 {
                        mode = policy.registered(node, id: nil)
                    } else {
                        mode = policy.registered(node, id: nextID)
                        live.insert(nextID)
                        nextID += 1
                    }
                }
                if let known = modes[value] { #expect(known.mode == mode) }
                if value == 6 { #expect(mode == .direct) }
                modes[value] = (mode, (modes[value]?.handles ?? 0) + 1)
            } else if var known = modes[value] {
                known.handles -= 1
                let closed = policy.released(node)
                if known.handles > 0 {
                    #expect(closed == nil)
                    modes[value] = known
                } else {
                    modes[value] = nil
                    if case .passthrough(let id) = known.mode {
                        #expect(closed == id)
                        #expect(live.remove(id) != nil)
                    } else {
                        #expect(closed == nil)
                    }
                }
            }
        }
    }
}
