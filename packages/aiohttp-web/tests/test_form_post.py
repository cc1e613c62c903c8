"""Form bodies: bounds while reading, and temporary files that go away."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from aiohttp import MultipartReader, StreamReader
from aiohttp._web import form_post
from aiohttp._web.form_post import FileField, FormLimits, parse_urlencoded, read_multipart
from aiohttp.base_protocol import BaseProtocol


class TooLarge(Exception):
    pass


class TooMany(Exception):
    pass


def limits(max_size: int = 0, max_fields: int = 0) -> FormLimits:
    return FormLimits(max_size, max_fields, TooLarge, TooMany)


UNLIMITED = limits()


def reader_of(body: bytes) -> MultipartReader:
    stream = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16)
    stream.feed_data(body)
    stream.feed_eof()
    headers = CIMultiDict({"Content-Type": "multipart/form-data; boundary=b"})
    return MultipartReader(CIMultiDictProxy(headers), stream)


def file_part(data: bytes) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    return head + data + b"\r\n"


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
    )
)
@settings(derandomize=True, max_examples=100, deadline=None)
def test_what_urlencode_writes_is_read(pairs: list[tuple[str, str]]) -> None:
    form = parse_urlencoded(urlencode(pairs).encode(), "utf-8", UNLIMITED)
    assert list(form.items()) == pairs


def test_fields_are_counted_before_they_are_made() -> None:
    with pytest.raises(TooMany):
        parse_urlencoded(b"&" * 10**6, "utf-8", limits(max_fields=1000))


async def test_a_large_file_goes_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_post, "SPOOL_SIZE", 100)
    form = await read_multipart(reader_of(file_part(b"x" * 500) + b"--b--\r\n"), "utf-8", UNLIMITED)
    field = form["f"]
    assert isinstance(field, FileField)
    assert getattr(field.file, "_rolled")  # noqa: B009 - what the standard library calls it
    assert field.file.read() == b"x" * 500
    form_post.close_files(form)
    assert field.file.closed


async def test_files_of_a_form_that_fails_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    spooled = tempfile.SpooledTemporaryFile

    def remember(*args: Any) -> Any:
        made.append(spooled(*args))
        return made[-1]

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", remember)
    cut_short = file_part(b"one") + file_part(b"two")[:-3]
    with pytest.raises(ValueError):
        await read_multipart(reader_of(cut_short), "utf-8", UNLIMITED)
    with pytest.raises(TooLarge):
        await read_multipart(reader_of(file_part(b"x") * 2 + b"--b--\r\n"), "utf-8", limits(1))
    assert len(made) == 4
    assert all(file.closed for file in made)
