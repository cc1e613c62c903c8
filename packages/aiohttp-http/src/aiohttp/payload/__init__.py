"""Payloads: values that know how to be sent, and the registry that finds one for a value.

The classes live in the files beside this one, by what they hold; this file registers them.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterable

from aiohttp.payload.base import _CLOSE_FUTURES as _CLOSE_FUTURES
from aiohttp.payload.base import Payload
from aiohttp.payload.files import BufferedReaderPayload, IOBasePayload, TextIOPayload
from aiohttp.payload.memory import (
    TOO_LARGE_BYTES_BODY,
    BytesIOPayload,
    BytesPayload,
    JsonBytesPayload,
    JsonPayload,
    StringIOPayload,
    StringPayload,
)
from aiohttp.payload.registry import (
    PAYLOAD_REGISTRY,
    LookupError,
    Order,
    PayloadRegistry,
    get_payload,
    payload_type,
    register_payload,
)
from aiohttp.payload.streams import AsyncIterablePayload, StreamReaderPayload
from aiohttp.streams import StreamReader

__all__ = (
    "PAYLOAD_REGISTRY",
    "TOO_LARGE_BYTES_BODY",
    "AsyncIterablePayload",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "IOBasePayload",
    "JsonBytesPayload",
    "JsonPayload",
    "LookupError",
    "Order",
    "Payload",
    "PayloadRegistry",
    "StreamReaderPayload",
    "StringIOPayload",
    "StringPayload",
    "TextIOPayload",
    "get_payload",
    "payload_type",
    "register_payload",
)

register_payload(BytesPayload, (bytes, bytearray, memoryview))
register_payload(StringPayload, str)
register_payload(StringIOPayload, io.StringIO)
register_payload(TextIOPayload, io.TextIOBase)
register_payload(BytesIOPayload, io.BytesIO)
register_payload(BufferedReaderPayload, (io.BufferedReader, io.BufferedRandom))
register_payload(IOBasePayload, io.IOBase)
register_payload(StreamReaderPayload, StreamReader)
# Much is an asynchronous iterable beside what it is first: whoever knows that goes before.
register_payload(AsyncIterablePayload, AsyncIterable, order=Order.try_last)
