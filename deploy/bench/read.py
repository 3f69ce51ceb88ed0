#!/usr/bin/env python3
"""Reading a warm file of 1 GiB: the kernel's passthrough, and through the daemon."""

import os
import time

from bench import Bench, main, run


def body():
    bench = Bench("read", __doc__)
    size = (256 if bench.options.quick else 1024) << 20
    calls = bench.compile("calls")
    source = bench.folder / "data"
    source.mkdir()
    file = source / "hst_12345_acs_wfc_flt.fits"
    with open("/dev/urandom", "rb") as noise, open(file, "wb") as out:
        piece = noise.read(1 << 20)
        for _ in range(size >> 20):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    time.sleep(2.1)
    bench.publish("read", source)
    reads, touches = (20_000, 50_000) if bench.options.quick else (100_000, 200_000)
    seed = iter(range(1, 1 << 30))

    def call(path, what, *words):
        took, number = run([calls, what, path, *words]).split()
        # What the call did in a second: a time for one MiB, or one page.
        per = int(number) / (1 << 20) if what == "seq" else int(number)
        return int(took) / per / 1000

    patterns = [
        ("sequential 1 MiB, 1 job", ("seq", 1, 4), 0.95, 0.4, 0.8),
        ("sequential 1 MiB, 4 jobs", ("seq", 4, 4), 0.95, 0.4, 0.8),
        ("random 4 KiB", ("random", reads), 0.9, 0.25, None),
        ("cut-outs, 100 rows of 512 bytes", ("cutouts", reads // 1000), None, None, None),
        ("mmap sequential", ("mapseq",), 0.9, None, None),
        ("mmap random 4 KiB", ("maprandom", touches), 0.75, None, None),
    ]

    def once(path, words):
        if words[0] in ("random", "cutouts", "maprandom"):
            return call(path, *words, next(seed))
        return call(path, *words)

    def first_of(words):
        # Once only: the second time it is not the first any more.
        return (*words[:2], 1) if words[0] == "seq" else words

    point = bench.mount("--volume", "read", "--at-root")
    path = point / file.name
    serving = bench.serving(path)
    bench.heading(f"Reads served by: {serving}")
    for what, words, target, _, _ in patterns:
        once(file, words)
        once(path, words)
        mine, base = bench.interleave(lambda: once(path, words), lambda: once(file, words))
        bench.ratio(what, mine, base, unit="us", target=target if serving == "passthrough" else None)
    bench.unmount(point)

    point = bench.mount("--volume", "read", "--at-root", "--passthrough", "off")
    path = point / file.name
    bench.heading(f"First read (the mount's pages dropped), served by: {bench.serving(path)}")
    for what, words, _, first, _ in patterns:
        words = first_of(words)
        once(file, words)

        def fresh():
            # Of the mount's inode only: the origin's pages stay.
            run([calls, "drop", path])
            return once(path, words)

        mine, base = bench.interleave(fresh, lambda: once(file, words))
        bench.ratio(f"{what}, first read", mine, base, unit="us", target=first)
    bench.heading("Second read (the kernel's pages kept)")
    for what, words, _, _, second in patterns:
        call(path, "seq", 1, 1)
        mine, base = bench.interleave(lambda: once(path, words), lambda: once(file, words))
        bench.ratio(f"{what}, second read", mine, base, unit="us", target=second)
    bench.unmount(point)
    bench.finish()


main(body)
