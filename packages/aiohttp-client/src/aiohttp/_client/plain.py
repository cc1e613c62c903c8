"""Requests without particulars, in the bytes in which they leave: made once, sent many times.

Most calls of a program differ in nothing from calls that it made before, but for their time.  Pure:
knows values only; the session decides which calls are plain, and sends them.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from yarl import URL

# Requests that a session remembers.  Each takes about 2 KiB, most of it for the URL and the fields.
MAX_REMEMBERED = 256


class PlainRequest:
    """A request with an empty body or with none; shared by all calls that are equal."""

    __slots__ = ("fields_version", "info", "key", "method", "real_url", "url", "wire")

    def __init__(self, info: Any, key: Any, wire: bytes, fields_version: int) -> None:
        # What responses have as their request_info.
        self.info = info
        self.method: str = info.method
        self.url: URL = info.url
        self.real_url: URL = info.real_url
        # What a connection must be like to carry it.
        self.key = key
        # The whole request.
        self.wire = wire
        # Which state of the session's fields it has.
        self.fields_version = fields_version


class PlainRequests:
    """Those that were made for one session, by what was asked for."""

    __slots__ = ("_by_question",)

    def __init__(self) -> None:
        self._by_question: dict[Hashable, PlainRequest] = {}

    def find(self, question: Hashable, fields_version: int) -> PlainRequest | None:
        """Return the request made for ``question``, if it has the fields of today."""
        request = self._by_question.get(question)
        if request is None or request.fields_version != fields_version:
            return None
        return request

    def remember(self, question: Hashable, request: PlainRequest) -> None:
        """Keep ``request``; when there are too many, forget all: those in use soon come back."""
        if len(self._by_question) >= MAX_REMEMBERED:
            self._by_question.clear()
        self._by_question[question] = request
