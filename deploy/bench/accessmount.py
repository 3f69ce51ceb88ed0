#!/usr/bin/env python3
"""What rules cost in a mount, and how fast a revocation is in force.

--entries N sets how many entries the volume has of which a user sees 100.
"""

import errno
import os
import sys
import time

from bench import Bench, Failed, main, timed

RULES = 20


def take_entries():
    """The value of --entries, taken out of the words that all benchmarks have in common."""
    if "--entries" not in sys.argv:
        return None
    at = sys.argv.index("--entries")
    count = int(sys.argv[at + 1])
    del sys.argv[at:at + 2]
    return count


def plant(root, folders, files, folder_name, file_name):
    """Empty files in folders of one level."""
    for number in range(folders):
        folder = root / folder_name(number)
        folder.mkdir(parents=True)
        for file in range(files):
            os.close(os.open(folder / file_name(file), os.O_CREAT | os.O_WRONLY, 0o644))


def apply(bench, name, text):
    """Policies, as a file of their own."""
    file = bench.folder / f"{name}.yaml"
    file.write_text(text)
    bench.perigee("apply", "-f", file, "--label", name)


def volume(bench, name, source, *words):
    bench.perigee("volume", "add", name, "--origin", f"posix:{source}")
    bench.perigee("volume", "scan", name, "--quiet", *words)
    bench.perigee("volume", "publish", name)


def policy(name, rules):
    lines = ["kind: Policy", f"volume: {name}", "rules:"]
    for number, (level, to, path) in enumerate(rules):
        lines += [f"  - name: rule-{number}", f"    grant: {level}", f'    to: "{to}"']
        if path:
            lines.append(f'    path: "{path}"')
    return "\n".join(lines) + "\n"


def walk(bench, quick):
    """find of a volume that one rule opens, and of one that path patterns open bit by bit."""
    folders = 100 if quick else 1_000
    source = bench.folder / "wide"
    plant(source, folders, 100, lambda n: f"jw{n:05}", lambda n: f"jw_{n:05}_nrca1_cal.fits")
    volume(bench, "plain", source)
    volume(bench, "ruled", source)
    apply(bench, "plain", policy("plain", [("read", "anyone", None)]))
    # Together they open everything, each of them a part; none does alone.
    rules = [("read", "anyone", f"jw*{number % 10}/**/*_cal.fits") for number in range(RULES)]
    apply(bench, "ruled", policy("ruled", rules))

    def find(name):
        point = bench.mount("--volume", name, "--at-root")
        try:
            cold = timed(["find", point, "-size", "+1k"])
            return cold, min(timed(["find", point, "-size", "+1k"]) for _ in range(3))
        finally:
            bench.unmount(point)

    find("plain")
    ruled, plain = bench.interleave(lambda: find("ruled"), lambda: find("plain"))
    bench.heading(f"find over {folders * 100} files, {RULES} path rules : one rule for all")
    bench.ratio("cold: names come from the daemon", [t[0] for t in ruled], [t[0] for t in plain],
                target=0.9, mine="rules", of="one rule")
    bench.ratio("warm: names come from the kernel", [t[1] for t in ruled], [t[1] for t in plain],
                target=0.9, mine="rules", of="one rule")


def revocation(bench, quick):
    """From the end of the command that takes a member out to the first refusal."""
    source = bench.folder / "team"
    plant(source, 1, 10, lambda _: "d", lambda n: f"file-{n}")
    volume(bench, "team", source)
    bench.perigee("user", "add", "ada")
    bench.perigee("team", "add", "staff")
    bench.perigee("team", "add-member", "staff", "ada")
    apply(bench, "team", policy("team", [("read", "team:staff", None)]))
    point = bench.mount("--as", "ada", place="ada")
    path = point / "team" / "d" / "file-1"

    def wait(condition):
        end = time.monotonic() + 10
        while not condition():
            if time.monotonic() > end:
                raise Failed("a change is not in force after 10 s")

    def is_denied():
        try:
            os.close(os.open(path, os.O_RDONLY))
            return False
        except OSError as failure:
            if failure.errno not in (errno.ENOENT, errno.ESTALE, errno.EACCES):
                raise
            return True

    whole, after = [], []
    for _ in range(5 if quick else 20):
        wait(lambda: not is_denied())
        start = time.perf_counter()
        bench.perigee("team", "remove-member", "staff", "ada")
        done = time.perf_counter()
        wait(is_denied)
        whole.append(time.perf_counter() - start)
        after.append(time.perf_counter() - done)
        bench.perigee("team", "add-member", "staff", "ada")
    bench.heading("A revocation, until a mount refuses")
    bench.value("from the start of the command", whole, "s", target=1)
    bench.value("from its end", after, "s", target=1)
    bench.value("the longest, from its end", max(after), "s", target=1)
    bench.unmount(point)


def teams(bench):
    """The root of a volume of 1,000 folders, each one of another team's."""
    source = bench.folder / "teams"
    plant(source, 1_000, 2, lambda n: f"jw{n:05}", lambda n: f"file-{n}")
    attributes = bench.folder / "proposals.tsv"
    attributes.write_text("glob\tkey\tvalue\n" + "".join(
        f"jw{number:05}\tproposal_id\t{number:05}\n" for number in range(1_000)))
    volume(bench, "teams", source, "--attributes", attributes)
    apply(bench, "teams", policy("teams", [("read", "team:jwst-{proposal_id}", None)]))
    bench.perigee("user", "add", "all")
    bench.perigee("user", "add", "half")
    table = bench.folder / "teams.tsv"
    table.write_text("".join(
        f"jwst-{number:05}\tall\n" + (f"jwst-{number:05}\thalf\n" if number % 2 else "")
        for number in range(1_000)))
    bench.perigee("team", "sync", "--from", table)
    bench.heading("Listing 1,000 folders with 1,000 attribute teams, each through a fresh mount")
    for user, count in (("all", 1_000), ("half", 500)):
        first, times = [], []
        for _ in range(bench.pairs):
            point = bench.mount("--as", user, "--volume", "teams", "--at-root")
            for results in (first, times):
                start = time.perf_counter()
                names = os.listdir(point)
                results.append((time.perf_counter() - start) * 1e3)
                if len(names) != count:
                    raise Failed(f"{user} sees {len(names)} folders, not {count}")
            bench.unmount(point)
        bench.value(f"a member of {count}: READDIR", first, "ms", target=20)
        bench.value(f"a member of {count}: once more", times, "ms", target=20)


def narrow(bench, entries):
    """The root of a large volume of which somebody sees 100 entries."""
    source = bench.folder / "narrow"
    folders = max(entries // 1_000, 100)
    plant(source, folders, entries // folders, lambda n: f"d{n:05}", lambda n: f"file-{n:05}.fits")
    table = bench.folder / "narrow.tsv"
    table.write_text("glob\tkey\tvalue\n" + "".join(
        f"d{folders * number // 100:05}/file-00000.fits\tproposal_id\t7\n" for number in range(100)))
    volume(bench, "narrow", source, "--attributes", table)
    bench.perigee("user", "add", "seven")
    bench.perigee("team", "add", "jwst-7")
    bench.perigee("team", "add-member", "jwst-7", "seven")
    apply(bench, "narrow", policy("narrow", [("read", "team:jwst-{proposal_id}", None)]))
    bench.heading(f"A subject that sees 100 of {entries} entries, each through a fresh mount")
    first, walks = [], []
    for _ in range(bench.pairs):
        point = bench.mount("--as", "seven", "--volume", "narrow", "--at-root")
        start = time.perf_counter()
        names = os.listdir(point)
        first.append((time.perf_counter() - start) * 1e3)
        if len(names) != 100:
            raise Failed(f"{len(names)} folders are seen, not 100")
        walks.append(timed(["find", point]) * 1e3)
        bench.unmount(point)
    bench.value("the root", first, "ms", target=5)
    bench.value("find over all that is seen", walks, "ms")


def body():
    entries = take_entries()
    bench = Bench("accessmount", __doc__)
    quick = bench.options.quick
    bench.perigee("init")
    walk(bench, quick)
    revocation(bench, quick)
    teams(bench)
    narrow(bench, entries or (10_000 if quick else 100_000))
    bench.finish()


if __name__ == "__main__":
    main(body)
