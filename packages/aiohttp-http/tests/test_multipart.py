"""Multipart bodies: what is read from bytes, and written to them."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import os
import quopri
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from aiohttp._fields.disposition import content_disposition_header
from aiohttp._multipart.transfer_coding import QuotedPrintableDecoder, QuotedPrintableEncoder
from aiohttp.base_protocol import BaseProtocol
from aiohttp.compression_utils import ZLibDecompressor
from aiohttp.http_exceptions import BadMultipart
from aiohttp.multipart import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyPartReader,
    MultipartReader,
    MultipartResponseWrapper,
    MultipartWriter,
    content_disposition_filename,
    parse_content_disposition,
)
from aiohttp.payload import StringPayload, get_payload
from aiohttp.streams import StreamReader

HEADERS = {"Content-Type": "multipart/mixed; boundary=B"}
FORM = {"Content-Type": "multipart/form-data; boundary=B"}


def stream_of(data: bytes, step: int = 0) -> StreamReader:
    reader = StreamReader(BaseProtocol(cast(asyncio.AbstractEventLoop, None)), 2**16)
    for start in range(0, len(data), step or max(len(data), 1)):
        reader.feed_data(data[start : start + (step or len(data))])
    reader.feed_eof()
    return reader


class Trickle:
    """Gives its pieces one by one, whatever size is asked for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)

    async def read(self, n: int, /) -> bytes:
        return next((piece for piece in self._pieces if piece), b"")


Tree = list[Any]


async def tree_of(reader: MultipartReader, *, decode: bool = True) -> Tree:
    """Return the parts' data; a list stands for a multipart part."""
    tree: Tree = []
    async for part in reader:
        if isinstance(part, MultipartReader):
            tree.append(await tree_of(part))
        else:
            assert part is not None
            tree.append(await part.read(decode=decode))
    assert reader.at_eof()
    return tree


def read(data: bytes, headers: dict[str, str] = HEADERS, **options: Any) -> Tree:
    return asyncio.run(tree_of(MultipartReader(headers, stream_of(data), **options)))


NESTED = b"--B\r\nContent-Type: multipart/x; boundary=I\r\n\r\n%s\r\n--B\r\n\r\nout\r\n--B--"
QUOTED = b"--B\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s\r\n--B--"

# Bodies that are right, and their parts.
BODIES: list[tuple[str, bytes, Tree]] = [
    ("one part", b"--B\r\nA: b\r\n\r\nhello\r\n--B--\r\n", [b"hello"]),
    ("no end of line at the end", b"--B\r\n\r\nhello\r\n--B--", [b"hello"]),
    ("two parts", b"--B\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\n", [b"one", b"two"]),
    ("no part", b"--B--\r\n", []),
    ("an empty part", b"--B\r\nA: b\r\n\r\n\r\n--B--", [b""]),
    ("one line end for head and delimiter", b"--B\r\nA: b\r\n\r\n--B--", [b""]),
    ("preamble", b"hello\r\n\r\n--Bx\r\n--B\r\n\r\nx\r\n--B--", [b"x"]),
    ("preamble with a lone LF", b"hello\n--B\r\n\r\nx\r\n--B--", [b"x"]),
    ("an empty line of a lone LF", b"\n--B\r\n\r\nx\n--B\r\n--B--", [b"x\n--B"]),
    ("epilogue", b"--B\r\n\r\nx\r\n--B--\r\nbye\r\n--B\r\n\r\ny\r\n--B--", [b"x"]),
    ("padding", b"--B \t\r\n\r\nx\r\n--B  \r\n\r\ny\r\n--B-- \t\r\n", [b"x", b"y"]),
    ("line ends in the data", b"--B\r\n\r\n\r\n\r\n\n\r\r\n--B--", [b"\r\n\r\n\n\r"]),
    ("a line that begins so", b"--B\r\n\r\nx\r\n--Bx\r\ny\r\n--B--", [b"x\r\n--Bx\r\ny"]),
    ("a line that ends so", b"--B\r\n\r\nx--B\r\ny\r\n--B--", [b"x--B\r\ny"]),
    ("a line that nearly closes", b"--B\r\n\r\nx\r\n--B-\r\n--B--y\r\n--B--",
     [b"x\r\n--B-\r\n--B--y"]),
    ("half a delimiter", b"--B\r\n\r\n\r\n--\r\n\r\n-\r\n--B--", [b"\r\n--\r\n\r\n-"]),
    ("a folded field", b"--B\r\nA: b\r\n c\r\n\td\r\n\r\nx\r\n--B--", [b"x"]),
    ("bare line feeds in the head", b"--B\nA: b\n\nx\r\n--B--\n", [b"x"]),
    ("Content-Length", b"--B\r\nContent-Length: 9\r\n\r\nx\r\n--B\r\ny\r\n--B--",
     [b"x\r\n--B\r\ny"]),
    ("Content-Length 0", b"--B\r\nContent-Length: 0\r\n\r\n\r\n--B--", [b""]),
    ("nested", NESTED % b"--I\r\n\r\nin\r\n--I--", [[b"in"], b"out"]),
    ("nested, with text around", NESTED % b"hi\r\n--I\r\n\r\n1\r\n--I\r\n\r\n2\r\n--I--\r\nbye",
     [[b"1", b"2"], b"out"]),
    ("base64", b"--B\r\nContent-Transfer-Encoding: BASE64\r\n\r\naGVs\r\n bG8=\r\nAAAA\r\n--B--",
     [b"hello"]),
    ("quoted-printable", QUOTED % b"=41=\r\n=c3=A4 =zz=", [b"A\xc3\xa4 =zz"]),
    ("gzip", b"--B\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 99) + b"\r\n--B--",
     [b"x" * 99]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "tree"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_bodies(data: bytes, tree: Tree) -> None:
    assert read(data) == tree
    bytewise = Trickle(data[i : i + 1] for i in range(len(data)))
    assert asyncio.run(tree_of(MultipartReader(HEADERS, bytewise))) == tree
    for cut in range(1, len(data)):
        halves = MultipartReader(HEADERS, Trickle([data[:cut], data[cut:]]))
        assert asyncio.run(tree_of(halves)) == tree


class Interrupted(Trickle):
    """Has each of its readers cancelled once before it gives a piece."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data[i : i + 1] for i in range(len(data)))
        self._cancels = False

    async def read(self, n: int) -> bytes:
        self._cancels = not self._cancels
        if self._cancels:
            raise asyncio.CancelledError
        return await super().read(n)


async def until_done(call: Callable[[], Awaitable[Any]]) -> Any:
    while True:
        try:
            return await call()
        except asyncio.CancelledError:
            pass


async def tree_in_many_calls(reader: MultipartReader) -> Tree:
    tree: Tree = []
    while (part := await until_done(reader.next)) is not None:
        if isinstance(part, MultipartReader):
            tree.append(await tree_in_many_calls(part))
            continue
        blocks: list[bytes] = []
        while chunk := await until_done(part.read_chunk):
            blocks += [block async for block in part.decode_iter(chunk)]
        tree.append(b"".join(blocks))
    return tree


@pytest.mark.parametrize(("data", "tree"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
async def test_cancelled_calls_lose_nothing(data: bytes, tree: Tree) -> None:
    assert await tree_in_many_calls(MultipartReader(HEADERS, Interrupted(data))) == tree


# Bodies that are damaged, and what is said.
DAMAGE: list[tuple[bytes, str]] = [
    (b"", "Could not find starting boundary"),
    (b"junk\r\njunk", "Could not find starting boundary"),
    (b"--B", "inside the head"),
    (b"--B\r\nA: b\r\n", "inside the head"),
    (b"--B\r\n\r\nhello", "without its closing boundary"),
    (b"--B\r\n\r\nhello\r\n--B", "inside the head"),
    (b"--B\r\n\r\nhello\n--B--\n", "without its closing boundary"),
    (b"--B\r\nA b\r\n\r\nx\r\n--B--", "Invalid header"),
    (b"--B\r\nA : b\r\n\r\nx\r\n--B--", "Invalid header"),
    (b"--B\r\n a: b\r\n\r\nx\r\n--B--", "Invalid header"),
    (b"--B\r\nA: b\0\r\n\r\nx\r\n--B--", "Invalid header"),
    (b"--B\r\nA: b\rC: d\r\n\r\nx\r\n--B--", "Invalid header"),
    (b"--B\r\nA: " + b"x" * 9000 + b"\r\n\r\nx\r\n--B--", "more than 8190 bytes"),
    (b"--B\r\nA: b\r\n" + b" x" * 4000 + b"\r\n" + b" x" * 400 + b"\r\n\r\n", "more than 8190"),
    (b"--B\r\nA: " + b"x" * 99999, "more than 8190 bytes"),
    (b"--B\r\n" + b"A: b\r\n" * 129 + b"\r\nx\r\n--B--", "Too many headers"),
    (b"\r\n" * 40_000 + b"--B\r\n\r\nx\r\n--B--", "before the first boundary"),
    (b"--B\r\nContent-Length: 2\r\n\r\nxyz\r\n--B--", "it is malformed"),
    (b"--B\r\nContent-Length: 9\r\n\r\nxyz\r\n--B--", "it is malformed"),
    (b"--B\r\nContent-Length: 99\r\n\r\nxyz\r\n--B--", "promises 89 bytes more"),
    (b"--B\r\nContent-Length: +3\r\n\r\nxyz\r\n--B--", "invalid Content-Length"),
    (b"--B\r\nContent-Transfer-Encoding: rot13\r\n\r\nx\r\n--B--", "unknown content transfer"),
    (b"--B\r\nContent-Transfer-Encoding: base64\r\n\r\nabcde\r\n--B--", "inside a group"),
    (b"--B\r\nContent-Encoding: lzw\r\n\r\nx\r\n--B--", "unknown content encoding"),
    (b"--B\r\nContent-Encoding: gzip\r\n\r\nnonsense\r\n--B--", "Can not decode"),
    (b"--B\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x")[:-3] + b"\r\n--B--",
     "truncated"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), DAMAGE)
def test_damage(data: bytes, message: str) -> None:
    with pytest.raises(BadMultipart, match=message) as info:
        read(data)
    assert isinstance(info.value, ValueError)
    for cut in range(1, len(data), len(data) // 50 + 1):
        with pytest.raises(BadMultipart, match=message):
            halves = MultipartReader(HEADERS, Trickle([data[:cut], data[cut:]]))
            asyncio.run(tree_of(halves))


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("text/plain", "multipart/.* expected"),
        ("", "multipart/.* expected"),
        ("multipart/mixed", "boundary missed"),
        ("multipart/mixed; boundary=", "empty"),
        ("multipart/mixed; boundary=" + "a" * 71, "too long"),
        ('multipart/mixed; boundary="a\x01b"', "control character"),
    ],
)
def test_content_types(content_type: str, message: str) -> None:
    with pytest.raises(BadMultipart, match=message):
        MultipartReader({"Content-Type": content_type}, stream_of(b""))


BCHARS = "abcXYZ019'()+_,-./:=? "


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.text(BCHARS, min_size=1, max_size=70).filter(lambda b: b[-1] != " "),
    st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"\r", b"\r\n", b"--", b"\r\n-"]))),
    st.integers(1, 30),
)
def test_what_is_written_is_read(boundary: str, parts: list[bytes], step: int) -> None:
    delimiter = b"\r\n--" + boundary.encode()
    assume(not any(delimiter in b"\r\n" + part + b"\r\n--" for part in parts))
    writer = MultipartWriter("form-data", boundary=boundary)
    for part in parts:
        writer.append(part)
    data = asyncio.run(writer.as_bytes())
    assert writer.size == len(data)
    pieces = Trickle(data[i : i + step] for i in range(0, len(data), step))
    reader = MultipartReader({"Content-Type": writer.content_type}, pieces)
    assert asyncio.run(tree_of(reader)) == parts


CODINGS = ["base64", "quoted-printable", "gzip", "deflate", "br", "zstd"]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.sampled_from(CODINGS), st.binary(max_size=200), st.integers(1, 30), st.integers(1, 60))
def test_decoding_does_not_depend_on_how_it_is_cut(
    coding: str, data: bytes, step: int, size: int
) -> None:
    name = "Transfer-Encoding" if coding in CODINGS[:2] else "Encoding"
    writer = MultipartWriter("mixed", boundary="B")
    writer.append(data, {f"Content-{name}": coding})
    coded = asyncio.run(writer.as_bytes())
    assert writer.size is None

    async def decoded() -> bytes:
        pieces = Trickle(coded[i : i + step] for i in range(0, len(coded), step))
        part = await MultipartReader(HEADERS, pieces).next()
        assert isinstance(part, BodyPartReader)
        blocks = []
        while chunk := await part.read_chunk(size):
            blocks += [block async for block in part.decode_iter(chunk)]
        return b"".join(blocks)

    assert asyncio.run(decoded()) == data


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b"\t", b"=", b".", b"a" * 80])))
def test_quoted_printable_keeps_every_line_end(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    encoder, at_once = QuotedPrintableEncoder(), QuotedPrintableEncoder()
    decoder = QuotedPrintableDecoder()
    coded = b"".join([encoder.feed(piece) for piece in pieces]) + encoder.finish()
    assert coded == at_once.feed(data) + at_once.finish()
    assert decoder.feed(coded) + decoder.finish() == data
    # RFC 2045 §6.7: lines end in CRLF, have at most 76 characters, and no white space at the end.
    lines = coded.split(b"\r\n")
    assert all(len(line) <= 76 and not line.endswith((b" ", b"\t")) for line in lines)
    assert not any(b"\r" in line or b"\n" in line for line in lines)


@pytest.mark.parametrize("at", range(21))
def test_quoted_printable_may_be_cut_anywhere(at: int) -> None:
    decoder = QuotedPrintableDecoder()
    coded = b"=41b=3D=\r\n=zz=C3=A4 =\n"
    heard = decoder.feed(coded[:at]) + decoder.feed(coded[at:]) + decoder.finish()
    assert heard == b"Ab==zz\xc3\xa4 "


def test_quoted_printable_without_line_ends_is_not_kept() -> None:
    encoder, decoder = QuotedPrintableEncoder(), QuotedPrintableDecoder()
    sent = b""
    for n in range(50):
        coded = encoder.feed(b"\xff" * 1000 + b"\r")
        sent += decoder.feed(coded)
        assert all(len(line) <= 76 for line in coded.split(b"\r\n"))
        assert len(sent) > n * 1001 - 5000
    sent += decoder.feed(encoder.finish()) + decoder.finish()
    assert sent == (b"\xff" * 1000 + b"\r") * 50


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.sampled_from(["base64", "quoted-printable"]), st.binary(max_size=200), st.integers(8, 60))
def test_chunks_can_be_decoded_one_by_one(coding: str, data: bytes, size: int) -> None:
    coded = base64.encodebytes(data) if coding == "base64" else quopri.encodestring(data)
    body = b"--B\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n--B--" % (coding.encode(), coded)

    async def decoded() -> bytes:
        part = await MultipartReader(HEADERS, stream_of(body)).next()
        assert isinstance(part, BodyPartReader)
        blocks = []
        while chunk := await part.read_chunk(size):
            blocks.append(part.decode(chunk))
        return b"".join(blocks)

    assert asyncio.run(decoded()) == data


# Reading a part


def part_of(data: bytes, headers: dict[str, str] | None = None, **options: Any) -> BodyPartReader:
    fields = CIMultiDictProxy(CIMultiDict(headers or {}))
    return BodyPartReader(b"--B", fields, stream_of(data + b"\r\n--B--"), **options)


async def test_chunks() -> None:
    part = part_of(b"hello world")
    assert not part.at_eof()
    assert [await part.read_chunk(4) for _ in range(4)] == [b"hell", b"o wo", b"rld", b""]
    assert part.at_eof()
    assert await part.read() == b""
    assert await part.next() is None


async def test_a_large_part_is_given_to_its_decompressor_in_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = []
    decompress_sync = ZLibDecompressor.decompress_sync

    def noted(self: ZLibDecompressor, data: bytes, max_length: int = 0) -> bytes:
        # What it keeps of earlier calls is copied at each call.
        sizes.append(len(self._held) + len(data))
        return decompress_sync(self, data, max_length)

    monkeypatch.setattr(ZLibDecompressor, "decompress_sync", noted)
    data = os.urandom(3_000_000)
    coded = gzip.compress(data, 0)
    part = part_of(coded, {"Content-Encoding": "gzip"})
    assert await part.read(decode=True) == data
    assert part.decode(coded) == data
    assert max(sizes) <= 2**18


@pytest.mark.parametrize("cut", range(1, 100, 7))
async def test_a_truncated_coding_does_not_depend_on_how_it_is_cut(cut: int) -> None:
    head = b"--B\r\nContent-Encoding: gzip\r\n\r\n"
    data = head + gzip.compress(b"hello" * 99)[:-4] + b"\r\n--B--"
    part = await MultipartReader(HEADERS, Trickle([data[:cut], data[cut:]])).next()
    assert isinstance(part, BodyPartReader)
    with pytest.raises(BadMultipart, match="truncated"):
        while chunk := await part.read_chunk(10):
            _ = [block async for block in part.decode_iter(chunk)]


async def test_lines() -> None:
    part = part_of(b"one\ntwo\r\nthree")
    assert [await part.readline() for _ in range(4)] == [b"one\n", b"two\r\n", b"three", b""]


async def test_iterating_over_a_part() -> None:
    assert [block async for block in part_of(b"data")] == [b"data"]


async def test_text() -> None:
    assert await part_of(b"h\xc3\xa9").text() == "h\xe9"
    assert await part_of(b"h\xe9").text(encoding="latin-1") == "h\xe9"
    assert await part_of(b"\xc1", default_charset="koi8-r").text() == "а"
    typed = {"Content-Type": "text/plain; charset=latin-1"}
    assert await part_of(b"h\xe9", typed).text() == "h\xe9"
    for charset in ("utf-8", "no-such-charset"):
        typed = {"Content-Type": f"text/plain; charset={charset}"}
        with pytest.raises(BadMultipart, match="cannot be decoded"):
            await part_of(b"\xff", typed).text()


async def test_json_and_form() -> None:
    assert await part_of(b'{"a": 1}').json() == {"a": 1}
    assert await part_of(b"").json() is None
    assert await part_of(b"a=b&c=%20d&e=\r\n").form() == [("a", "b"), ("c", " d"), ("e", "")]


async def test_size_limits() -> None:
    class TooBig(Exception):
        pass

    options: dict[str, Any] = {"client_max_size": 10, "max_size_error_cls": TooBig}
    assert await part_of(b"x" * 10, **options).read() == b"x" * 10
    for read_part in (BodyPartReader.read, BodyPartReader.readline, BodyPartReader.text):
        with pytest.raises(TooBig, match="10"):
            await read_part(part_of(b"x" * 11, **options))
    bomb = {"Content-Encoding": "gzip"}
    with pytest.raises(TooBig):
        options["client_max_size"] = 200
        await part_of(gzip.compress(bytes(10_000)), bomb, **options).read(decode=True)
    with pytest.raises(TooBig):
        part_of(b"", bomb, **options).decode(gzip.compress(bytes(10_000)))


async def test_a_bomb_comes_in_bounded_pieces() -> None:
    part = part_of(gzip.compress(bytes(1_000_000)), {"Content-Encoding": "gzip"},
                   max_decompress_size=1000)  # fmt: skip
    sizes = []
    while chunk := await part.read_chunk():
        sizes += [len(block) async for block in part.decode_iter(chunk)]
    assert max(sizes) <= 1000
    assert sum(sizes) == 1_000_000


async def test_codings_mean_nothing_in_a_form() -> None:
    headers = {"Content-Encoding": "gzip", "Content-Length": "2"}
    assert await part_of(b"plain", headers, subtype="form-data").read(decode=True) == b"plain"


async def test_a_big_part_takes_constant_memory() -> None:
    block = b"x" * 100_000
    size = 500

    def pieces() -> Iterable[bytes]:
        yield b"--B\r\n\r\n"
        for _ in range(size):
            yield block
        yield b"\r\n--B--"

    reader = MultipartReader(HEADERS, Trickle(pieces()))
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    got = 0
    while chunk := await part.read_chunk(2**16):
        got += len(chunk)
        assert len(reader._source.data) <= len(block) + 100
    assert got == size * len(block)


async def test_skipping_parts() -> None:
    reader = MultipartReader(HEADERS, stream_of(b"--B\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--"))
    first = await reader.next()
    second = await reader.next()
    assert isinstance(first, BodyPartReader) and isinstance(second, BodyPartReader)
    assert first.at_eof()
    assert await second.read() == b"two"
    assert await reader.next() is None
    assert await reader.next() is None


async def test_releasing() -> None:
    reader = MultipartReader(HEADERS, stream_of(BODIES[-5][1]))
    await reader.release()
    assert reader.at_eof()


async def test_the_charset_of_a_form() -> None:
    field = b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    form = field % (b"_charset_", b"koi8-r") + field % (b"a", b"\xc1") + b"--B--"
    reader = MultipartReader(FORM, stream_of(form))
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    assert part.name == "a"
    assert await part.text() == "а"
    for charset in (b"x" * 32, b"\xff"):
        form = field % (b"_charset_", charset) + b"--B--"
        with pytest.raises(BadMultipart, match="Invalid default charset"):
            await MultipartReader(FORM, stream_of(form)).next()


async def test_responses_are_released_at_the_end() -> None:
    released = []

    class Response:
        headers = HEADERS
        content = stream_of(BODIES[0][1])

        async def release(self) -> None:
            released.append(self)

    wrapper = MultipartReader.from_response(cast(Any, Response()))
    assert isinstance(wrapper, MultipartResponseWrapper)
    parts = [part async for part in wrapper]
    assert len(parts) == 1
    assert len(released) == 1


# Names

DISPOSITIONS = [
    # What Chrome and Firefox send for names with a backslash and a quote.
    (r'form-data; name="a"; filename="C:\dir\f.txt"', r"C:\dir\f.txt"),
    (r'form-data; name="a"; filename="a\b.txt"', r"a\b.txt"),
    (r'form-data; name="a"; filename="ends\"', "ends\\"),
    (r'form-data; name="a"; filename="a%22b.txt"', "a%22b.txt"),
    (r'form-data; name="a"; filename="a\"b.txt"', 'a"b.txt'),
    (r'form-data; name="a"; filename="a"b.txt"', 'a"b.txt'),
    (r'form-data; filename="x\"; name="a"', "x\\"),
    ('form-data; name="a"; filename="\u20ac.txt"', "\u20ac.txt"),
    ('form-data; name="a"; filename="b"; filename*=UTF-8\'\'%e2%82%ac', "\u20ac"),
    ("attachment; name=a; filename*0=\"x\"; filename*1*=%41; filename*2=y", "xAy"),
    ("attachment; name=a; filename*0*=latin-1''%e9; filename*1=.txt", "\xe9.txt"),
    ('form-data; name="a";', None),
    (r'attachment; name=a; filename="f\oo"', "foo"),
    ('attachment; name=a; filename="/etc/passwd"', "etc/passwd"),
    ("attachment; name=a; filename=a.txt;", "a.txt"),
    ('attachment; name=a; filename="a b.txt";', "a b.txt"),
    ("attachment; name=a; filename*=UTF-8''a%20b.txt;", "a b.txt"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["first name", "a\tb", " a ", 'a"b', r"a\b", "ä ö", "it's;=,"])
@pytest.mark.parametrize("quote_fields", [True, False])
def test_a_fields_name_comes_back(name: str, quote_fields: bool) -> None:
    sent = content_disposition_header("form-data", quote_fields=quote_fields, name=name)
    assert part_of(b"", {"Content-Disposition": sent}).name == name


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.sampled_from(["attachment", "inline", "form-data"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_dispositions_round_trip(disptype: str, value: str) -> None:
    sent = content_disposition_header(disptype, name=value)
    received, params = parse_content_disposition(sent)
    assert received == disptype
    assert content_disposition_filename(params, "name") == value


@pytest.mark.parametrize(("header", "filename"), DISPOSITIONS)
def test_names(header: str, filename: str | None) -> None:
    part = part_of(b"", {"Content-Disposition": header})
    assert (part.name, part.filename) == ("a", filename)
    _, params = parse_content_disposition(header)
    assert content_disposition_filename(params) == filename


def test_a_part_without_a_name() -> None:
    for headers in ({}, {"Content-Disposition": "form-data"}, {"Content-Disposition": "=;"}):
        part = part_of(b"", headers)
        assert (part.name, part.filename) == (None, None)


@pytest.mark.parametrize(
    ("header", "category"),
    [
        ("attachment; filename=a b", BadContentDispositionHeader),
        ("attachment; filename=a; filename=b", BadContentDispositionHeader),
        ('"attachment"', BadContentDispositionHeader),
        ("attachment; filename*=utf-8''%ff", BadContentDispositionParam),
        ("attachment; filename*=nope''%41", BadContentDispositionParam),
        ("attachment; filename*0=a b", BadContentDispositionParam),
    ],
)
def test_bad_dispositions_warn(header: str, category: type[Warning]) -> None:
    with pytest.warns(category):
        _, params = parse_content_disposition(header)
    assert params == {}


# Writing


def writer_of(*values: Any, **options: Any) -> MultipartWriter:
    writer = MultipartWriter(boundary="B", **options)
    for value in values:
        writer.append(value)
    return writer


class Sink:
    def __init__(self) -> None:
        self.data = b""

    async def write(self, chunk: Any) -> None:
        self.data += chunk


async def written(writer: MultipartWriter, **options: Any) -> bytes:
    sink: Any = Sink()
    await writer.write(sink, **options)
    return cast(bytes, sink.data)


async def test_writing() -> None:
    writer = writer_of("a", b"bc", io.BytesIO(b"def"))
    expected = (
        b"--B\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 1\r\n\r\na\r\n"
        b"--B\r\nContent-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\nbc\r\n"
        b"--B\r\nContent-Type: application/octet-stream\r\nContent-Length: 3\r\n\r\ndef\r\n"
        b"--B--\r\n"
    )
    for _ in range(2):
        assert await written(writer) == expected
    assert await writer.as_bytes() == expected
    assert writer.decode() == expected.decode()
    assert writer.size == len(expected)
    assert await written(writer, close_boundary=False) == expected.removesuffix(b"--B--\r\n")
    assert len(writer) == 3
    assert bool(MultipartWriter())
    assert next(payload for payload, _, _ in writer).size == 1


async def test_writing_no_parts() -> None:
    assert await written(writer_of()) == b"--B--\r\n"
    assert writer_of().size == 7


async def test_nested_writers() -> None:
    inner = MultipartWriter("x", boundary="I")
    inner.append("in")
    outer = writer_of(inner, "out")
    data = await written(outer)
    assert outer.size == len(data)
    assert await tree_of(MultipartReader(HEADERS, stream_of(data))) == [[b"in"], b"out"]


async def test_forms() -> None:
    writer = writer_of(subtype="form-data")
    writer.append("x")
    payload = writer.append("y")
    payload.set_content_disposition("form-data", name="f\xe9ld")
    reader = MultipartReader(FORM, stream_of(await written(writer)))
    parts = [cast(BodyPartReader, part) async for part in reader]
    assert [part.name for part in parts] == ["section-0", "f\xe9ld"]
    with pytest.raises(ValueError, match="has no Content-Transfer-Encoding"):
        writer.append("x", {"Content-Transfer-Encoding": "base64"})


async def test_json_and_form_parts() -> None:
    writer = writer_of()
    writer.append_json({"a": 1})
    writer.append_form({"b": "c d"})
    writer.append_form([("e", "f")], {"X": "y"})
    types = [payload.content_type for payload, _, _ in writer]
    assert types == ["application/json"] + ["application/x-www-form-urlencoded"] * 2
    assert await tree_of(MultipartReader(HEADERS, stream_of(await written(writer)))) == [
        b'{"a": 1}', b"b=c+d", b"e=f",
    ]  # fmt: skip


def test_values_and_codings_that_cannot_be_written() -> None:
    writer = writer_of()
    for value in (None, 1, object()):
        with pytest.raises(TypeError, match="Cannot create payload"):
            writer.append(value)
    with pytest.raises(RuntimeError, match="unknown content encoding"):
        writer.append("x", {"Content-Encoding": "lzw"})
    with pytest.raises(RuntimeError, match="unknown content transfer encoding"):
        writer.append("x", {"Content-Transfer-Encoding": "rot13"})
    assert len(writer) == 0


@pytest.mark.parametrize("boundary", ["\xe9", "a\0b", "a\nb", "", "x" * 71])
def test_boundaries_that_cannot_be_written(boundary: str) -> None:
    with pytest.raises(ValueError, match="boundary"):
        MultipartWriter(boundary=boundary)


def test_boundaries_are_quoted_where_they_must_be() -> None:
    assert MultipartWriter(boundary="abc").content_type == "multipart/mixed; boundary=abc"
    assert MultipartWriter(boundary='a:"b').content_type == r'multipart/mixed; boundary="a:\"b"'
    assert len(MultipartWriter().boundary) == 32


async def test_closing_closes_all_parts(caplog: pytest.LogCaptureFixture) -> None:
    closed: list[str] = []

    class Part(StringPayload):
        async def close(self) -> None:
            closed.append(self.decode())
            if self.decode() == "bad":
                raise OSError

    with writer_of() as writer:
        for text in ("bad", "good"):
            writer.append_payload(Part(text))
    await writer.close()
    await writer.close()
    assert closed == ["bad", "good"]
    assert "Failed to close" in caplog.text


async def test_consumed_as_its_parts() -> None:
    async def once() -> Any:
        yield b"x"

    writer = writer_of("a", once())
    assert not writer.consumed
    assert writer.size is None
    await written(writer)
    assert writer.consumed


async def test_a_received_part_is_sent_on() -> None:
    part = part_of(base64.b64encode(b"data" * 100), {
        "Content-Transfer-Encoding": "base64",
        "Content-Disposition": 'form-data; name="n"; filename="f.txt"',
    })  # fmt: skip
    payload = get_payload(part)
    assert payload.headers["Content-Disposition"] == 'attachment; name="n"; filename="f.txt"'
    sink: Any = Sink()
    await payload.write(sink)
    assert sink.data == b"data" * 100
    assert payload.consumed
    with pytest.raises(TypeError):
        payload.decode()
