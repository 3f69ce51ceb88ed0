#!/usr/bin/env python3
"""Writes signed.tsv: requests as botocore signs and sends them, for a fixed key and a fixed time.

A line is a name, the method, the request line's target and then one `Name: value` for each field.
Needs boto3. Run it in this folder; the same botocore writes the same file.
"""

import datetime
import urllib.parse

import boto3
import botocore.auth
import botocore.exceptions
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.client import Config
from botocore.credentials import Credentials

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ENDPOINT = "http://127.0.0.1:9000"
TIME = datetime.datetime(2013, 5, 24)
# Neither signed nor the same twice.
LEFT_OUT = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request"}

botocore.auth.get_current_datetime = lambda remove_tzinfo=True: TIME

KEYS = {
    "plain": "public/j8pu0y010_drz.fits",
    "space": "a b/c  d.txt",
    "plus": "a+b/c++.txt",
    "percent": "100%/%41%2F%.txt",
    "unicode": "M\u00fcnchen/\u661f\u7cfb/\U0001f52d.fits",
    "decomposed": "Mu\u0308nchen.fits",
    "slashes": "a//b///c/",
    "leading slash": "/a",
    "tilde": "~user/a~b",
    "dots": "./a/../b/.",
    "marks": "!*'()=&:@$,;?#[]",
    "quotes": "\"<>\\^`{|}",
    "controls": "a\x01\x7f\tb",
    "newline": "a\nb\rc",
    "long": "k" * 1024,
}

PREFIXES = {
    "none": {},
    "empty": {"Prefix": "", "Delimiter": ""},
    "odd": {"Prefix": "a b+c%2F\u661f~*'()/", "Delimiter": "//", "MaxKeys": 7},
    "token": {"ContinuationToken": "1/a+b==&x", "StartAfter": "k=v&w", "FetchOwner": True},
    "url": {"EncodingType": "url", "Prefix": "/"},
}

lines = []


def write(name, method, url, headers):
    parts = urllib.parse.urlsplit(url)
    target = parts.path + ("?" + parts.query if parts.query else "")
    fields = [("Host", parts.netloc)]
    for field, value in headers:
        if isinstance(value, bytes):
            value = value.decode("utf-8")
        if field.lower() not in LEFT_OUT:
            fields.append((field, value))
    line = [name, method, target] + [f"{field}: {value}" for field, value in fields]
    assert not any("\t" in part or "\n" in part for part in line), name
    lines.append("\t".join(line))


def client(style):
    made = boto3.client(
        "s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1",
        endpoint_url=ENDPOINT if style == "path" else "http://s3.example.org:9000",
        config=Config(signature_version="s3v4", s3={"addressing_style": style}))

    def capture(request, **_):
        write(made.case_name, request.method, request.url, request.headers.items())
        return AWSResponse(request.url, 404, {}, None)

    made.meta.events.register("before-send.s3", capture)
    return made


# There is no body to read.
AWSResponse.content = property(lambda self: b"")


def call(made, name, operation, **parameters):
    made.case_name = name
    try:
        getattr(made, operation)(**parameters)
    except botocore.exceptions.ClientError:
        pass


for style in ["path", "virtual"]:
    made = client(style)
    call(made, f"{style} list buckets", "list_buckets")
    for label, key in KEYS.items():
        call(made, f"{style} get {label}", "get_object", Bucket="hst", Key=key, Range="bytes=0-9")
        call(made, f"{style} head {label}", "head_object", Bucket="hst", Key=key)
        url = made.generate_presigned_url(
            "get_object", ExpiresIn=604800,
            Params={
                "Bucket": "hst", "Key": key,
                "ResponseContentDisposition": "attachment; filename=\"a b+c.fits\"",
            })
        write(f"{style} presigned {label}", "GET", url, [])
    for label, parameters in PREFIXES.items():
        call(made, f"{style} list {label}", "list_objects_v2", Bucket="hst", **parameters)
    call(made, f"{style} versions", "list_object_versions", Bucket="hst", Prefix="a b")
    call(made, f"{style} location", "get_bucket_location", Bucket="hst")
    call(
        made, f"{style} conditions", "get_object", Bucket="hst", Key="k", IfNoneMatch="\"a,  b\"",
        IfModifiedSince=TIME, ChecksumMode="ENABLED", PartNumber=1, ResponseExpires=TIME)

# What clients of botocore's never send, signed by its signer.
QUERIES = {
    "duplicates": "a=2&a=1&a=&a&A=3&b=1",
    "order of names": "k=1&k-x=2&k.y=3&k0=4&k~=5&K=6&%C3%BC=7&_=8",
    "equals in values": "a=b%3Dc&d=%3D%3D",
    "all bytes": "x=" + urllib.parse.quote(bytes(range(1, 128)), safe=""),
    "many": "&".join(f"p{n}={n * 7919 % 101}" for n in range(200)),
}


def sign(name, url, headers):
    request = AWSRequest(method="GET", url=ENDPOINT + url, headers=headers)
    signer = botocore.auth.S3SigV4Auth(Credentials(KEY, SECRET), "s3", "us-east-1")
    signer.add_auth(request)
    write(name, "GET", request.url, request.headers.items())


for label, query in QUERIES.items():
    sign(f"query {label}", "/hst/?" + query, {})
sign("header spaces", "/hst/k", {"x-amz-meta-a": "  a   b  c ", "x-amz-meta-b": ""})
sign("header case", "/hst/k", {"X-AMZ-Meta-Upper": "Value", "x-Amz-meta-Mixed": "M\u00fc"})
sign("header many", "/hst/k", {f"x-amz-meta-{n}": f"v {n}" for n in range(100)})
sign("header date", "/hst/k", {"Date": "is replaced"})
sign("header others", "/hst/k", {"Accept": "*/*,  a", "Content-Type": "text/plain; a=\"b  c\""})

with open("signed.tsv", "w", encoding="utf-8", newline="\n") as file:
    file.write("\n".join(lines) + "\n")
