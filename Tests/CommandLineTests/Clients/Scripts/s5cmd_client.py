"""s5cmd: lists, copies in parallel; writes are refused."""

import sys

from common import *

program = os.path.join(os.path.dirname(sys.executable), "s5cmd")
keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}


def s5cmd(*words, **how):
    return run([program, "--endpoint-url", ENDPOINT, "-r", "0", *words], **how, **keys)


assert f"s3://{BUCKET}\n" in s5cmd("ls")
listed = [line.split(maxsplit=3)[3] for line in s5cmd("ls", f"s3://{BUCKET}/*").splitlines()]
assert sorted(listed, key=str.encode) == KEYS, listed
s5cmd("cp", f"s3://{BUCKET}/*", f"{SCRATCH}/tree/")
same_tree(SCRATCH / "tree")
assert s5cmd("cat", f"s3://{BUCKET}/{FITS}", raw=True) == content(FITS)
assert "AccessDenied" in s5cmd("cp", __file__, f"s3://{BUCKET}/new", fails=True)
assert "AccessDenied" in s5cmd("rm", f"s3://{BUCKET}/{FITS}", fails=True)
