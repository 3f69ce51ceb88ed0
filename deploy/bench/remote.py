#!/usr/bin/env python3
"""Volumes whose bytes lie on another machine: through a mount and its cache, against curl.

The origin is `rclone serve s3` where rclone is found ($RCLONE, PATH, the tests' own), else nginx.
--only takes some of: near far amplification shared warm small large.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import threading
import time

from bench import TOP, Bench, Failed, Memory, free_port, main, match_priority, run, taken, wait_for

PARTS = ["near", "far", "amplification", "shared", "warm", "small", "large"]
BLOCK = 1 << 16


def rclone():
    """The program, or None."""
    for found in (os.environ.get("RCLONE"), shutil.which("rclone"), TOP / ".venv-s3/bin/rclone"):
        if found and os.access(found, os.X_OK):
            return str(found)
    return None


class Origin:
    """A server of a folder, and ways to it that take longer and count."""

    def __init__(self, bench, folder):
        self.bench, self.folder, self.processes = bench, folder, []
        self.delay = bench.compile("delay")
        self.port = free_port()

    def __enter__(self):
        program = rclone()
        self.kind = "rclone serve s3" if program else "nginx"
        if program:
            words = [program, "serve", "s3", self.folder.parent, "--addr",
                     f"127.0.0.1:{self.port}", "--config", "/dev/null", "--no-cleanup"]
        else:
            words = self.nginx()
        self.start(words)
        wait_for(self.port)
        self.bench.say(f"  the origin is {self.kind}")
        return self

    def nginx(self):
        place = self.bench.folder / "nginx"
        place.mkdir()
        os.chmod(self.bench.folder, 0o755)
        (place / "nginx.conf").write_text(f"""
daemon off; pid {place}/pid; error_log {place}/error.log; user root; worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; keepalive_requests 1000000; client_body_temp_path {place};
    proxy_temp_path {place}; fastcgi_temp_path {place}; uwsgi_temp_path {place};
    scgi_temp_path {place};
    server {{
        listen 127.0.0.1:{self.port} backlog=1024;
        location /{self.folder.name}/ {{ root {self.folder.parent}; autoindex on; }}
    }}
}}
""")
        return ["nginx", "-p", place, "-c", place / "nginx.conf"]

    def start(self, words, **how):
        log = open(self.bench.folder / "origin.log", "ab")
        process = subprocess.Popen([str(word) for word in words], stderr=log, **how)
        match_priority(process.pid)
        self.processes.append(process)
        return process

    def way(self, name, milliseconds):
        """A volume `name` of the origin over a way that takes so long; its proxy."""
        port = free_port()
        proxy = self.start(
            [self.delay, port, self.port, milliseconds], stdout=subprocess.PIPE)
        wait_for(port)
        self.volume(name, port)
        return Way(proxy, port)

    def volume(self, name, port):
        url = f"http://127.0.0.1:{port}"
        words = ["--allow-http", "--allow-private"]
        if self.kind == "nginx":
            words += ["--origin", f"{url}/{self.folder.name}/"]
        else:
            words += ["--origin", f"s3://{self.folder.name}", "--endpoint", url, "--anonymous"]
        bench = self.bench
        if not bench.state.exists():
            bench.perigee("init")
        bench.perigee("root", "add", name, *words)
        bench.perigee("volume", "add", name, "--source", f"{name}:", "--public")
        bench.perigee("volume", "scan", name, "--quiet")
        bench.perigee("volume", "publish", name)

    def url(self, name, port=None):
        return f"http://127.0.0.1:{port or self.port}/{self.folder.name}/{name}"

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(20)


class Way:
    """A proxy that was started by `Origin.way`."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    def received(self):
        """Bytes that have come from the origin, headers with them."""
        self.process.send_signal(signal.SIGUSR1)
        return int(self.process.stdout.readline())


def curl(url, size, parts):
    """Seconds for a file in so many ranges at once."""
    part = -(-size // parts)
    begun = time.perf_counter()
    running = [
        subprocess.Popen(
            ["curl", "-sf", "-o", "/dev/null", "-r",
             f"{number * part}-{min(size, (number + 1) * part) - 1}", url])
        for number in range(parts)]
    for process in running:
        if process.wait() != 0:
            raise Failed(f"curl ended with {process.returncode}")
    return time.perf_counter() - begun


class Cold:
    """A mount whose cache is empty."""

    def __init__(self, bench, volume, *words):
        self.bench, self.words = bench, ["--volume", volume, "--at-root", *words]

    def __enter__(self):
        shutil.rmtree(self.bench.cache, ignore_errors=True)
        self.point = self.bench.mount(*self.words)
        return self.point

    def __exit__(self, *_):
        self.bench.unmount(self.point)


def read(path):
    """Seconds to read a file to its end, 1 MiB at a time."""
    buffer = memoryview(bytearray(1 << 20))
    begun = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return time.perf_counter() - begun


def cold_read(bench, volume, name):
    with Cold(bench, volume) as point:
        return read(point / name)


def sequential(bench, origin, volume, port, size, parts):
    url = origin.url("large", port)
    mine, base = bench.interleave(
        lambda: cold_read(bench, volume, "large"), lambda: curl(url, size, parts))
    bench.ratio(f"cold, through the mount : curl x {parts}", mine, base, target=0.8, of="curl")


def amplification(bench, way, volume, size):
    bench.heading("Bytes from the origin for each byte that was asked for")

    def of(asked, action):
        before = way.received()
        with Cold(bench, volume) as point:
            action(point / "large")
        return (way.received() - before) / asked

    bench.value("sequential", of(size, read), "x", target=1.02)
    chance, count = random.Random(5), 400
    # Each place once: what is asked for twice comes from the cache, and would flatter.
    starts = chance.sample(range(size // (128 << 10)), min(count, size // (256 << 10)))

    def jumps(path):
        with open(path, "rb", buffering=0) as file:
            for start in starts:
                os.pread(file.fileno(), 128 << 10, start * (128 << 10))

    bench.value("random 128 KiB", of(len(starts) << 17, jumps), "x", target=2.0)


def shared(bench, way, volume, size):
    bench.heading("64 readers of one cold file, in two mounts of one cache")
    shutil.rmtree(bench.cache, ignore_errors=True)
    points = [
        bench.mount("--volume", volume, "--at-root", place=f"mount{number}") for number in (1, 2)]
    before = way.received()
    running = [subprocess.Popen(["cat", str(points[number % 2] / "medium")],
                                stdout=subprocess.DEVNULL) for number in range(64)]
    for process in running:
        if process.wait() != 0:
            raise Failed("a reader has failed")
    bench.value("bytes from the origin", (way.received() - before) / size, "x", target=1.02)
    for point in points:
        bench.unmount(point)


def warm(bench, volume, source, size):
    calls = bench.calls
    reads = 5_000 if bench.options.quick else 50_000
    seeds = iter(range(1, 1 << 30))

    def call(path, what, *words, limit=size):
        took, number = run(
            [calls, what, path, *words], env={**os.environ, "CALLS_BYTES": str(limit)}).split()
        return int(took) / (int(number) / (1 << 20) if what == "seq" else int(number)) / 1000

    with Cold(bench, volume) as point:
        read(point / "large")
        point = remount(bench, point, volume)
        # The first opening verifies what the last process wrote; the next one may be passed through.
        read(point / "large")
        end = time.monotonic() + 20
        while bench.serving(point / "large") != "passthrough" and time.monotonic() < end:
            time.sleep(0.2)
        bench.heading(f"Warm, complete, served by: {bench.serving(point / 'large')}")
        for what, words, target in (("sequential 1 MiB", ("seq", 1, 2), 0.95),
                                    ("random 4 KiB", ("random", reads), 0.9)):
            mine, base = pair(bench, call, point / "large", source / "large", words, seeds)
            bench.ratio(what, mine, base, unit="us", target=target)
    part = size - (8 << 20)
    with Cold(bench, volume) as point:
        path = point / "large"
        with open(path, "rb", buffering=0) as held:
            for start in range(0, part, 1 << 20):
                os.pread(held.fileno(), 1 << 20, start)
            time.sleep(3)
            bench.heading(f"Warm, incomplete, the mount's pages dropped, served by: {bench.serving(path)}")
            for what, words, target in (("sequential 1 MiB", ("seq", 1, 1), 0.4),
                                        ("random 4 KiB", ("random", reads), 0.25)):
                def fresh(file, what, *words):
                    # Of the mount's inode only: the disk's pages stay.
                    if file == path:
                        run([calls, "drop", path])
                    return call(file, what, *words, limit=part)

                mine, base = pair(bench, fresh, path, source / "large", words, seeds)
                bench.ratio(what, mine, base, unit="us", target=target)


def pair(bench, call, ours, theirs, words, seeds):
    def once(path):
        return call(path, *words, *([next(seeds)] if words[0] == "random" else []))

    once(theirs)
    return bench.interleave(lambda: once(ours), lambda: once(theirs))


def remount(bench, point, volume):
    bench.unmount(point)
    return bench.mount("--volume", volume, "--at-root")


def small(bench, volume, names):
    bench.heading("Cold files of 4 KiB, 10 ms away")

    def readers(count, share):
        with Cold(bench, volume) as point:
            turns = [share[number::count] for number in range(count)]

            def work(turn):
                for name in turn:
                    (point / name).read_bytes()

            threads = [threading.Thread(target=work, args=(turn,)) for turn in turns]
            begun = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return (time.perf_counter() - begun) / len(share) * 1e3

    # One reader takes what it takes for each file, be there many or few.
    few = names[:len(names) // 10]
    mine, base = bench.interleave(
        lambda: readers(16, names), lambda: readers(1, few), pairs=3)
    bench.ratio(f"16 readers of {len(names)} files : one", mine, base, target=8.0, unit="ms",
                noise=False, mine="16", of="one")


def checksum(data):
    """CRC32C (Castagnoli), as the maps of the cache have it."""
    crc = 0xffffffff
    for byte in data:
        crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xffffffff


def table():
    made = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82f63b78 if value & 1 else 0)
        made.append(value)
    return made


CRC = table()


def plant(cache, count, size):
    """A cache with `count` complete objects of zeros, in the form that OnDiskFormats describes."""
    objects = cache / "v1" / "objects"
    objects.mkdir(parents=True)
    for folder in (cache, cache / "v1", objects):
        folder.chmod(0o700)
    (cache / "format").write_text("perigee-cache 1\n")
    record = struct.pack("<HHI", 1, 0, checksum(bytes(BLOCK)))
    root, version = b"s3://planted", b"etag \"1\""
    for number in range(count):
        key = f"object-{number}".encode()
        name = hashlib.sha256(b"perigee.cached-object.1\0" + b"".join(
            struct.pack(">I", len(part)) + part for part in (root, key, version))
            + struct.pack(">Q", size)).hexdigest()
        text = root + key + version
        header = bytearray(b"PRGBLOCK" + struct.pack(
            "<IIIIQIIII", 1, 0, 4096, BLOCK, size, len(root), len(key), len(version), 0) + text)
        header += bytes(4096 - len(header))
        header[12:16] = struct.pack("<I", checksum(header))
        folder = objects / name[:2]
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        (folder / f"{name}.map").write_bytes(bytes(header) + record * (size // BLOCK))
        with open(folder / f"{name}.data", "wb") as data:
            data.truncate(size)


def large(bench, volume):
    count = 12_800
    bench.heading(f"A cache of 50 GiB: {count} sparse files of 4 MiB")
    shutil.rmtree(bench.cache, ignore_errors=True)
    plant(bench.cache, count, 4 << 20)
    listed = run([bench.binary, "cache", "stats", "--json"])
    if json.loads(listed)["complete"] != count:
        raise Failed(f"the planted cache is not taken for what it is: {listed.decode()}")
    begun = time.perf_counter()
    point = bench.mount("--volume", volume, "--at-root")
    read(point / "medium")
    bench.value("mounted, and a cold file read", time.perf_counter() - begun, "s", target=1.0)
    with Memory(bench.daemon(point)) as watched:
        read(point / "large")
        time.sleep(2)
    bench.value("RssAnon at most", watched.peak, "MiB", target=80)
    bench.unmount(point)


def body():
    parts = taken("--only", " ".join(PARTS)).split()
    bench = Bench("remote", __doc__)
    bench.cache = bench.folder / "cache"
    os.environ["PERIGEE_CACHE"] = str(bench.cache)
    os.environ["PERIGEE_CACHE_SIZE"] = "60GiB"
    bench.calls = bench.compile("calls")
    quick = bench.options.quick
    source = bench.folder / "buckets" / "bench"
    source.mkdir(parents=True)
    size, medium = (256 << 20 if quick else 1 << 30), 64 << 20
    for name, bytes_ in (("large", size), ("medium", medium)):
        with open(source / name, "wb") as out:
            for _ in range(bytes_ >> 20):
                out.write(os.urandom(1 << 20))
    names = [f"small/{number:05}" for number in range(1_600 if quick else 10_000)]
    (source / "small").mkdir()
    for name in names:
        (source / name).write_bytes(os.urandom(4096))
    os.sync()
    with Origin(bench, source) as origin:
        near = origin.way("near", 0)
        if "near" in parts:
            bench.heading(f"{size >> 20} MiB from this machine")
            origin.volume("direct", origin.port)
            sequential(bench, origin, "direct", origin.port, size, 4)
        if "far" in parts:
            far = origin.way("far", 50)
            bench.heading(f"{size >> 20} MiB from 50 ms away")
            sequential(bench, origin, "far", far.port, size, 8)
        if "amplification" in parts:
            amplification(bench, near, "near", size)
        if "shared" in parts:
            shared(bench, near, "near", medium)
        if "warm" in parts:
            warm(bench, "near", source, size)
        if "small" in parts:
            origin.way("ten", 10)
            small(bench, "ten", names)
        if "large" in parts:
            large(bench, "near")
    bench.finish()


main(body)
