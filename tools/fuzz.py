"""Feeds damaged HTTP to the compiled and to the pure parser, and looks for any difference.

    python -m tools.fuzz [seconds] [seed]

Each build runs in a process of its own.  What counts are the events that a parser
reports; one that raises is a find as well.  A find is printed so that it can become a test.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /p?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT:\r\n\r\n",
    b"GET http://a/b HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: x\r\n\r\n",
    b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\ntail",
    b"OPTIONS * HTTP/1.0\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n",
    b"PUT /\xc3\xa9 HTTP/1.1\r\nHost: [::1]\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
)
RESPONSES = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nSet-Cookie: a=b\r\n\r\n",
    b"HTTP/1.0 404 Not Found\r\nContent-Type: text/plain\r\n\r\nuntil the end",
    b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nrest",
)
PIECES = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b'"', b"\xff", b"\x7f"),
    *(b"0", b"-1", b"ffffffffffffffff", b"HTTP/1.1", b"HTTP/2.0", b" folded\r\n", b"x" * 9000),
    *(b"Content-Length: 3\r\n", b"Content-Length: 5, 5\r\n", b"Content-Encoding: br\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n"),
    *(b"Host: b\r\n", b"Connection: close\r\n", b"Upgrade: h2c\r\n"),
)


# --- One build ------------------------------------------------------------------------------------


class Events:
    """A sink that writes down what it is told, in words that are the same for every build."""

    def __init__(self) -> None:
        self.told: list[list[Any]] = []

    def on_head(self, message: Any, framing: Any) -> None:
        framed = (framing.kind, framing.length, framing.keep_alive, framing.upgrade)
        self.told.append(["head", _shown(message), str(framed)])

    def on_body(self, data: bytes) -> None:
        # How a body is cut depends on where its input was.
        if self.told and self.told[-1][0] == "body":
            self.told[-1][1] += data.decode("latin-1")
        else:
            self.told.append(["body", data.decode("latin-1")])

    def on_end(self, trailers: Any) -> None:
        self.told.append(["end", str(trailers and list(trailers.items()))])

    def on_error(self, error: Exception) -> None:
        self.told.append(["error", type(error).__name__, str(error)])


def _shown(message: Any) -> str:
    names = ("method", "path", "version", "code", "reason", "raw_headers", "should_close")
    more = ("compression", "upgrade", "chunked")
    return str([(name, getattr(message, name, None)) for name in names + more])


def events(role: str, pieces: list[bytes]) -> list[list[Any]]:
    """Return what a parser of this process reports of pieces of input."""
    from aiohttp._h1 import Limits, RequestParser, ResponseParser

    sink = Events()
    parser: Any
    if role == "request":
        parser = RequestParser(sink)
    else:
        parser = ResponseParser(sink, Limits(), lenient=role == "lenient response")
    try:
        for piece in pieces:
            parser.feed(piece)
        if not parser.paused:
            parser.feed_eof()
    except Exception as error:
        sink.told.append(["raised", type(error).__name__, str(error)])
    return sink.told


def serve() -> None:
    """Answer each line, a role and pieces, by a line of events."""
    for line in sys.stdin:
        role, pieces = json.loads(line)
        print(json.dumps(events(role, [p.encode("latin-1") for p in pieces])), flush=True)


# --- Two builds -----------------------------------------------------------------------------------


def damaged(dice: random.Random, text: bytes) -> bytes:
    """Return a text with some bytes put in, taken out, or repeated."""
    for _ in range(dice.choice((0, 1, 1, 2, 3, 6))):
        at, to = sorted(dice.choices(range(len(text) + 1), k=2))
        to = min(to, at + dice.choice((1, 1, 4, 40)))
        text = dice.choice(
            (
                text[:at] + dice.choice(PIECES) + text[at:],
                text[:at] + text[to:],
                text[:to] + text[at:],
                text[:at] + bytes([dice.randrange(256)]) + text[at + 1 :],
            )
        )
    return text


def inputs(dice: random.Random) -> Iterator[tuple[str, list[bytes]]]:
    while True:
        role = dice.choice(("request", "response", "lenient response"))
        texts = dice.choices(REQUESTS if role == "request" else RESPONSES, k=dice.choice((1, 1, 2)))
        text = b"".join(damaged(dice, text) for text in texts)
        cuts = sorted(dice.choices(range(len(text) + 1), k=dice.choice((0, 0, 1, 2, 20))))
        edges = [0, *cuts, len(text)]
        yield role, [text[a:b] for a, b in itertools.pairwise(edges) if a != b]


def start(**environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tools.fuzz", "serve"],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(process: subprocess.Popen[str], role: str, pieces: list[bytes]) -> Any:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a build is spoken to by pipes")
    print(json.dumps([role, [p.decode("latin-1") for p in pieces]]), file=process.stdin, flush=True)
    return json.loads(process.stdout.readline() or '["the process died"]')


def fuzz(seconds: float, seed: int) -> int:
    """Compare the builds for so long; return how many finds there are."""
    print(f"seed {seed}, {seconds:g} s", flush=True)
    compiled, pure = start(AIOHTTP_NO_EXTENSIONS=""), start(AIOHTTP_NO_EXTENSIONS="1")
    deadline = time.monotonic() + seconds
    tried = finds = 0
    try:
        for role, pieces in inputs(random.Random(seed)):
            if time.monotonic() > deadline or finds == 10:
                break
            tried += 1
            answers = [ask(process, role, pieces) for process in (compiled, pure)]
            raised = any(event[0] == "raised" for event in answers[0] + answers[1])
            if answers[0] != answers[1] or raised:
                finds += 1
                print(f"{role}: {pieces!r}\n  compiled: {answers[0]}\n  pure:     {answers[1]}")
    finally:
        compiled.kill()
        pure.kill()
    print(f"{tried} inputs, {finds} finds")
    return finds


def main() -> int:
    if sys.argv[1:] == ["serve"]:
        serve()
        return 0
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    return 1 if fuzz(seconds, seed) else 0


if __name__ == "__main__":
    sys.exit(main())
