"""DuckDB with its extension httpfs: a table in Parquet, found by a pattern, read by parts."""

import pathlib

import duckdb
import duckdb_extension_httpfs

from common import *

folder = pathlib.Path(duckdb_extension_httpfs.__file__).parent
extension = next(folder.rglob("httpfs.duckdb_extension*"))
base = duckdb.connect(config={"allow_unsigned_extensions": "true"})
base.execute(f"LOAD '{extension}'")
base.execute(
    f"CREATE SECRET (TYPE s3, KEY_ID '{KEY}', SECRET '{SECRET}', REGION 'us-east-1', "
    f"ENDPOINT '{ENDPOINT.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)")
tables = [key for key in KEYS if key.endswith(".csv")]
for key in tables:
    remote = base.execute(f"SELECT count(*) FROM read_csv('s3://{BUCKET}/{key}', all_varchar=true)")
    count = remote.fetchone()
    assert count == base.execute(
        f"SELECT count(*) FROM read_csv('{ROOT / key}', all_varchar=true)").fetchone()
globbed = base.execute(f"SELECT file FROM glob('s3://{BUCKET}/**')").fetchall()
assert sorted((row[0].removeprefix(f"s3://{BUCKET}/") for row in globbed), key=str.encode) == KEYS
size = base.execute(f"SELECT size FROM read_blob('s3://{BUCKET}/{FITS}')").fetchone()[0]
assert size == len(content(FITS))
try:
    base.execute(f"COPY (SELECT 1) TO 's3://{BUCKET}/new.parquet'")
    raise AssertionError("duckdb wrote")
except duckdb.Error as failure:
    assert "403" in str(failure) or "denied" in str(failure).lower(), failure
