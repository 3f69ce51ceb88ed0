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
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse

from bench import Bench, Failed, Memory, main, match_priority, rss_anon, run, timed

REGION = "us-east-1"
PARTS = ["large", "ranges", "small", "head", "list", "memory"]


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
            [bench.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--state", bench.state],
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
            end = time.monotonic() + 20
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise Failed(f"nobody listens on port {port}")
                    time.sleep(0.05)
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

    def theirs(self, name):
        return f"http://127.0.0.1:{self.nginx_port}/{urllib.parse.quote(name)}"


def wrk(bench, targets, connections, seconds, port, method="GET", ranges=None):
    """Seconds a request over so many connections, each target in turn."""
    script = bench.folder / "wrk.lua"
    urls = bench.folder / "targets"
    urls.write_text("".join(url.split("/", 3)[3] + "\n" for url in targets))
    header = ""
    if ranges:
        header = (
            f"local start = math.random(0, {ranges[0] - ranges[1]})\n"
            f'  local fields = {{["Range"] = "bytes=" .. start .. "-" .. (start + {ranges[1] - 1})}}\n')
    script.write_text(f"""
local targets, count = {{}}, 0
function init()
  math.randomseed(os.time())
  for line in io.lines("{urls}") do targets[#targets + 1] = "/" .. line end
  count = math.random(0, #targets)
end
function request()
  count = count % #targets + 1
  {header or 'local fields = nil'}
  return wrk.format("{method}", targets[count], fields)
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout))
end
""")
    out = run(["wrk", "-t", "2" if connections > 8 else "1", "-c", connections, "-d", f"{seconds}s",
               "-s", script, f"http://127.0.0.1:{port}/"]).decode()
    requests, microseconds, errors = map(int, re.search(r"RESULT (\d+) (\d+) (\d+)", out).groups())
    if errors or not requests:
        raise Failed(f"{errors} errors, {requests} requests: {out}")
    return microseconds / requests / 1e6


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
        bench.heading("Random ranges of 1 MiB, 8 connections")
        seconds = 2 if bench.options.quick else 4
        mine, base = bench.interleave(
            lambda: wrk(bench, [servers.ours(name)], 8, seconds, servers.port, ranges=(size, 1 << 20)),
            lambda: wrk(bench, [servers.theirs(name)], 8, seconds, servers.nginx_port, ranges=(size, 1 << 20)))
        bench.ratio("a range", mine, base, target=0.9, of="nginx")


def small(bench, servers, names, parts):
    seconds = 2 if bench.options.quick else 4
    theirs = [servers.theirs(name) for name in names]
    for part, method, connections in (("small", "GET", 64), ("head", "HEAD", 32)):
        if part not in parts:
            continue
        ours = [servers.ours(name, method) for name in names]
        bench.heading(f"{method} of {len(names)} files of 4 KiB, {connections} connections, presigned")
        mine, base = bench.interleave(
            lambda: wrk(bench, ours, connections, seconds, servers.port, method),
            lambda: wrk(bench, theirs, connections, seconds, servers.nginx_port, method))
        bench.ratio("a request", mine, base, target=0.5, of="nginx")
        bench.say(f"  {1 / min(mine):.0f} requests a second at best, nginx {1 / min(base):.0f}")


def pages(servers, bucket, query):
    """All pages of a listing over one connection: keys, and seconds until the first page and the last."""
    connection = http.client.HTTPConnection("127.0.0.1", servers.port)
    token, keys, first = None, 0, None
    start = time.perf_counter()
    while True:
        parts = dict(query, **{"list-type": "2"})
        if token:
            parts["continuation-token"] = token
        text = "&".join(
            f"{name}={urllib.parse.quote(value, safe='')}" for name, value in sorted(parts.items()))
        connection.request(
            "GET", f"/{bucket}?{text}", headers=servers.signer.headers("GET", f"/{bucket}", text))
        page = connection.getresponse().read()
        first = first or time.perf_counter() - start
        keys += page.count(b"<Key>") + page.count(b"<CommonPrefixes>")
        found = re.search(rb"<NextContinuationToken>([^<]+)<", page)
        if not found:
            return keys, first, time.perf_counter() - start
        token = found.group(1).decode()


def listing(bench, servers, wide, count):
    bench.heading("ListObjectsV2 of 100,000 keys, pages of 1,000, one connection")

    def ours():
        keys, _, took = pages(servers, "wide", {})
        if keys != 100_000:
            raise Failed(f"{keys} keys are listed, not 100,000")
        return took

    def find():
        return timed(["bash", "-c", f"find {wide} -type f -printf '%P %s %T@\\n' | LC_ALL=C sort >/dev/null"])

    mine, base = bench.interleave(ours, find)
    bench.ratio("all pages : find -printf | sort", mine, base, target=1.7, of="find")
    first = [pages(servers, "wide", {"delimiter": "/"}) for _ in range(bench.pairs)]
    if first[0][0] != 100:
        raise Failed(f"{first[0][0]} groups, not 100")
    bench.value("100 groups of 100,000 keys", [took * 1e3 for _, _, took in first], "ms", target=10)
    connection = http.client.HTTPConnection("127.0.0.1", servers.port)

    def page():
        start = time.perf_counter()
        connection.request(
            "GET", "/many?list-type=2", headers=servers.signer.headers("GET", "/many", "list-type=2"))
        body = connection.getresponse().read()
        if body.count(b"<Key>") != 1_000:
            raise Failed("the first page has not 1,000 keys")
        return (time.perf_counter() - start) * 1e3

    page()
    bench.value(f"first page of {count} keys", [page() for _ in range(20)], "ms", target=5)


def memory(bench, servers):
    bench.heading("64 connections that download 1 GiB each, at the same time")
    with Memory(servers.gateway.pid) as watched:
        for rate in ([], ["--limit-rate", "64M"]):
            curl([[*rate, servers.ours("large")] for _ in range(64 if not bench.options.quick else 16)], 1 << 30)
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
    for peer in ("nginx", "wrk", "curl"):
        if not shutil.which(peer):
            raise Failed(f"missing: {peer} (apt-get install nginx-light wrk curl)")
    source = bench.folder / "files"
    plant(source, 10, 100, 4096)
    names = sorted(str(path.relative_to(source)) for path in source.rglob("*.fits"))
    if {"large", "ranges", "memory"} & set(parts):
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
