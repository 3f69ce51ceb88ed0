"""rclone: lists, copies, checks, mounts nothing; writes are refused."""

import sys

from common import *

program = os.path.join(os.path.dirname(sys.executable), "rclone")
config = SCRATCH / "rclone.conf"
config.write_text(
    f"[perigee]\ntype = s3\nprovider = Other\nendpoint = {ENDPOINT}\naccess_key_id = {KEY}\n"
    f"secret_access_key = {SECRET}\n")


def rclone(*words, **how):
    return run([program, "--config", config, "--retries", "1", "--low-level-retries", "1", *words],
               **how)


assert BUCKET + "/" in rclone("lsf", "perigee:").split()
assert sorted(rclone("lsf", "-R", "--files-only", f"perigee:{BUCKET}").splitlines(),
              key=str.encode) == KEYS
rclone("copy", f"perigee:{BUCKET}", SCRATCH / "tree")
same_tree(SCRATCH / "tree")
rclone("check", "--download", f"perigee:{BUCKET}", ROOT)
assert rclone("cat", "--offset", "80", "--count", "80", f"perigee:{BUCKET}/{FITS}", raw=True) == \
    content(FITS)[80:160]
assert "AccessDenied" in rclone("copyto", config, f"perigee:{BUCKET}/new", fails=True)
assert "AccessDenied" in rclone("deletefile", f"perigee:{BUCKET}/{FITS}", fails=True)
