"""What a parser tells, as lines that a test can compare: shared by the tests of the wire."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp._h1 import parser as parser_py
from aiohttp._h1.build import COMPILED
from aiohttp._h1.limits import Limits

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    from aiohttp.http_exceptions import HttpProcessingError


class Parser(Protocol):
    """What the tests use of a parser."""

    paused: bool

    def feed(self, data: bytes) -> None: ...
    def feed_eof(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def detach(self) -> bytes: ...
    @property
    def pending(self) -> int: ...
    @property
    def in_body(self) -> bool: ...
    @property
    def in_head(self) -> bool: ...


def builds() -> dict[str, Any]:
    """The modules that have the parsers, by name of the build."""
    found: dict[str, Any] = {"py": parser_py}
    if COMPILED:
        found["c"] = importlib.import_module("aiohttp._h1.parser_c")
    return found


BUILDS = builds()


@dataclass
class Recorder:
    """A sink that notes what it hears; pieces of a body are joined."""

    with_fields: bool = False
    events: list[str] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    error: HttpProcessingError | None = None
    # Set when a message asked for an upgrade.
    upgrade: bool = False

    def on_head(self, message: Any, framing: Any) -> None:
        self.messages.append(message)
        self.upgrade = framing.upgrade
        version = f"{message.version.major}.{message.version.minor}"
        start = (
            f"{message.method} {message.path}"
            if hasattr(message, "method")
            else f"{message.code} {message.reason}"
        )
        words = [framing.kind.value.replace(" ", "-")]
        if framing.length:
            words.append(str(framing.length))
        words.append("keep-alive" if framing.keep_alive else "close")
        if framing.upgrade:
            words.append("upgrade")
        if framing.expect_continue:
            words.append("100-continue")
        if framing.compression:
            words.append(framing.compression)
        assert message.should_close is not framing.keep_alive
        assert message.chunked is (framing.kind.value == "chunked")
        self.events.append(f"head {start} {version} {' '.join(words)}")
        if self.with_fields:
            self.events += [f"field {name}: {value}" for name, value in message.headers.items()]

    def on_body(self, data: bytes) -> None:
        assert type(data) is bytes
        assert data
        text = data.decode("latin-1")
        if self.events[-1].startswith("body "):
            self.events[-1] += text
        else:
            self.events.append(f"body {text}")

    def on_end(self, trailers: CIMultiDictProxy[str] | None) -> None:
        listed = [f"{name}: {value}" for name, value in (trailers or {}).items()]
        self.events.append(f"end {'; '.join(listed)}".rstrip())

    def on_error(self, error: HttpProcessingError) -> None:
        assert self.error is None
        self.error = error
        self.events.append(f"error {type(error).__name__}")


def request_parser(build: str, sink: Any, limits: Limits | None = None) -> Any:
    return BUILDS[build].RequestParser(sink, limits or Limits())


def response_parser(build: str, sink: Any, **options: Any) -> Any:
    options.setdefault("lenient", True)
    return BUILDS[build].ResponseParser(sink, Limits(), **options)
