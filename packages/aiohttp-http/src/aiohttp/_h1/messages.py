"""The head of a message as a value: what was in the start line and the fields, and what they mean.

This source is built twice: as it stands, and compiled (``messages_c``).  It knows no parser and no
I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from multidict import CIMultiDictProxy
from yarl import URL

from aiohttp._h1.kinds import HttpVersion, HttpVersion10, HttpVersion11
from aiohttp._h1.target import target_url

__all__ = (
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "RawRequestMessage",
    "RawResponseMessage",
)


def split_section(section: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Byte pairs of a field section that was checked before: lines end in CRLF, none is folded."""
    pairs = []
    for line in section.split(b"\r\n"):
        if line:
            name, _, value = line.partition(b":")
            pairs.append((name, value.strip(b" \t")))
    return tuple(pairs)


class RawMessage:
    """What both kinds of message share: they compare, show and unpack like a named tuple."""

    __slots__ = ()

    # The names of the values, in the order of the constructor.
    _fields = ()  # type: tuple[str, ...]

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, name) for name in self._fields])

    def __len__(self) -> int:
        return len(self._fields)

    def __getitem__(self, index: Any) -> Any:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RawMessage):
            return NotImplemented
        return self._fields == other._fields and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        values = ", ".join([f"{name}={getattr(self, name)!r}" for name in self._fields])
        return f"<{type(self).__name__}({values})>"

    def _asdict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._fields}

    def _replace(self, **changes: Any) -> Any:
        """A copy with some fields changed."""
        values = self._asdict()
        unknown = changes.keys() - values.keys()
        if unknown:
            raise ValueError(f"Got unexpected field names: {sorted(unknown)}")
        return type(self)(**{**values, **changes})


class RawRequestMessage(RawMessage):
    """The head of a request.

    Args:
        method: token, in the case in which it came.
        path: the request target as it came (RFC 9112 §3.2).
        version: protocol version.
        headers: fields, decoded as UTF-8 with ``surrogateescape``.
        raw_headers: names and values as they came; or the field section in bytes, from which they
            are taken when somebody asks.
        should_close: whether the connection ends after this message.
        compression: content coding that can be undone ("gzip", "deflate", "br", "zstd"), or None.
        upgrade: whether another protocol is asked for.
        chunked: whether the body comes in chunks.
        url: the target as a URL; None builds it when somebody asks.
    """

    __slots__ = (
        "_raw_headers",
        "_url",
        "chunked",
        "compression",
        "headers",
        "method",
        "path",
        "should_close",
        "upgrade",
        "version",
    )

    _fields = (
        "method",
        "path",
        "version",
        "headers",
        "raw_headers",
        "should_close",
        "compression",
        "upgrade",
        "chunked",
        "url",
    )

    def __init__(
        self,
        method: str,
        path: str,
        version: HttpVersion,
        headers: CIMultiDictProxy[str],
        raw_headers: tuple[tuple[bytes, bytes], ...] | bytes,
        should_close: bool,
        compression: str | None,
        upgrade: bool,
        chunked: bool,
        url: URL | None,
    ) -> None:
        self.method = method
        self.path = path
        self.version = version
        self.headers = headers
        self._raw_headers = raw_headers
        self.should_close = should_close
        self.compression = compression
        self.upgrade = upgrade
        self.chunked = chunked
        self._url = url

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        if isinstance(self._raw_headers, bytes):
            self._raw_headers = split_section(self._raw_headers)
        return self._raw_headers

    @property
    def url(self) -> URL:
        if self._url is None:
            self._url = target_url(self.method, self.path)
        return self._url


class RawResponseMessage(RawMessage):
    """The head of a response; the fields mean what they mean in `RawRequestMessage`.

    Args:
        code: status code, 100–999.
        reason: reason phrase, empty when there is none.
    """

    __slots__ = (
        "_raw_headers",
        "chunked",
        "code",
        "compression",
        "headers",
        "reason",
        "should_close",
        "upgrade",
        "version",
    )

    _fields = (
        "version",
        "code",
        "reason",
        "headers",
        "raw_headers",
        "should_close",
        "compression",
        "upgrade",
        "chunked",
    )

    def __init__(
        self,
        version: HttpVersion,
        code: int,
        reason: str,
        headers: CIMultiDictProxy[str],
        raw_headers: tuple[tuple[bytes, bytes], ...] | bytes,
        should_close: bool,
        compression: str | None,
        upgrade: bool,
        chunked: bool,
    ) -> None:
        self.version = version
        self.code = code
        self.reason = reason
        self.headers = headers
        self._raw_headers = raw_headers
        self.should_close = should_close
        self.compression = compression
        self.upgrade = upgrade
        self.chunked = chunked

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        if isinstance(self._raw_headers, bytes):
            self._raw_headers = split_section(self._raw_headers)
        return self._raw_headers
