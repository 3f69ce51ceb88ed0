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

        bench.heading(f"{count} files, {shape}: cold (the first time through this mount; native is warm)")
        for what in WAYS:
            if what == "ls -f" and name == "wide":
                continue
            walk(what, source)
            mine, base, peer = bench.interleave(
                lambda: ours(what), lambda: walk(what, source), lambda: theirs(what),
                pairs=min(bench.pairs, 3))
            bench.ratio(f"{what}, cold", mine, base)
            bench.ratio(f"{what}, cold : bindfs cold", mine, peer, of="bindfs", noise=False)
        bench.heading(f"{count} files, {shape}: warm")
        point = bench.mount("--volume", name, "--at-root")
        peer_point = bench.bindfs(source)
        for what in WAYS:
            if what == "ls -f" and name == "wide":
                continue
            for folder in (source, point, peer_point):
                walk(what, folder)
            mine, base, peer = bench.interleave(
                lambda: walk(what, point), lambda: walk(what, source),
                lambda: walk(what, peer_point))
            bench.ratio(f"{what}, warm", mine, base, target=TARGETS.get(what))
            bench.ratio(f"{what}, warm: bindfs : native", peer, base, noise=False)
        bench.umount(peer_point)
        bench.unmount(point)
    bench.finish()


main(body)
