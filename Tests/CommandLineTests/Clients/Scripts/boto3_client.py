"""boto3: lists, reads, ranges, conditions, presigned URLs, transfers; writes are refused."""

import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.client import Config
from botocore.exceptions import ClientError

from common import *


def client(**config):
    return boto3.client(
        "s3", endpoint_url=ENDPOINT, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        region_name="us-east-1", config=Config(**config))


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as failure:
        return (failure.response["Error"]["Code"],
                failure.response["ResponseMetadata"]["HTTPStatusCode"])
    return None


s3 = client()
assert BUCKET in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
for name in ("list_objects", "list_objects_v2", "list_object_versions"):
    pages = s3.get_paginator(name).paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 3})
    listed = [item for page in pages
              for item in page.get("Versions" if name.endswith("versions") else "Contents", [])]
    assert [item["Key"] for item in listed] == KEYS, name
groups = s3.list_objects_v2(Bucket=BUCKET, Delimiter="/").get("CommonPrefixes", [])
assert [group["Prefix"] for group in groups] == TOP
for item in listed:
    key, data = item["Key"], content(item["Key"])
    got = s3.get_object(Bucket=BUCKET, Key=key)
    assert got["Body"].read() == data
    assert (got["ETag"], got["LastModified"]) == (item["ETag"], item["LastModified"])
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == len(data)
data = content(FITS)
tag = s3.head_object(Bucket=BUCKET, Key=FITS)["ETag"]
assert s3.get_object(Bucket=BUCKET, Key=FITS, Range="bytes=80-159")["Body"].read() == data[80:160]
assert s3.get_object(Bucket=BUCKET, Key=FITS, Range="bytes=-10")["Body"].read() == data[-10:]
assert code(s3.get_object, Bucket=BUCKET, Key=FITS, Range=f"bytes={len(data)}-") == ("InvalidRange", 416)
assert code(s3.get_object, Bucket=BUCKET, Key=FITS, IfNoneMatch=tag) == ("304", 304)
assert code(s3.get_object, Bucket=BUCKET, Key=FITS, IfMatch='"x"') == ("PreconditionFailed", 412)
assert s3.get_object_attributes(
    Bucket=BUCKET, Key=FITS, ObjectAttributes=["ObjectSize"])["ObjectSize"] == len(data)
assert s3.get_object_tagging(Bucket=BUCKET, Key=FITS)["TagSet"] == []
assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
s3.download_file(BUCKET, FITS, str(SCRATCH / "downloaded"))
assert (SCRATCH / "downloaded").read_bytes() == data
url = client(signature_version="s3v4").generate_presigned_url(
    "get_object", Params={"Bucket": BUCKET, "Key": FITS, "ResponseContentType": "image/fits"},
    ExpiresIn=60)
with urllib.request.urlopen(url) as answer:
    assert answer.read() == data and answer.headers["content-type"] == "image/fits"
anyone = boto3.client(
    "s3", endpoint_url=ENDPOINT, region_name="us-east-1", config=Config(signature_version=UNSIGNED))
assert anyone.get_object(Bucket=BUCKET, Key=FITS)["Body"].read() == data
assert code(anyone.get_object, Bucket=BUCKET, Key=FITS, ResponseContentType="x/y") == ("InvalidRequest", 400)
# The region is found out.
elsewhere = boto3.client("s3", endpoint_url=ENDPOINT, aws_access_key_id=KEY,
                         aws_secret_access_key=SECRET, region_name="eu-central-1")
assert elsewhere.list_objects_v2(Bucket=BUCKET)["KeyCount"] == len(KEYS)
wrong = boto3.client("s3", endpoint_url=ENDPOINT, aws_access_key_id=KEY,
                     aws_secret_access_key="wrong", region_name="us-east-1")
assert code(wrong.list_buckets) == ("SignatureDoesNotMatch", 403)
assert code(s3.get_object, Bucket=BUCKET, Key="no/such") == ("NoSuchKey", 404)
assert code(s3.list_objects_v2, Bucket="no-such-bucket") == ("NoSuchBucket", 404)
big = b"x" * 9_000_000
for denied in (
    code(s3.put_object, Bucket=BUCKET, Key="new", Body=b"x"),
    code(s3.put_object, Bucket=BUCKET, Key="new", Body=big),
    code(s3.delete_object, Bucket=BUCKET, Key=FITS),
    code(s3.delete_objects, Bucket=BUCKET, Delete={"Objects": [{"Key": FITS}]}),
    code(s3.create_bucket, Bucket="new-bucket"),
    code(s3.create_multipart_upload, Bucket=BUCKET, Key="new"),
    code(s3.copy_object, Bucket=BUCKET, Key="new", CopySource=f"{BUCKET}/{FITS}"),
    code(s3.put_object_tagging, Bucket=BUCKET, Key=FITS, Tagging={"TagSet": []}),
):
    assert denied == ("AccessDenied", 403), denied
