#!/usr/bin/env python3
"""Open, read and close of 10,000 warm files of 4 KiB: native, perigee and bindfs."""

import random
import statistics
import time

from bench import Bench, main, run


def body():
    bench = Bench("smallfiles", __doc__, peers=["bindfs"])
    count = 2_000 if bench.options.quick else 10_000
    tree, calls = bench.compile("tree"), bench.compile("calls")
    source = bench.folder / "files"
    run([tree, "make", source, 0, count // 100, 100, 4096])
    names = run(["find", source, "-type", "f", "-printf", "%P\\n"]).decode().splitlines()
    random.Random(3).shuffle(names)
    listed = bench.folder / "list"
    listed.write_text("".join(f"{name}\n" for name in names))
    time.sleep(2.1)
    bench.publish("small", source)

    def small(folder):
        took, number = run([calls, "small", folder, listed]).split()
        return int(took) / int(number) / 1000

    peer = bench.bindfs(source)
    for words in ([], ["--passthrough", "on"]):
        point = bench.mount("--volume", "small", "--at-root", *words)
        serving = bench.serving(point / names[0])
        bench.heading(f"{count} files, reads served by: {serving}")
        for folder in (source, point, peer):
            small(folder)
        mine, base, theirs = bench.interleave(
            lambda: small(point), lambda: small(source), lambda: small(peer))
        kind = "all passed through" if words else "as mounted"
        bench.value(f"native, {kind} run", base, "us")
        bench.value(f"perigee, {kind}", mine, "us", target=statistics.median(base) + 40)
        bench.value(f"bindfs, {kind} run", theirs, "us")
        bench.ratio(f"perigee : bindfs, {kind}", mine, theirs, target=1.0, unit="us", of="bindfs")
        bench.ratio(f"perigee : native, {kind}", mine, base, unit="us")
        bench.unmount(point)
    bench.umount(peer)
    bench.finish()


main(body)
