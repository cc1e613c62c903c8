"""HTTP/1.1 on the wire, without I/O: bytes become messages, messages become bytes (RFC 9112).

The parsers here are those of the compiled build where it is installed, else those of the Python
build; ``AIOHTTP_NO_EXTENSIONS=1`` in the environment asks for the latter.  Both do the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp._h1.build import COMPILED

if TYPE_CHECKING or not COMPILED:
    from aiohttp._h1.framing import Framing
    from aiohttp._h1.messages import RawRequestMessage, RawResponseMessage
    from aiohttp._h1.parser import RequestParser, ResponseParser, Sink
else:
    from aiohttp._h1.framing_c import Framing
    from aiohttp._h1.messages_c import RawRequestMessage, RawResponseMessage
    from aiohttp._h1.parser_c import RequestParser, ResponseParser, Sink

from aiohttp._h1.kinds import BodyKind, HttpVersion, HttpVersion10, HttpVersion11
from aiohttp._h1.limits import Limits

__all__ = (
    "COMPILED",
    "BodyKind",
    "Framing",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "Limits",
    "RawRequestMessage",
    "RawResponseMessage",
    "RequestParser",
    "ResponseParser",
    "Sink",
)
