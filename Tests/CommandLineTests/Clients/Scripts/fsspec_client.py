"""s3fs, astropy through fsspec, pyarrow, obstore."""

import numpy
import obstore
import pyarrow
import pyarrow.fs
import s3fs
from astropy.io import fits
from obstore.store import S3Store

from common import *

fs = s3fs.S3FileSystem(key=KEY, secret=SECRET, endpoint_url=ENDPOINT)
assert sorted((path.removeprefix(BUCKET + "/") for path in fs.find(BUCKET)), key=str.encode) == KEYS
assert sorted(path.removeprefix(BUCKET + "/") + "/" for path in fs.ls(BUCKET)
              if fs.isdir(path)) == TOP
with fs.open(f"{BUCKET}/{FITS}", "rb", block_size=5 << 10) as file:
    file.seek(80)
    assert file.read(80) == content(FITS)[80:160]
assert fs.cat(f"{BUCKET}/{FITS}") == content(FITS)
try:
    fs.pipe(f"{BUCKET}/new", b"x")
    raise AssertionError("s3fs wrote")
except PermissionError:
    pass

# A part of an image, without the rest of the file.
options = {"key": KEY, "secret": SECRET, "client_kwargs": {"endpoint_url": ENDPOINT}}
with fits.open(ROOT / FITS) as local, fits.open(
        f"s3://{BUCKET}/{FITS}", use_fsspec=True, fsspec_kwargs=options) as remote:
    index = next(i for i, unit in enumerate(local)
                 if unit.is_image and len(unit.shape) == 2 and min(unit.shape) > 4)
    part = remote[index].section[1:4, 2:5]
    assert numpy.array_equal(part, local[index].data[1:4, 2:5], equal_nan=part.dtype.kind == "f")

arrow = pyarrow.fs.S3FileSystem(
    access_key=KEY, secret_key=SECRET, endpoint_override=ENDPOINT.removeprefix("http://"),
    scheme="http", region="us-east-1")
found = arrow.get_file_info(pyarrow.fs.FileSelector(BUCKET, recursive=True))
assert sorted((info.path.removeprefix(BUCKET + "/") for info in found if info.is_file),
              key=str.encode) == KEYS
with arrow.open_input_file(f"{BUCKET}/{FITS}") as file:
    assert file.read_at(80, 80) == content(FITS)[80:160]
try:
    arrow.open_output_stream(f"{BUCKET}/new").close()
    raise AssertionError("pyarrow wrote")
except OSError:
    pass

store = S3Store(BUCKET, endpoint=ENDPOINT, access_key_id=KEY, secret_access_key=SECRET,
                region="us-east-1", client_options={"allow_http": True})
listed = [item["path"] for page in obstore.list(store) for item in page]
assert sorted(listed, key=str.encode) == KEYS
assert obstore.get(store, FITS).bytes() == content(FITS)
assert bytes(obstore.get_range(store, FITS, start=80, length=80)) == content(FITS)[80:160]
try:
    obstore.put(store, "new", b"x")
    raise AssertionError("obstore wrote")
except Exception as failure:
    assert "AccessDenied" in str(failure) or "403" in str(failure), failure
