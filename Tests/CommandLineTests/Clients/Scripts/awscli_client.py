"""The AWS command line, with a named profile as `perigee key create` prints it."""

import sys

from common import *

config, credentials = SCRATCH / "config", SCRATCH / "credentials"
config.write_text(
    f"[profile perigee]\nendpoint_url = {ENDPOINT}\nregion = us-east-1\n"
    "s3 =\n  addressing_style = path\n  signature_version = s3v4\n")
credentials.write_text(f"[perigee]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
files = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
program = os.path.join(os.path.dirname(sys.executable), "aws")


def aws(*words, fails=False):
    return run([program, "--profile", "perigee", *words], fails=fails, **files)


assert f" {BUCKET}\n" in aws("s3", "ls")
lines = aws("s3", "ls", f"s3://{BUCKET}/", "--recursive").splitlines()
assert [line.split(maxsplit=3)[3] for line in lines] == KEYS
assert [line.split()[1] for line in aws("s3", "ls", f"s3://{BUCKET}/").splitlines() if "PRE" in line] == TOP
aws("s3", "sync", f"s3://{BUCKET}/", str(SCRATCH / "tree"))
same_tree(SCRATCH / "tree")
url = aws("s3", "presign", f"s3://{BUCKET}/{FITS}").strip()
run(["curl", "-sf", "-o", SCRATCH / "presigned", url])
assert (SCRATCH / "presigned").read_bytes() == content(FITS)
assert "AccessDenied" in aws("s3", "cp", str(config), f"s3://{BUCKET}/new", fails=True)
assert "AccessDenied" in aws("s3", "rm", f"s3://{BUCKET}/{FITS}", fails=True)
