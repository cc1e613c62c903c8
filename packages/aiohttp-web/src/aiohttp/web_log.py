"""The access log: one line a request, in the words of Apache's mod_log_config.

An access logger is given a finished request, its response and the time it took. This file knows
nothing of connections, nor when a line is due.
"""

from __future__ import annotations

import logging
import os
import re
import time as clock
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NamedTuple

from aiohttp._web.error_page import encodable
from aiohttp.abc import AbstractAccessLogger
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse

# The classes that a logger of one's own needs are found here, too.
__all__ = ("AbstractAccessLogger", "AccessLogger", "BaseRequest", "KeyMethod", "StreamResponse")

_Method = Callable[[BaseRequest, StreamResponse, float], Any]

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class KeyMethod(NamedTuple):
    """One atom of a compiled format: its name in the record, and how its value is found."""

    key: str | tuple[str, str]
    method: _Method


class _LocalTime:
    """Seconds as `[21/Nov/2026:10:17:15 +0000]`. Lines of one second share the work."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def format(self, timestamp: float) -> str:
        second = int(timestamp)
        if second != self._second:
            at = clock.localtime(second)
            # English month names whatever the locale is, as in every access log.
            self._text = (
                f"[{at.tm_mday:02}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}"
                f":{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} {clock.strftime('%z', at)}]"
            )
            self._second = second
        return self._text


_local_time = _LocalTime()


class AccessLogger(AbstractAccessLogger):
    """Write the access log by a format.

    The atoms of a format:

    ``%%``        a percent sign
    ``%a``        address of the peer, or of the proxy before it
    ``%t``        when the request began
    ``%P``        process id
    ``%r``        first line of the request
    ``%s``        status code
    ``%b``        bytes sent, the head included
    ``%T``        seconds taken
    ``%Tf``       the same, with a fraction
    ``%D``        the same, in microseconds
    ``%{NAME}i``  field NAME of the request
    ``%{NAME}o``  field NAME of the response

    Each value is in the record's attributes, too: ``remote_address``, ``request_start_time``…

    Args:
        logger: gets one INFO record a request, and an ERROR record where writing one failed.
        log_format: None or an empty string takes `LOG_FORMAT`.

    Raises:
        ValueError: an atom of the format is unknown.
    """

    LOG_FORMAT_MAP: ClassVar[dict[str, str]] = {
        "a": "remote_address",
        "t": "request_start_time",
        "P": "process_id",
        "r": "first_request_line",
        "s": "response_status",
        "b": "response_size",
        "T": "request_time",
        "Tf": "request_time_frac",
        "D": "request_time_micro",
        "i": "request_header",
        "o": "response_header",
    }

    LOG_FORMAT = '%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"'

    # One atom: `%{NAME}i`, `%a`, or a percent sign that begins neither.
    FORMAT_RE = re.compile(r"%(?:\{(?P<name>[^{}]+)\}(?P<header>[io])|(?P<atom>Tf?|[atPrsbD%])|)")

    def __init__(self, logger: logging.Logger, log_format: str = LOG_FORMAT) -> None:
        super().__init__(logger, log_format=log_format or self.LOG_FORMAT)
        self._template, self._methods = self.compile_format(self.log_format)

    @property
    def enabled(self) -> bool:
        """Whether the logger takes INFO records at all."""
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Write one line. Never raises: a fault of logging is itself logged."""
        try:
            values: list[Any] = []
            extra: dict[str, Any] = {}
            for key, value in self._format_line(request, response, time):
                values.append(value)
                if isinstance(key, str):
                    extra[key] = value
                else:
                    extra.setdefault(key[0], {})[key[1]] = value
            self.logger.info(encodable(self._template % tuple(values)), extra=extra)
        except Exception:
            self.logger.exception("Error in logging")

    def compile_format(self, log_format: str) -> tuple[str, list[KeyMethod]]:
        """Turn a format into a template of ``%s`` and the atoms that fill it."""
        methods: list[KeyMethod] = []

        def place(match: re.Match[str]) -> str:
            atom = match["atom"]
            if atom == "%":
                return "%%"
            if atom is None and match["header"] is None:
                rest = log_format[match.start() :][:12]
                raise ValueError(
                    f"access log format {log_format!r}: expected one of %% "
                    f"{' '.join('%' + a for a in self.LOG_FORMAT_MAP if a not in 'io')} "
                    f"%{{NAME}}i %{{NAME}}o, got {rest!r}; write a percent sign as %%"
                )
            methods.append(self._atom(atom or match["header"], match["name"]))
            return "%s"

        return self.FORMAT_RE.sub(place, log_format), methods

    def _atom(self, atom: str, name: str | None) -> KeyMethod:
        key = self.LOG_FORMAT_MAP[atom]
        method = getattr(self, f"_format_{atom}")
        if name is None:
            return KeyMethod(key, method)
        return KeyMethod((key, name), lambda *finished: method(name, *finished))

    def _format_line(
        self, request: BaseRequest, response: StreamResponse, time: float
    ) -> Iterable[tuple[str | tuple[str, str], Any]]:
        return [(key, method(request, response, time)) for key, method in self._methods]

    # The atoms, one method each; a subclass may say it in another way…

    @staticmethod
    def _format_i(name: str, request: BaseRequest, response: StreamResponse, time: float) -> str:
        return "(no headers)" if request is None else request.headers.get(name, "-")

    @staticmethod
    def _format_o(name: str, request: BaseRequest, response: StreamResponse, time: float) -> str:
        return response.headers.get(name, "-")

    @staticmethod
    def _format_a(request: BaseRequest, response: StreamResponse, time: float) -> str:
        if request is None:
            return "-"
        address = request.remote
        return address if address is not None else "-"

    @staticmethod
    def _format_t(request: BaseRequest, response: StreamResponse, time: float) -> str:
        return _local_time.format(clock.time() - time)

    @staticmethod
    def _format_P(request: BaseRequest, response: StreamResponse, time: float) -> str:
        return f"<{os.getpid()}>"

    @staticmethod
    def _format_r(request: BaseRequest, response: StreamResponse, time: float) -> str:
        if request is None:
            return "-"
        version = request.version
        return f"{request.method} {request.path_qs} HTTP/{version.major}.{version.minor}"

    @staticmethod
    def _format_s(request: BaseRequest, response: StreamResponse, time: float) -> int:
        return response.status

    @staticmethod
    def _format_b(request: BaseRequest, response: StreamResponse, time: float) -> int:
        return response.body_length

    @staticmethod
    def _format_T(request: BaseRequest, response: StreamResponse, time: float) -> str:
        return str(round(time))

    @staticmethod
    def _format_Tf(request: BaseRequest, response: StreamResponse, time: float) -> str:
        return f"{time:06f}"

    @staticmethod
    def _format_D(request: BaseRequest, response: StreamResponse, time: float) -> str:
        return str(round(time * 1_000_000))
