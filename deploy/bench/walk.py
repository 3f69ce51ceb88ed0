#!/usr/bin/env python3
"""Walking 100,000 files with find and ls: native, perigee and bindfs."""

import subprocess
import time

from bench import Bench, main, run, timed

WAYS = {
    "find": lambda folder: ["find", folder],
    "ls -lR": lambda folder: ["ls", "-lR", folder],
    "find -size +1k": lambda folder: ["find", folder, "-size", "+1k"],
    "ls -f": lambda folder: ["ls", "-f", folder],
}
TARGETS = {"find": 0.6, "ls -lR": 0.6}


def body():
    bench = Bench("walk", __doc__, peers=["bindfs"])
    count = 10_000 if bench.options.quick else 100_000
    tree = bench.compile("tree")
    # ls sorts and formats: a plain locale for all.
    shapes = {"folders of 100": ("wide", 0, count // 100, 100), "one folder": ("flat", 0, 0, count)}
    for shape, (name, top, folders, files) in shapes.items():
        source = bench.folder / name
        run([tree, "make", source, top, folders, files, -1])
    time.sleep(2.1)
    for shape, (name, *_) in shapes.items():
        source = bench.folder / name
        bench.publish(name, source)
        # ls -f of a thousand folders says nothing that find does not.
        ways = [what for what in WAYS if what != "ls -f" or name == "flat"]

        def walk(what, folder):
            return timed(WAYS[what](folder), env={"LC_ALL": "C", "TZ": "UTC"})

        def cold(what, mount, unmount):
            point = mount()
            try:
                return walk(what, point)
            finally:
                unmount(point)

        def ours(what):
            return cold(what, lambda: bench.mount("--volume", name, "--at-root"), bench.unmount)

        def theirs(what):
            return cold(what, lambda: bench.bindfs(source), bench.umount)

        # bindfs needs 20 s for one ls -lR: once is enough to tell.
        bench.heading(f"{count} files, {shape}: cold (the first time through this mount; native is warm)")
        for what in ways:
            walk(what, source)
            mine, base = bench.interleave(
                lambda: ours(what), lambda: walk(what, source), pairs=3)
            bench.ratio(f"{what}, cold", mine, base)
            if what == "find -size +1k":
                bench.ratio(f"{what}, cold: bindfs : native", [theirs(what)], [walk(what, source)],
                            mine="bindfs")
        bench.heading(f"{count} files, {shape}: warm")
        point = bench.mount("--volume", name, "--at-root")
        peer_point = bench.bindfs(source)
        for what in ways:
            for folder in (source, point):
                walk(what, folder)
            mine, base = bench.interleave(lambda: walk(what, point), lambda: walk(what, source))
            bench.ratio(f"{what}, warm", mine, base, target=TARGETS.get(what))
            if what == "find":
                walk(what, peer_point)
                theirs_warm, base = bench.interleave(
                    lambda: walk(what, peer_point), lambda: walk(what, source), pairs=3)
                bench.ratio(f"{what}, warm: bindfs : native", theirs_warm, base, mine="bindfs")
        bench.umount(peer_point)
        bench.unmount(point)
    bench.finish()


main(body)
