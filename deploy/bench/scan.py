#!/usr/bin/env python3
"""Scanning, publishing and mounting a volume of a million files."""

import os
import random
import shutil
import sqlite3
import subprocess
import time

from bench import Bench, Failed, Memory, main, rss_anon, run, timed


def body():
    bench = Bench("scan", __doc__)
    quick = bench.options.quick
    top, folders, files = (10, 10, 1000) if quick else (10, 100, 1000)
    count = top * folders * files
    tree = bench.compile("tree")
    calls = bench.compile("calls")
    source = bench.base / f"scan-{count}"
    if not source.exists():
        bench.say(f"  making {count} files in {source} (kept for the next run)")
        fresh = bench.base / f"scan-{count}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        run([tree, "make", fresh, top, folders, files, -1])
        fresh.rename(source)
        time.sleep(3)
    catalogue = bench.state / "catalogues" / "bench.sqlite"

    def find():
        return timed(["find", source, "-printf", "%s %T@ %i %p\\n"])

    def fresh():
        shutil.rmtree(bench.state, ignore_errors=True)
        bench.perigee("init")
        bench.perigee("volume", "add", "bench", "--origin", f"posix:{source}", "--public")

    def scan(*words):
        return timed([bench.binary, "volume", "scan", "bench", "--quiet", "--state", bench.state, *words])

    def first():
        fresh()
        return scan()

    def peak(*words):
        process = subprocess.Popen(
            [bench.binary, "volume", "scan", "bench", "--quiet", "--state", bench.state, *words])
        with Memory(process.pid) as memory:
            if process.wait() != 0:
                raise Failed("the scan failed")
        return memory.peak

    find()
    find()
    bench.heading(f"Scan of {count} files, the tree warm")
    fresh()
    bench.value("RssAnon at its highest, first scan", peak(), "MiB", target=300)
    pairs = 3 if quick else 7
    base, scans, again = [], [], []
    for _ in range(pairs):
        base.append(find())
        scans.append(first())
        again.append(scan())
    bench.ratio("scan : find -printf", scans, base, target=0.6, of="find")
    bench.ratio("re-scan without changes : first scan", again, scans, target=1.0, noise=False, of="first")
    bench.ratio("re-scan without changes : find -printf", again, base, noise=False, of="find")
    bench.value("files a second, first scan", [count / value for value in scans], "files/s", most=False)
    bench.perigee("volume", "publish", "bench")
    bench.value("RssAnon at its highest, re-scan", peak(), "MiB", target=300)

    bench.heading("Catalogue")
    database = sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)
    rows, names = database.execute("SELECT count(*), sum(length(key)) FROM entry").fetchone()
    database.close()
    size = sum(os.path.getsize(f"{catalogue}{suffix}") for suffix in ("", "-wal")
               if os.path.exists(f"{catalogue}{suffix}"))
    bench.value("bytes a row beyond the name", (size - names) / rows, "B", target=80)
    bench.value("the file", size / 1e6, "MB")

    bench.heading("1,000 changes")
    chance = random.Random(7)
    listed = bench.folder / "changes"
    changed, published, part = [], [], []

    def change():
        """Gives 1,000 files, all over the tree, another size."""
        names = run(["find", source, "-type", "f", "-printf", "%P\\n"]).decode().splitlines()
        listed.write_text("".join(f"{name}\n" for name in chance.sample(names, 1000)))
        run([tree, "touch", source, listed])

    def publish():
        return timed([bench.binary, "volume", "publish", "bench", "--quiet", "--state", bench.state])

    for _ in range(1 if quick else 3):
        change()
        changed.append(scan())
        published.append(publish())
        change()
        part.append(scan("--changes", listed))
        published.append(publish())
    bench.value("scan of everything that finds them", changed, "s")
    bench.value("scan --changes with 1,000 paths", part, "s")
    bench.value("publish", published, "s", target=2)
    bench.value("scan --changes and publish", [a + b for a, b in zip(part, published)], "s", target=2)

    bench.heading("Mount")
    ready, memory = [], []
    for _ in range(pairs):
        begun = time.perf_counter()
        point = bench.mount()
        ready.append(time.perf_counter() - begun)
        os.stat(point / "bench")
        memory.append(rss_anon(bench.daemon(point)))
        if len(ready) < pairs:
            bench.unmount(point)
    bench.value("perigee mount, ready", ready, "s", target=1)
    bench.value("RssAnon when ready", memory, "MiB", target=60)
    names = run(["find", source, "-type", "f", "-printf", "%P\\n"]).decode().splitlines()
    listed.write_text("".join(f"{name}\n" for name in chance.sample(names, 20000)))

    def stats(folder):
        took, number = run([calls, "stat", folder, listed]).split()
        return int(took) / int(number) / 1000

    cold = [stats(point / "bench")]
    warm = [[], []]
    for _ in range(pairs):
        warm[0].append(stats(point / "bench"))
        warm[1].append(stats(source))
    bench.ratio("stat of 20,000 paths, cold : native warm", cold, warm[1][:1], noise=False, unit="us")
    bench.ratio("stat of 20,000 paths, warm", warm[0], warm[1], unit="us")
    timed(["find", point / "bench", "-size", "+0"])
    bench.value(f"RssAnon once {count} nodes were looked up", rss_anon(bench.daemon(point)), "MiB")
    bench.unmount(point)
    bench.finish()


main(body)
