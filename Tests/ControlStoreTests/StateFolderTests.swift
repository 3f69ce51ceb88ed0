import Foundation
import Synchronization
import Testing
import VolumeModel

@testable import ControlStore

@Suite("State folder")
struct StateFolderTests {
    @Test("Making one gives it mode 0700, its folders and a format, twice the same as once")
    func create() throws {
        try withTemporaryFolder { folder in
            let state = try StateFolder(path: "\(folder)/a/b/state")
            try state.create()
            try state.create()
            try state.open()
            let attributes = try FileManager.default.attributesOfItem(atPath: state.path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: state.path).sorted()
                    == ["audit", "catalogues", "format"])
            let format = try String(contentsOfFile: state.formatPath, encoding: .utf8)
            #expect(format == "perigee-state 1\n")
        }
    }

    @Test("One that was left half made is finished")
    func finish() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/catalogues", withIntermediateDirectories: false)
            let state = try StateFolder(path: folder)
            #expect(failure { try state.open() }?.code == .notFound)
            try state.create()
            try state.open()
        }
    }

    @Test("Any number make one folder and one database at the same time")
    func together() throws {
        try withTemporaryFolder { folder in
            let state = try StateFolder(path: "\(folder)/state")
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                let error = failure {
                    try state.create()
                    try SQLiteControlStore.create(in: state)
                }
                if let error { failures.withLock { $0.append("\(error)") } }
            }
            #expect(failures.withLock { $0 } == [])
            let names = try FileManager.default.contentsOfDirectory(atPath: state.path)
            #expect(names.filter { $0.contains(".new-") } == [])
            #expect(try SQLiteControlStore(state).snapshot().epoch == Epoch(1))
        }
    }

    @Test("A folder with other things in it is not taken")
    func taken() throws {
        try withTemporaryFolder { folder in
            try Data().write(to: URL(fileURLWithPath: "\(folder)/thesis.tex"))
            let error = failure { try StateFolder(path: folder).create() }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("thesis.tex") == true)
        }
    }

    @Test("An absent one says to run perigee init")
    func absent() throws {
        try withTemporaryFolder { folder in
            let error = failure { try StateFolder(path: "\(folder)/none").open() }
            #expect(error?.code == .notFound)
            #expect(error?.remedy?.contains("perigee init") == true)
        }
    }

    @Test("Another user's is refused, and the error says whose it is")
    func foreign() throws {
        try withState { state in
            let error = failure { try state.checkOwnerAndMode(user: geteuid() + 4_321) }
            #expect(error?.code == .accessDenied)
            #expect(error?.message.contains("user \(geteuid())") == true)
        }
    }

    @Test("One that others can write is refused", arguments: [0o720, 0o702, 0o777])
    func writable(mode: Int) throws {
        try withState { state in
            chmod(state.path, mode_t(mode))
            let error = failure { try state.open() }
            #expect(error?.code == .accessDenied)
            #expect(error?.message.contains(String(mode, radix: 8)) == true)
        }
    }

    @Test("One that others can only read is let pass")
    func readable() throws {
        try withState { state in
            chmod(state.path, 0o755)
            try state.open()
        }
    }

    @Test(
        "One on a network file system is refused",
        arguments: [
            0x6969, 0xff53_4d42, 0xfe53_4d42, 0x5346_414f, 0x00c3_6400, 0x0bd0_0bd0, 0x4750_4653,
            0x0102_1997, 0x6573_5546,
        ])
    func network(type: Int) throws {
        let kind = FileSystemKind(type: type)
        #expect(kind.isNetwork)
        try withState { state in
            let error = failure { try state.refuseNetwork(kind) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("\(kind)") == true)
        }
    }

    @Test(
        "Disks of this machine are none",
        arguments: [0xef53, 0x5846_5342, 0x0102_1994, 0x794c_7630])
    func local(type: Int) {
        #expect(!FileSystemKind(type: type).isNetwork)
    }

    @Test("A newer format is refused, a senseless one is corrupt")
    func format() throws {
        try withState { state in
            try Data("perigee-state 2\n".utf8).write(to: URL(fileURLWithPath: state.formatPath))
            #expect(failure { try state.open() }?.code == .newerFormat)
            for text in ["", "perigee-state", "perigee-state x\n", "perigee-state 1"] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: state.formatPath))
                #expect(failure { try state.open() }?.code == .corrupt)
            }
        }
    }

    @Test(
        "The default follows PERIGEE_STATE, XDG_STATE_HOME and HOME, in that order",
        arguments: [
            (["PERIGEE_STATE": "/p", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/p"),
            (["PERIGEE_STATE": "", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/x/perigee"),
            (["XDG_STATE_HOME": "x", "HOME": "/h"], "/h/.local/state/perigee"),
            (["HOME": "/h"], "/h/.local/state/perigee"),
        ])
    func defaultPath(environment: [String: String], path: String) throws {
        #expect(try StateFolder.defaultPath(environment: environment) == path)
    }

    @Test("Without any of them there is no default")
    func noDefault() {
        #expect(failure { _ = try StateFolder.defaultPath(environment: [:]) } != nil)
    }

    @Test("An origin that is, holds or lies in the state folder overlaps, through links as well")
    func overlap() throws {
        try withState { state in
            let parent = parent(of: state.path)
            try FileManager.default.createDirectory(
                atPath: "\(parent)/statement", withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(
                atPath: "\(parent)/statement/link", withDestinationPath: parent)
            for path in [
                state.path, "\(state.path)/", parent, "/", "\(state.path)/catalogues",
                "\(state.path)/not/yet", "\(parent)/statement/link", "\(parent)/statement/../state",
            ] {
                #expect(try state.overlaps(originPath: path), "\(path)")
            }
            for path in ["\(parent)/statement", "\(parent)/other", "/usr"] {
                #expect(try !state.overlaps(originPath: path), "\(path)")
            }
        }
    }
}
