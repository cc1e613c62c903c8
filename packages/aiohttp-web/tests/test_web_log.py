"""The access log: formats, atoms, and what it costs when off."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, cast

import pytest

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from aiohttp.web_log import AccessLogger


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("test.access")
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(logging.NOTSET)


class Response:
    status = 200
    body_length = 42
    headers: Mapping[str, str] = MappingProxyType({"X-Out": "out"})


def written(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture, log_format: str, time: float = 3.14159
) -> logging.LogRecord:
    request = make_mocked_request("GET", "/path?q=1", headers={"X-In": "in"})
    AccessLogger(logger, log_format).log(request, cast(Any, Response()), time)
    (record,) = caplog.records
    return record


@pytest.mark.parametrize(
    ("log_format", "line"),
    [
        ("%r", "GET /path?q=1 HTTP/1.1"),
        ("%s %b", "200 42"),
        ("%T %Tf %D", "3 3.141590 3141590"),
        ("%P", f"<{os.getpid()}>"),
        ("%{X-In}i %{X-Out}o %{None}i %{None}o", "in out - -"),
        ("100%% %s", "100% 200"),
        ("no atom", "no atom"),
    ],
)
def test_atoms(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture, log_format: str, line: str
) -> None:
    assert written(logger, caplog, log_format).getMessage() == line


def test_default_format(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    message = written(logger, caplog, "").getMessage()
    assert message.endswith('"GET /path?q=1 HTTP/1.1" 200 42 "-" "-"')


def test_time_looks_like_apache(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    message = written(logger, caplog, "%t").getMessage()
    assert len(message) == len("[21/Nov/2026:10:17:15 +0000]")
    assert message[0] + message[-1] == "[]"


def test_values_are_in_the_record(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    record = vars(written(logger, caplog, "%r %s %{X-In}i %{None}i"))
    assert record["first_request_line"] == "GET /path?q=1 HTTP/1.1"
    assert record["response_status"] == 200
    assert record["request_header"] == {"X-In": "in", "None": "-"}


@pytest.mark.parametrize("log_format", ["%z", "%{X-In}x", "100%"])
def test_unknown_atoms_are_refused(logger: logging.Logger, log_format: str) -> None:
    with pytest.raises(ValueError, match="write a percent sign as %%"):
        AccessLogger(logger, log_format)


def test_a_fault_of_logging_is_logged(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    AccessLogger(logger, "%s").log(make_mocked_request("GET", "/"), cast(Any, object()), 0)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "Error in logging")


def test_enabled_as_the_logger_is(logger: logging.Logger) -> None:
    assert AccessLogger(logger).enabled
    logger.setLevel(logging.WARNING)
    assert not AccessLogger(logger).enabled


def test_a_subclass_says_an_atom_in_its_own_way(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    class Masking(AccessLogger):
        @staticmethod
        def _format_a(*finished: Any) -> str:
            return "somebody"

    request = make_mocked_request("GET", "/")
    Masking(logger, "%a").log(request, cast(Any, Response()), 0)
    assert caplog.messages == ["somebody"]


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
async def test_connections_do_not_call_a_logger_that_is_off(
    logger: logging.Logger, level: int
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response()

    logger.setLevel(level)
    connection = web.Server(handler, access_log=logger)()
    assert (connection.access_logger is not None) is (level == logging.INFO)


def test_octets_that_are_no_text_fit_into_any_log(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    agent = b"me \xff".decode("utf-8", "surrogateescape")
    request = make_mocked_request("GET", "/", headers={"User-Agent": agent})
    AccessLogger(logger, "%{User-Agent}i").log(request, cast(Any, Response()), 1)
    (record,) = caplog.records
    assert record.getMessage() == "me \\udcff"
    # Who writes JSON gets the value.
    assert record.__dict__["request_header"] == {"User-Agent": agent}
