"""What the benchmarks share: interleaved runs, ratios with their intervals, a perigee of their own.

A ratio compares two ways of doing the same work: native time over our time, so 1 is "as fast as
native" and more is better. Every ratio comes from pairs that ran one right after the other; shown
are the median and its 95 % interval, bootstrapped with a fixed seed. The noise is the same ratio of
native to the native run of the next pair.
"""

import argparse
import atexit
import json
import os
import pathlib
import platform
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent


class Failed(Exception):
    """Something that the person at the keyboard can mend."""


def median_interval(values, seed=1, rounds=4000):
    """The median, and the 2.5 and 97.5 % points of the medians of resampled values."""
    middle = statistics.median(values)
    if len(values) < 3:
        return middle, min(values), max(values)
    chance = random.Random(seed)
    medians = sorted(
        statistics.median(chance.choices(values, k=len(values))) for _ in range(rounds))
    return middle, medians[int(rounds * 0.025)], medians[int(rounds * 0.975)]


def run(words, **how):
    """Runs a program; what it printed. An error says what it said."""
    done = subprocess.run(
        [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)
    if done.returncode != 0:
        raise Failed(
            f"{' '.join(map(str, words[:4]))}: exit {done.returncode}: "
            f"{done.stderr.decode(errors='replace').strip()[-600:]}")
    return done.stdout


def timed(words, **how):
    """Seconds that a program takes, its output thrown away."""
    begun = time.perf_counter()
    done = subprocess.run([str(word) for word in words], stdout=subprocess.DEVNULL, **how)
    took = time.perf_counter() - begun
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, words[:4]))}: exit {done.returncode}")
    return took


def rss_anon(process):
    """RssAnon in MiB, or 0 for a process that has gone."""
    try:
        for line in open(f"/proc/{process}/status"):
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def match_priority(process):
    """Gives a daemon, which is a session of its own, the priority that this session was given.

    With the kernel's autogroups `echo -20 >/proc/self/autogroup` keeps other work on a shared
    machine out of the numbers; without this it would keep it out of native's alone.
    """
    try:
        own = open("/proc/self/autogroup").read().split()[-1]
        with open(f"/proc/{process}/autogroup", "w") as file:
            file.write(own)
    except OSError:
        pass


def taken(name, default):
    """The value of an option that only this benchmark has, taken out of the words."""
    if name not in sys.argv:
        return default
    at = sys.argv.index(name)
    value = sys.argv[at + 1]
    del sys.argv[at:at + 2]
    return value


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, seconds=20):
    """Returns once somebody listens there."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise Failed(f"nobody listens on port {port}")
            time.sleep(0.05)


class Memory:
    """The highest RssAnon of a process while the block runs, looked at every 5 ms."""

    def __init__(self, process):
        self.process, self.peak, self.over = process, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.over.wait(0.005):
            self.peak = max(self.peak, rss_anon(self.process))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Bench:
    """One benchmark: its options, its folder, its results."""

    def __init__(self, name, about, peers=(), reused=()):
        parser = argparse.ArgumentParser(prog=name, description=about)
        parser.add_argument("--quick", action="store_true", help="less work, three pairs")
        parser.add_argument("--json", metavar="FILE", help="also write the results there (- is stdout)")
        parser.add_argument("--perigee", help="the binary (default: a release build of this checkout)")
        parser.add_argument("--keep", action="store_true", help="leave the test data")
        self.options = parser.parse_args()
        self.name, self.peers, self.rows, self.mounts = name, peers, [], []
        self.pairs = 3 if self.options.quick else 7
        self.binary = self._binary()
        if os.geteuid() != 0:
            raise Failed("benchmarks mount and drop caches: run them as root")
        base = pathlib.Path(os.environ.get("TMPDIR", "/var/tmp")) / "perigee-bench"
        base.mkdir(parents=True, exist_ok=True)
        kind = run(["stat", "-f", "-c", "%T", base]).decode().strip()
        if kind in ("tmpfs", "overlayfs", "ramfs"):
            raise Failed(f"{base} lies on {kind}: set TMPDIR to a folder on a disk")
        self.base, self.file_system = base, kind
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
        self.state = self.folder / "state"
        atexit.register(self._clean)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(1))
        # A copy: somebody may build while this runs.
        shutil.copy2(self.binary, self.folder / "perigee")
        self.binary = str(self.folder / "perigee")
        self._header()

    # The machine.

    def _binary(self):
        if self.options.perigee:
            return str(pathlib.Path(self.options.perigee).resolve())
        for build in (".build-release", ".build"):
            found = TOP / build / "release" / "perigee"
            if found.exists():
                return str(found)
        raise Failed("no release build: swift build -c release --product perigee")

    def _header(self):
        model = "unknown CPU"
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
        versions = {"perigee": run([self.binary, "--version"]).decode().strip()}
        for peer in self.peers:
            versions[peer] = run([peer, "--version"]).decode().splitlines()[0].strip()
        self.machine = {
            "kernel": platform.release(), "cpu": model, "cores": os.cpu_count(),
            "load": os.getloadavg()[0], "file system": self.file_system, "versions": versions,
            "commit": self._commit(),
        }
        self.say(
            f"{self.name}: Linux {platform.release()}, {model} x {os.cpu_count()}, "
            f"load {os.getloadavg()[0]:.1f}, data on {self.file_system}, "
            + ", ".join(f"{key} {value}" for key, value in versions.items())
            + f", {self.machine['commit']}; {self.pairs} pairs, median [95 % interval]")

    def _commit(self):
        # The checkout says nothing of a binary that came from elsewhere.
        if self.options.perigee:
            return self.options.perigee
        done = subprocess.run(
            ["git", "-C", str(TOP), "describe", "--always", "--dirty"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        return done.stdout.decode().strip() or "no commit"

    # Results.

    def say(self, text):
        print(text, file=sys.stderr if self.options.json == "-" else sys.stdout, flush=True)

    def heading(self, text):
        self.say(f"\n{text}\n  {'':44}{'ratio':>7}  {'interval':15}{'target':>8}        times (median)")

    def ratio(self, what, ours, native, *, target=None, noise=True, unit="s", mine="ours", of="native"):
        """One row: native time over ours, pair by pair."""
        low_high = median_interval([theirs / own for own, theirs in zip(ours, native)])
        row = {
            "what": what, "ratio": low_high[0], "low": low_high[1], "high": low_high[2],
            "target": target, "met": None if target is None else low_high[0] >= target,
            "times": ours, "base": native, "unit": unit, "ways": [mine, of],
        }
        if noise and len(native) > 1:
            row["noise"] = median_interval([a / b for a, b in zip(native, native[1:])])
        self.rows.append(row)
        text = f"  {what:44}{row['ratio']:7.3f}  [{row['low']:.3f}..{row['high']:.3f}]"
        text = f"{text:68}" + (f"{target:8.2f} {'met ' if row['met'] else 'MISS'}" if target else " " * 13)
        text += (
            f"  {mine} {statistics.median(ours):.4g} {unit}, {of} "
            f"{statistics.median(native):.4g} {unit}")
        if "noise" in row:
            text += f"; noise [{row['noise'][1]:.2f}..{row['noise'][2]:.2f}]"
        self.say(text)
        return row

    def value(self, what, values, unit, *, target=None, most=True):
        """One row of a plain number, at most (or at least) `target`."""
        values = values if isinstance(values, list) else [values]
        middle, low, high = median_interval(values)
        met = None if target is None else (middle <= target if most else middle >= target)
        self.rows.append({
            "what": what, "value": middle, "low": low, "high": high, "unit": unit,
            "target": target, "met": met, "values": values})
        text = f"  {what:44}{middle:9.4g} {unit}"
        if len(values) > 1:
            text += f" [{low:.4g}..{high:.4g}]"
        if target is not None:
            text = f"{text:68}{'<=' if most else '>='} {target:g} {'met ' if met else 'MISS'}"
        self.say(text)
        return middle

    def finish(self):
        if self.options.json:
            text = json.dumps({"name": self.name, "machine": self.machine, "rows": self.rows}, indent=1)
            if self.options.json == "-":
                print(text)
            else:
                pathlib.Path(self.options.json).write_text(text + "\n")
        missed = [row["what"] for row in self.rows if row.get("met") is False]
        self.say(f"\n{len(missed)} of {sum(1 for row in self.rows if row.get('met') is not None)} "
                 f"targets missed{': ' + '; '.join(missed) if missed else ''}")

    # Running things.

    def compile(self, name):
        """The C program of that name beside this file, compiled."""
        out = self.folder / name
        run(["cc", "-O2", "-Wall", "-pthread", "-o", out, HERE / f"{name}.c"])
        return out

    def interleave(self, *ways, pairs=None):
        """Calls each way in turn, as often as there are pairs; a list of results for each."""
        results = [[] for _ in ways]
        for _ in range(pairs or self.pairs):
            for way, result in zip(ways, results):
                result.append(way())
        return results

    def perigee(self, *words, **how):
        return run([self.binary, *words, "--state", self.state], **how)

    def publish(self, volume, source):
        """A state with one public volume, scanned and published."""
        if not self.state.exists():
            self.perigee("init")
        self.perigee("volume", "add", volume, "--origin", f"posix:{source}", "--public")
        self.perigee("volume", "scan", volume, "--quiet")
        self.perigee("volume", "publish", volume)

    def mount(self, *words, place="mount"):
        """Mounts; the mount point."""
        point = self.folder / place
        point.mkdir(exist_ok=True)
        self.perigee("mount", point, *words)
        self.mounts.append(point)
        match_priority(self.daemon(point))
        return point

    def daemon(self, point):
        """The process that serves a mount."""
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                words = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")
            except OSError:
                continue
            if os.fsencode(str(point)) in words and (
                    b"--foreground" in words or words[0].endswith(b"bindfs")):
                return int(entry)
        raise Failed(f"nobody serves {point}")

    def unmount(self, point):
        """Unmounts, and waits until the process behind it has gone."""
        process = self.daemon(point)
        run([self.binary, "unmount", point])
        self.mounts.remove(point)
        end = time.monotonic() + 10
        while os.path.exists(f"/proc/{process}") and time.monotonic() < end:
            time.sleep(0.01)

    def bindfs(self, source, *words, place="bindfs"):
        """A read-only bindfs of `source`."""
        point = self.folder / place
        point.mkdir(exist_ok=True)
        run(["bindfs", "-r", *words, source, point])
        self.mounts.append(point)
        match_priority(self.daemon(point))
        return point

    def umount(self, point):
        run(["umount", point])
        self.mounts.remove(point)

    def serving(self, path):
        """How an open file of a mount is read: passthrough, cached or direct."""
        with open(path, "rb") as file:
            file.read(1)
            said = json.loads(run([self.binary, "stat", path, "--json"]))
        return said.get("serving", "unknown")

    def _clean(self):
        for point in list(self.mounts):
            subprocess.run(["umount", "-l", str(point)], stderr=subprocess.DEVNULL)
        if self.options.keep:
            self.say(f"the test data are in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def main(body):
    """Runs a benchmark's body; a failure is one line."""
    try:
        body()
    except (Failed, OSError) as failure:
        sys.exit(f"failed: {failure}")
