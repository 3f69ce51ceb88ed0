"""s3cmd, with its defaults but for the address and the key."""

import sys

from common import *

host = ENDPOINT.removeprefix("http://")
config = SCRATCH / "s3cfg"
config.write_text(
    f"[default]\nhost_base = {host}\nhost_bucket = {host}\nuse_https = False\n"
    f"access_key = {KEY}\nsecret_key = {SECRET}\n")


def s3cmd(*words, fails=False):
    return run([sys.executable, os.path.join(os.path.dirname(sys.executable), "s3cmd"),
                "-c", config, "--no-progress", *words], fails=fails)


assert f"s3://{BUCKET}\n" in s3cmd("ls")
listed = [line.split("s3://" + BUCKET + "/", 1)[1]
          for line in s3cmd("ls", "--recursive", f"s3://{BUCKET}/").splitlines()]
assert listed == KEYS
(SCRATCH / "tree").mkdir()
s3cmd("sync", f"s3://{BUCKET}/", f"{SCRATCH}/tree/")
same_tree(SCRATCH / "tree")
assert "denied" in s3cmd("put", config, f"s3://{BUCKET}/new", fails=True).lower()
assert "denied" in s3cmd("del", f"s3://{BUCKET}/{FITS}", fails=True).lower()
