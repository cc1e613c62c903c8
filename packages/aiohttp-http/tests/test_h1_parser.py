"""The parser's own doings: pausing, handing over, the end of the stream, several messages."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from aiohttp._h1.limits import Limits
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong

_spec = importlib.util.spec_from_file_location(
    "wire_events", Path(__file__).with_name("wire_events.py")
)
assert _spec is not None and _spec.loader is not None
wire_events = sys.modules.setdefault("wire_events", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(wire_events)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = (
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
)
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

ONE_GET = ["head GET / 1.1 none keep-alive", "end"]
ONE_POST = ["head POST / 1.1 length 4 keep-alive", "body body", "end"]


@pytest.fixture(params=list(wire_events.BUILDS))
def build(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class PausingSink(wire_events.Recorder):  # type: ignore[misc,name-defined]
    """Pauses its parser at one kind of event."""

    parser: Any = None
    at = ""

    def _pause_at(self, event: str) -> None:
        if event == self.at:
            self.parser.pause()

    def on_head(self, message: Any, framing: Any) -> None:
        super().on_head(message, framing)
        self._pause_at("head")

    def on_body(self, data: bytes) -> None:
        super().on_body(data)
        self._pause_at("body")

    def on_end(self, trailers: Any) -> None:
        super().on_end(trailers)
        self._pause_at("end")


def pausing(build: str, at: str) -> tuple[Any, PausingSink]:
    sink = PausingSink()
    sink.at = at
    sink.parser = wire_events.request_parser(build, sink)
    return sink.parser, sink


@pytest.mark.parametrize(
    ("at", "heard"), [("head", ONE_POST[:1]), ("body", ONE_POST[:2]), ("end", ONE_POST)]
)
def test_pause_stops_after_the_current_event(build: str, at: str, heard: list[str]) -> None:
    parser, sink = pausing(build, at)
    parser.feed(POST + GET)
    assert sink.events == heard
    assert parser.paused
    sink.at = ""
    parser.resume()
    assert sink.events == ONE_POST + ONE_GET
    assert parser.pending == 0


def test_pause_in_the_head_of_a_message_without_a_body(build: str) -> None:
    parser, sink = pausing(build, "head")
    parser.feed(GET)
    assert sink.events == ONE_GET[:1]
    assert parser.in_body
    parser.resume()
    assert sink.events == ONE_GET
    assert not parser.in_body


def test_bytes_that_come_while_paused_are_held_in_order(build: str) -> None:
    parser, sink = pausing(build, "head")
    parser.feed(POST[:-3])
    for byte in POST[-3:] + GET:
        parser.feed(bytes([byte]))
    assert parser.pending == len(b"body") + len(GET)
    sink.at = ""
    parser.resume()
    assert sink.events == ONE_POST + ONE_GET


def test_end_of_the_stream_while_paused_waits_for_what_is_held(build: str) -> None:
    parser, sink = pausing(build, "head")
    parser.feed(POST)
    parser.feed_eof()
    assert sink.events == ONE_POST[:1]
    parser.resume()
    assert sink.events == ONE_POST
    parser.feed(GET)
    assert sink.events == ONE_POST


def test_resume_and_feed_from_inside_a_call(build: str) -> None:
    class Feeding(wire_events.Recorder):  # type: ignore[misc,name-defined]
        parser: Any

        def on_end(self, trailers: Any) -> None:
            super().on_end(trailers)
            if len(self.messages) == 1:
                self.parser.pause()
                self.parser.feed(GET)
                self.parser.resume()

    sink = Feeding()
    sink.parser = wire_events.request_parser(build, sink)
    sink.parser.feed(POST + POST)
    # What was there first goes first.
    assert sink.events == ONE_POST + ONE_POST + ONE_GET


def test_detach_gives_what_was_not_parsed(build: str) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    parser.feed(UPGRADE + b"\x81")
    parser.feed(b"\x00")
    assert parser.paused
    assert parser.detach() == b"\x81\x00"
    assert parser.detach() == b""
    parser.feed(GET)
    assert len(sink.messages) == 1


def test_detach_from_inside_the_end_of_the_message(build: str) -> None:
    class Detaching(wire_events.Recorder):  # type: ignore[misc,name-defined]
        parser: Any
        tail = b""

        def on_end(self, trailers: Any) -> None:
            super().on_end(trailers)
            self.tail = self.parser.detach()

    sink = Detaching()
    sink.parser = wire_events.request_parser(build, sink)
    sink.parser.feed(UPGRADE + b"\x81\x00")
    assert sink.tail == b"\x81\x00"


def test_declined_from_inside_the_end_of_the_message(build: str) -> None:
    class Declining(wire_events.Recorder):  # type: ignore[misc,name-defined]
        parser: Any

        def on_end(self, trailers: Any) -> None:
            super().on_end(trailers)
            self.parser.resume()

    sink = Declining()
    sink.parser = wire_events.request_parser(build, sink)
    sink.parser.feed(UPGRADE + GET)
    assert sink.events[-2:] == ONE_GET


def test_where_the_parser_is(build: str) -> None:
    parser = wire_events.request_parser(build, wire_events.Recorder())
    assert (parser.in_head, parser.in_body) == (False, False)
    parser.feed(b"\r\n")
    assert (parser.in_head, parser.in_body) == (False, False)
    parser.feed(b"P")
    assert (parser.in_head, parser.in_body) == (True, False)
    assert parser.pending == 1
    parser.feed(POST[1:-1])
    assert (parser.in_head, parser.in_body) == (False, True)
    parser.feed(POST[-1:])
    assert (parser.in_head, parser.in_body) == (False, False)


def test_nothing_is_heard_after_an_error(build: str) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    parser.feed(GET + b"\x00" + GET)
    parser.feed(GET)
    parser.feed_eof()
    assert sink.events == [*ONE_GET, "error BadHttpMethod"]
    assert parser.pending == 0


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_kinds_of_buffers(build: str, kind: Any) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    parser.feed(kind(POST))
    assert sink.events == ONE_POST


def test_chunk_ends_are_told_to_a_sink_that_listens(build: str) -> None:
    class Chunks(wire_events.Recorder):  # type: ignore[misc,name-defined]
        def on_chunk_end(self) -> None:
            self.events.append("chunk")

    sink = Chunks()
    parser = wire_events.request_parser(build, sink)
    for byte in CHUNKED:
        parser.feed(bytes([byte]))
    assert sink.events[1:] == ["body abc", "chunk", "body de", "chunk", "end"]


def test_trailers_stay_apart_from_the_head(build: str) -> None:
    """RFC 9112 §7.1.2, RFC 9110 §6.5.1: nothing that was decided by the head is changed."""
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    parser.feed(CHUNKED[:-2] + b"Host: b\r\nAuthorization: c\r\n\r\n")
    assert sink.events[-1] == "end Host: b; Authorization: c"
    (message,) = sink.messages
    assert list(message.headers.items()) == [("Host", "a"), ("Transfer-Encoding", "chunked")]
    assert message.raw_headers == ((b"Host", b"a"), (b"Transfer-Encoding", b"chunked"))


def test_limits_of_its_own(build: str) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink, Limits(max_line_size=20))
    parser.feed(b"GET /too-long-by-one HTTP/1.1\r\n")
    assert isinstance(sink.error, LineTooLong)
    assert "more than 20 bytes" in str(sink.error)


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"GET /" + b"x" * 50, 414),
        (b"GET /" + b"x" * 50 + b" HTTP/1.1\r\n", 414),
        (b"X" * 50, 400),
        (b"\r\n" * 30, 400),
        (b"GET / HTTP/1.1\r\nA:" + b"x" * 50, 431),
        (b"GET / HTTP/1.1\r\nA:" + b"x" * 50 + b"\r\n", 431),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_a_server_answers(build: str, data: bytes, answer: int, whole: bool) -> None:
    """RFC 9112 §3, RFC 6585 §5; the code of the error is 400, as ever."""
    sink = wire_events.Recorder()
    limits = Limits(max_line_size=40, max_field_size=40)
    parser = wire_events.request_parser(build, sink, limits)
    for piece in [data] if whole else [data[i : i + 1] for i in range(len(data))]:
        parser.feed(piece)
    assert isinstance(sink.error, LineTooLong)
    assert (sink.error.answer, sink.error.code) == (answer, 400)


def test_responses_are_read_as_announced(build: str) -> None:
    class Next(wire_events.Recorder):  # type: ignore[misc,name-defined]
        parser: Any

        def on_end(self, trailers: Any) -> None:
            super().on_end(trailers)
            self.parser.expect("HEAD")

    sink = Next()
    sink.parser = wire_events.response_parser(build, sink)
    sink.parser.feed(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    assert sink.events[3:] == ["head 200 OK 1.1 none keep-alive", "end"]


def test_bytes_on_an_idle_connection_answer_nothing(build: str) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.response_parser(build, sink)
    parser.feed(OK)
    parser.feed(OK)
    assert len(sink.messages) == 1
    assert isinstance(sink.error, BadHttpMessage)
    assert "Unexpected bytes after a response: expected none, got 40" in str(sink.error)


def test_a_long_head_that_comes_byte_by_byte_costs_linear_time(build: str) -> None:
    """Each byte is copied a bounded number of times: counted by what is kept, not by a clock."""
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    head = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"b" * 100 + b"\r\n"
    for byte in head:
        parser.feed(bytes([byte]))
    # Complete lines are not kept as bytes.
    assert parser.pending == 0
    assert parser.in_head


def test_many_lenient_responses_in_one_read(build: str) -> None:
    class Next(wire_events.Recorder):  # type: ignore[misc,name-defined]
        parser: Any

        def on_end(self, trailers: Any) -> None:
            self.parser.expect("GET")

    sink = Next()
    sink.parser = wire_events.response_parser(build, sink)
    sink.parser.feed(b"HTTP/1.1 204 X\n\n" * 2000)
    assert len(sink.messages) == 2000


# A whole request is taken…


def test_a_request_that_comes_alone_is_taken(build: str) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    for _ in range(2):
        message = parser.take_whole(GET)
        assert (message.method, message.path, message.should_close) == ("GET", "/", False)
    assert parser.take_whole(GET[:9]) is None
    assert parser.in_head
    assert parser.take_whole(GET[9:]).path == "/"
    assert (sink.events, parser.pending, parser.in_head, parser.in_body) == ([], 0, False, False)


@pytest.mark.parametrize(
    ("data", "heard"),
    [
        (POST, ONE_POST),
        (GET + GET, ONE_GET * 2),
        (POST + GET, ONE_POST + ONE_GET),
        (UPGRADE, ["head GET / 1.1 none keep-alive upgrade", "end"]),
    ],
)
def test_other_requests_go_to_the_sink(build: str, data: bytes, heard: list[str]) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    assert parser.take_whole(data) is None
    assert sink.events == heard


def test_a_request_behind_an_open_body_goes_to_the_sink(build: str) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    assert parser.take_whole(POST[:-1]) is None
    assert parser.take_whole(POST[-1:] + GET) is None
    assert sink.events == ONE_POST + ONE_GET


def test_nothing_is_taken_from_a_parser_that_is_paused_or_dead(build: str) -> None:
    sink = wire_events.Recorder()
    parser = wire_events.request_parser(build, sink)
    parser.pause()
    assert parser.take_whole(GET) is None
    parser.resume()
    assert sink.events == ONE_GET
    assert parser.take_whole(b"\0") is None
    assert sink.error is not None
    assert parser.take_whole(GET) is None
