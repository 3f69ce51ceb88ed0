#!/usr/bin/env python3
"""The S3 gateway against nginx with sendfile, on the same files in the same run.

Every request to the gateway is signed, and its signature is checked. --only takes some of:
large ranges small head list memory. --keys N sets how many keys the large bucket has.
"""

import datetime
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.parse

from bench import Bench, Failed, Memory, free_port, main, match_priority, run, taken, timed, wait_for

REGION = "us-east-1"
PARTS = ["large", "ranges", "small", "head", "list", "memory"]


class Signer:
    """AWS Signature Version 4, in the query of a URL or in a header."""

    def __init__(self, key, secret, host):
        self.key, self.secret, self.host = key, secret, host

    def _sign(self, now, text):
        key = ("AWS4" + self.secret).encode()
        for part in (now[:8], REGION, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _scope(self, now):
        return f"{now[:8]}/{REGION}/s3/aws4_request"

    def _text(self, now, canonical):
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return f"AWS4-HMAC-SHA256\n{now}\n{self._scope(now)}\n{digest}"

    @staticmethod
    def _now():
        return datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")

    def presigned(self, method, path):
        now = self._now()
        query = urllib.parse.urlencode([
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", f"{self.key}/{self._scope(now)}"), ("X-Amz-Date", now),
            ("X-Amz-Expires", "86400"), ("X-Amz-SignedHeaders", "host")], quote_via=urllib.parse.quote)
        canonical = f"{method}\n{path}\n{query}\nhost:{self.host}\n\nhost\nUNSIGNED-PAYLOAD"
        return f"{path}?{query}&X-Amz-Signature={self._sign(now, self._text(now, canonical))}"

    def headers(self, method, path, query):
        now = self._now()
        empty = hashlib.sha256(b"").hexdigest()
        canonical = (
            f"{method}\n{path}\n{query}\nhost:{self.host}\nx-amz-content-sha256:{empty}\n"
            f"x-amz-date:{now}\n\nhost;x-amz-content-sha256;x-amz-date\n{empty}")
        return {
            "x-amz-date": now, "x-amz-content-sha256": empty,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.key}/{self._scope(now)}, "
            f"SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            f"Signature={self._sign(now, self._text(now, canonical))}"}


class Servers:
    """A gateway and an nginx over the same folder."""

    def __init__(self, bench, folder):
        self.bench, self.folder = bench, folder
        self.port, self.nginx_port = free_port(), free_port()
        self.processes = []

    def __enter__(self):
        bench = self.bench
        bench.perigee("user", "add", "bench")
        made = json.loads(bench.perigee("key", "create", "--user", "bench", "--json"))
        self.signer = Signer(made["key"]["accessKeyID"], made["secret"], f"127.0.0.1:{self.port}")
        log = open(bench.folder / "serve.log", "wb")
        self.gateway = subprocess.Popen(
            [bench.binary, "serve", "--listen", f"127.0.0.1:{self.port}",
             "--admin-listen", "off", "--state", bench.state],
            stdout=log, stderr=log)
        self.processes.append(self.gateway)
        nginx = bench.folder / "nginx"
        nginx.mkdir(exist_ok=True)
        os.chmod(bench.folder, 0o755)
        (nginx / "nginx.conf").write_text(f"""
daemon off; master_process on; pid {nginx}/pid; error_log {nginx}/error.log; user root;
worker_processes auto;
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000;
    open_file_cache max=20000; open_file_cache_valid 60s;
    client_body_temp_path {nginx}; proxy_temp_path {nginx}; fastcgi_temp_path {nginx};
    uwsgi_temp_path {nginx}; scgi_temp_path {nginx};
    server {{ listen 127.0.0.1:{self.nginx_port} backlog=1024; root {self.folder}; }}
}}
""")
        self.nginx = subprocess.Popen(
            ["nginx", "-p", str(nginx), "-c", str(nginx / "nginx.conf")], stderr=log)
        self.processes.append(self.nginx)
        for process in self.processes:
            match_priority(process.pid)
        for port in (self.port, self.nginx_port):
            wait_for(port)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def ours(self, name, method="GET", bucket="bench"):
        path = self.signer.presigned(method, f"/{bucket}/{urllib.parse.quote(name)}")
        return f"http://127.0.0.1:{self.port}{path}"

    def line(self, method, path, how):
        """A request for s3load."""
        if how == "presigned":
            return f"{method}\t{self.signer.presigned(method, path)}"
        fields = self.signer.headers(method, path, "")
        return "\t".join([method, path, *(f"{name}: {value}" for name, value in fields.items())])

    def theirs(self, name):
        return f"http://127.0.0.1:{self.nginx_port}/{urllib.parse.quote(name)}"


def load(bench, port, connections, lines):
    """What s3load tells of requests over so many connections, each line of them in turn."""
    requests = bench.folder / "requests"
    requests.write_text("".join(line + "\n" for line in lines))
    seconds = 2 if bench.options.quick else 4
    said = json.loads(run([bench.loader, "127.0.0.1", port, connections, seconds, requests]))
    if said["errors"] or not said["requests"]:
        raise Failed(f"port {port}: {said}")
    return said


def compare(bench, what, ours, theirs, target):
    """One row: seconds a request, over the same connections to the gateway and to nginx."""
    mine, base = bench.interleave(lambda: load(bench, *ours), lambda: load(bench, *theirs))
    bench.ratio(
        what, *([1 / said["requestsPerSecond"] for said in way] for way in (mine, base)),
        target=target, of="nginx")
    for name, way in (("ours", mine), ("nginx", base)):
        best = max(way, key=lambda said: said["requestsPerSecond"])
        bench.say(
            f"    {name:6}at best {best['requestsPerSecond']:.0f} requests/s, "
            f"{best['bytesPerSecond'] / (1 << 20):.0f} MiB/s, "
            f"median {best['p50']} us, 99 % within {best['p99']} us")


def curl(urls, size):
    """Seconds until all of them have come, at the same time."""
    start = time.perf_counter()
    running = [
        subprocess.Popen(
            ["curl", "-sf", "-o", "/dev/null", "-w", "%{size_download}", *words],
            stdout=subprocess.PIPE) for words in urls]
    for process in running:
        got = process.communicate()[0]
        if process.returncode != 0 or int(got) != size:
            raise Failed(f"curl ended with {process.returncode} after {got} bytes")
    return time.perf_counter() - start


def large(bench, servers, parts):
    name, size = "large", 1 << 30
    if "large" in parts:
        bench.heading("GET of 1 GiB, warm")
        mine, base = bench.interleave(
            lambda: curl([[servers.ours(name)]], size), lambda: curl([[servers.theirs(name)]], size))
        bench.ratio("one connection", mine, base, target=1.0, of="nginx")
        part = size // 8
        spans = [["-r", f"{number * part}-{(number + 1) * part - 1}"] for number in range(8)]
        mine, base = bench.interleave(
            lambda: curl([[*span, servers.ours(name)] for span in spans], part),
            lambda: curl([[*span, servers.theirs(name)] for span in spans], part))
        bench.ratio("8 connections, a range each", mine, base, target=1.0, of="nginx")
    if "ranges" in parts:
        bench.heading("Random ranges of 1 MiB, 8 connections, presigned")
        chance = random.Random(1)
        starts = [chance.randrange(size - (1 << 20)) for _ in range(1_000)]
        fields = [f"Range: bytes={start}-{start + (1 << 20) - 1}" for start in starts]
        mine, base = (
            [f"GET\t{target}\t{field}" for field in fields]
            for target in (servers.signer.presigned("GET", f"/bench/{name}"), f"/{name}"))
        compare(bench, "a range", (servers.port, 8, mine), (servers.nginx_port, 8, base), 0.9)


def small(bench, servers, names, parts):
    paths = [urllib.parse.quote(name) for name in names]
    for part, method, connections in (("small", "GET", 64), ("head", "HEAD", 32)):
        if part not in parts:
            continue
        theirs = [f"{method}\t/{path}" for path in paths]
        bench.heading(f"{method} of {len(names)} files of 4 KiB, {connections} connections")
        # Signatures in the header hold for 15 minutes, so each way of signing is made when it is used.
        for how in ("presigned", "header"):
            ours = [servers.line(method, f"/bench/{path}", how) for path in paths]
            compare(
                bench, f"a request, signed: {how}", (servers.port, connections, ours),
                (servers.nginx_port, connections, theirs), 0.5)


def pages(servers, bucket):
    """All pages of a listing over one connection: its keys, and the seconds that they took."""
    connection = http.client.HTTPConnection("127.0.0.1", servers.port)
    token, keys = None, 0
    start = time.perf_counter()
    while True:
        text = "list-type=2"
        if token:
            text = f"continuation-token={urllib.parse.quote(token, safe='')}&{text}"
        connection.request(
            "GET", f"/{bucket}?{text}", headers=servers.signer.headers("GET", f"/{bucket}", text))
        page = connection.getresponse().read()
        keys += page.count(b"<Key>")
        found = re.search(rb"<NextContinuationToken>([^<]+)<", page)
        if not found:
            return keys, time.perf_counter() - start
        token = found.group(1).decode()


def listing(bench, servers, wide, count):
    bench.heading("ListObjectsV2 of 100,000 keys, pages of 1,000, one connection")

    def ours():
        keys, took = pages(servers, "wide")
        if keys != 100_000:
            raise Failed(f"{keys} keys are listed, not 100,000")
        return took

    def find():
        return timed(["bash", "-c", f"find {wide} -type f -printf '%P %s %T@\\n' | LC_ALL=C sort >/dev/null"])

    mine, base = bench.interleave(ours, find)
    bench.ratio("all pages : find -printf | sort", mine, base, target=1.7, of="find")
    for what, bucket, query, items, target in (
            ("100 groups of 100,000 keys", "wide", "delimiter=%2F&list-type=2", 100, 10),
            (f"first page of {count:,} keys", "many", "list-type=2", 1_000, 5)):
        bench.value(what, first_page(servers, bucket, query, items), "ms", target=target)


def first_page(servers, bucket, query, items, times=100):
    """Milliseconds for the same page, over and over on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", servers.port)
    took = []
    for _ in range(times):
        fields = servers.signer.headers("GET", f"/{bucket}", query)
        start = time.perf_counter()
        connection.request("GET", f"/{bucket}?{query}", headers=fields)
        page = connection.getresponse().read()
        took.append((time.perf_counter() - start) * 1e3)
        found = page.count(b"<Key>") + page.count(b"<CommonPrefixes>")
        if found != items:
            raise Failed(f"a page of {bucket} has {found} items, not {items}")
    return took


def memory(bench, servers):
    count = 16 if bench.options.quick else 64
    bench.heading(f"{count} connections that download a sparse file of 1 GiB each, at the same time")
    with Memory(servers.gateway.pid) as watched:
        for rate in ([], ["--limit-rate", "32M"]):
            curl([[*rate, servers.ours(f"sparse-{number}")] for number in range(count)], 1 << 30)
    bench.value("RssAnon at most", watched.peak, "MiB", target=100)


def plant(folder, folders, files, size=0):
    for number in range(folders):
        inner = folder / f"d{number:04}"
        inner.mkdir(parents=True, exist_ok=True)
        for file in range(files):
            with open(inner / f"file-{number:04}-{file:05}.fits", "wb") as out:
                out.write(os.urandom(size))


def body():
    parts = taken("--only", " ".join(PARTS)).split()
    count = int(taken("--keys", "1000000"))
    bench = Bench("s3", __doc__)
    for peer in ("nginx", "curl"):
        if not shutil.which(peer):
            raise Failed(f"missing: {peer} (apt-get install nginx-light curl)")
    bench.loader = bench.compile("s3load")
    source = bench.folder / "files"
    plant(source, 10, 100, 4096)
    names = sorted(str(path.relative_to(source)) for path in source.rglob("*.fits"))
    if "memory" in parts:
        for number in range(64):
            with open(source / f"sparse-{number}", "wb") as out:
                out.truncate(1 << 30)
    if {"large", "ranges"} & set(parts):
        with open(source / "large", "wb") as out:
            for _ in range(64):
                out.write(os.urandom(16 << 20))
        os.sync()
        time.sleep(2.1)
    bench.publish("bench", source)
    wide = bench.folder / "wide"
    if "list" in parts:
        plant(wide, 100, 1_000)
        bench.publish("wide", wide)
        tree = bench.compile("tree")
        many = bench.folder / "many"
        run([tree, "make", many, 0, count // 1_000, 1_000, 0])
        bench.publish("many", many)
    with Servers(bench, source) as servers:
        large(bench, servers, parts)
        small(bench, servers, names, parts)
        if "list" in parts:
            listing(bench, servers, wide, count)
        if "memory" in parts:
            memory(bench, servers)
    bench.finish()


main(body)
