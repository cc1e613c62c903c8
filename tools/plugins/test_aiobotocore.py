"""aiobotocore: an S3 client, against a server that answers as S3 does."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from aiohttp import web

aiobotocore = pytest.importorskip("aiobotocore.session")


def storage() -> web.Application:
    """Return the few operations of S3 that the test makes, over a dict."""
    objects: dict[str, bytes] = {}

    def found(request: web.Request) -> bytes:
        try:
            return objects[request.path]
        except KeyError:
            text = "<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>"
            raise web.HTTPNotFound(text=text, content_type="application/xml") from None

    async def put(request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("Content-Encoding") == "aws-chunked":
            body = dechunked(body)
        objects[request.path] = body
        return web.Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})

    async def get(request: web.Request) -> web.Response:
        return web.Response(body=found(request), headers={"ETag": '"1"'})

    async def remove(request: web.Request) -> web.Response:
        objects.pop(request.path, None)
        return web.Response(status=204)

    async def listing(request: web.Request) -> web.Response:
        keys = (path.rpartition("/")[2] for path in sorted(objects))
        rows = "".join(f"<Contents><Key>{key}</Key><Size>1</Size></Contents>" for key in keys)
        return web.Response(
            text=f"<ListBucketResult><Name>b</Name>{rows}</ListBucketResult>",
            content_type="application/xml",
        )

    app = web.Application()
    app.router.add_get("/bucket", listing)
    app.router.add_put("/bucket/{key}", put)
    app.router.add_get("/bucket/{key}", get)
    app.router.add_delete("/bucket/{key}", remove)
    return app


def dechunked(body: bytes) -> bytes:
    """Undo S3's own chunked framing, which lies inside HTTP's."""
    parts = []
    while body:
        line, _, rest = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        parts.append(rest[:size])
        body = rest[size + 2 :]
    return b"".join(parts)


async def test_objects_are_put_read_listed_and_removed(serve: Any) -> None:
    server = await serve(storage())
    session = aiobotocore.get_session()
    async with session.create_client(
        "s3",
        region_name="eu-central-1",
        endpoint_url=str(server.make_url("")).rstrip("/"),
        aws_access_key_id="a",
        aws_secret_access_key="b",
    ) as s3:
        body = bytes(range(256)) * 1000
        put = await s3.put_object(Bucket="bucket", Key="one", Body=body)
        assert put["ResponseMetadata"]["HTTPStatusCode"] == 200
        got = await s3.get_object(Bucket="bucket", Key="one")
        async with got["Body"] as stream:
            assert await stream.read() == body
        again = await s3.get_object(Bucket="bucket", Key="one")
        assert b"".join([chunk async for chunk in again["Body"].iter_chunks(5000)]) == body
        listed = await s3.list_objects_v2(Bucket="bucket")
        assert [entry["Key"] for entry in listed["Contents"]] == ["one"]
        head = await s3.head_object(Bucket="bucket", Key="one")
        assert head["ContentLength"] == len(body)
        await s3.delete_object(Bucket="bucket", Key="one")
        with pytest.raises(s3.exceptions.NoSuchKey):
            await s3.get_object(Bucket="bucket", Key="one")
