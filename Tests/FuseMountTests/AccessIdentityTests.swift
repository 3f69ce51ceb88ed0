import AccessControl
import Foundation
import PerigeeTesting
import Testing
import VolumeFileSystem
import VolumeModel
import VolumeService

@Suite(
    "Mounts of several identities on one state", .serialized, .needsMounts(),
    .timeLimit(.minutes(10)))
struct AccessIdentityTests {
    @Test("Nothing of one comes out of the other, both at work at once")
    func twoAtOnce() async throws {
        try await withTemporaryFolder { folder in
            let world = try AccessWorld.ofClauses(in: folder)
            let service = try world.service()
            defer { service.stop() }
            let matrix = try AccessMatrix(of: world)
            let identities = [
                MountIdentity(principal: AccessWorld.Clause.stranger),
                MountIdentity(principal: AccessWorld.Clause.manager),
            ]
            try await withMounts(of: service, for: identities) { mounts in
                try await withThrowingTaskGroup(of: [String].self) { group in
                    for (mounted, identity) in zip(mounts, identities) {
                        group.addTask {
                            try await matrix.faults(of: AccessMountDriver(mounted, identity))
                        }
                    }
                    for try await faults in group {
                        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
                    }
                }
            }
        }
    }

    @Test("Names, sizes, counts, bytes, links and errors are each identity's own")
    func apart() async throws {
        try await withTemporaryFolder { folder in
            let world = try AccessWorld(in: folder)
            let volume = try world.addVolume("split")
            for (path, count) in [("a/open", 10), ("a/team", 20), ("b/team", 30)] {
                try world.write(volume, path, [UInt8](repeating: 0x53, count: count))
            }
            try DiskFile.link(world.path(volume, "a/to-team"), to: "../b/team")
            try DiskFile.link(world.path(volume, "to-b"), to: "b")
            try world.publish(volume)
            try world.addUser("ada", in: "staff")
            try world.set(
                .granting(.read, to: "anyone", "a/{open,to-team}", named: "open"), on: volume)
            try world.set(.granting(.read, to: "anyone", "to-b", named: "link"), on: volume)
            try world.set(.granting(.read, to: "team:staff", named: "staff"), on: volume)
            let ada = Principal.user(try UserName("ada"), credential: nil)
            let service = try world.service()
            defer { service.stop() }
            let identities = [Principal.anyone, ada].map { MountIdentity(principal: $0) }
            try await withMounts(of: service, for: identities) { mounts in
                try await offPool { () throws in
                    let (anyone, staff) = (mounts[0], mounts[1])
                    // The way to a link's target is as closed as the target.
                    #expect(try names(anyone.at("split")) == ["a"])
                    #expect(try names(anyone.at("split/a")) == ["open"])
                    #expect(try names(staff.at("split")).sorted() == ["a", "b", "to-b"])
                    #expect(
                        try names(staff.at("split/a")).sorted() == ["open", "team", "to-team"])
                    #expect(try readAll(staff.at("split/a/to-team")).count == 30)
                    #expect(try readAll(staff.at("split/to-b/team")).count == 30)
                    for path in [
                        "split/a/team", "split/a/to-team", "split/to-b/team", "split/none",
                    ] {
                        #expect(try refusal { _ = try readAll(anyone.at(path)) } == ENOENT)
                        var status = stat()
                        #expect(lstat(anyone.at(path), &status) < 0 && errno == ENOENT)
                        // No front end shows a link.
                        var target = [CChar](repeating: 0, count: 100)
                        #expect(readlink(anyone.at(path), &target, 100) < 0 && errno == ENOENT)
                        #expect(
                            getxattr(anyone.at(path), "user.perigee.path", nil, 0) < 0
                                && errno == ENOENT)
                    }
                    var target = [CChar](repeating: 0, count: 100)
                    #expect(
                        readlink(staff.at("split/a/to-team"), &target, 100) < 0
                            && errno == EINVAL)
                    var totals = statvfs()
                    #expect(statvfs(anyone.path, &totals) == 0)
                    #expect(totals.f_files == 1 && totals.f_blocks == 0)
                    #expect(statvfs(staff.path, &totals) == 0)
                    // Five files, two folders, and a folder behind a link, and the root.
                    #expect(totals.f_files > 1 && totals.f_blocks == 1)
                    var folder = stat()
                    #expect(stat(anyone.at("split/a"), &folder) == 0 && folder.st_size == 0)
                    // The time of a folder would tell when a hidden name came.
                    var root = stat()
                    #expect(stat(anyone.at("split"), &root) == 0)
                    #expect(folder.st_mtim.tv_sec == root.st_mtim.tv_sec)
                    #expect(folder.st_mtim.tv_nsec == root.st_mtim.tv_nsec)
                }
            }
        }
    }

    @Test("A mount that hides what cannot be read lists what a program can open")
    func hiding() async throws {
        try await withTemporaryFolder { folder in
            let world = try AccessWorld(in: folder)
            let volume = try world.addVolume("globbed")
            for index in 0..<50 {
                try world.write(volume, "d/item-\(index).fits", Array("item \(index)".utf8))
            }
            try world.write(volume, "e/item.fits", Array("seen".utf8))
            try world.publish(volume)
            try world.set(.granting(.list, to: "anyone", named: "seen"), on: volume)
            try world.set(.granting(.read, to: "anyone", "d/item-?.fits", named: "few"), on: volume)
            let service = try world.service()
            defer { service.stop() }
            let identities = [
                MountIdentity(principal: .anyone),
                MountIdentity(principal: .anyone, showing: .readable),
            ]
            try await withMounts(of: service, for: identities) { mounts in
                try await offPool { () throws in
                    #expect(try names(mounts[0].at("globbed/d")).count == 50)
                    let listed = try names(mounts[1].at("globbed/d"))
                    #expect(listed.count == 10)
                    for name in listed { _ = try readAll(mounts[1].at("globbed/d/\(name)")) }
                    #expect(
                        try refusal { _ = try readAll(mounts[0].at("globbed/d/item-10.fits")) }
                            == EACCES)
                    #expect(
                        try refusal { _ = try readAll(mounts[1].at("globbed/d/item-10.fits")) }
                            == ENOENT)
                    #expect(try names(mounts[0].at("globbed")).sorted() == ["d", "e"])
                    #expect(try names(mounts[1].at("globbed")) == ["d"])
                }
            }
        }
    }
}
