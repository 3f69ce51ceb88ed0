"""What all client scripts have in common.

The environment says where the gateway is and what it has to serve: S3_ENDPOINT, S3_KEY, S3_SECRET,
S3_BUCKET, S3_ROOT (the bucket's files on the disk), S3_FITS (a key of a FITS file with an image in
it) and S3_SCRATCH (an empty folder). A script ends with status 0 where all went well.
"""

import os
import pathlib
import subprocess

ENDPOINT = os.environ["S3_ENDPOINT"]
KEY, SECRET = os.environ["S3_KEY"], os.environ["S3_SECRET"]
BUCKET, FITS = os.environ["S3_BUCKET"], os.environ["S3_FITS"]
ROOT = pathlib.Path(os.environ["S3_ROOT"])
SCRATCH = pathlib.Path(os.environ["S3_SCRATCH"])

KEYS = sorted((str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()),
              key=str.encode)
TOP = sorted({key.split("/")[0] + "/" for key in KEYS if "/" in key})


def content(key):
    return (ROOT / key).read_bytes()


def run(words, fails=False, raw=False, **environment):
    """A command's output as text, or as bytes where `raw`; it has to fail where `fails`."""
    done = subprocess.run(
        [str(word) for word in words], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if raw else subprocess.STDOUT, timeout=120,
        env=dict(os.environ, HOME=str(SCRATCH), **environment))
    text = done.stdout.decode(errors="replace")
    assert (done.returncode != 0) == fails, f"{words}: status {done.returncode}: {text[:2000]}"
    return done.stdout if raw else text


def same_tree(folder):
    """Whether a folder holds what the bucket does."""
    got = sorted((str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()),
                 key=str.encode)
    assert got == KEYS, (got, KEYS)
    for key in KEYS:
        assert (folder / key).read_bytes() == content(key), key
