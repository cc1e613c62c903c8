"""Digest authentication, against a server of the test's own that checks what RFC 7616 says."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from aiohttp._client import digest
from aiohttp._fields.auth import parse_challenges
from aiohttp.client_exceptions import ClientError
from aiohttp.client_middleware_digest_auth import (
    SUPPORTED_ALGORITHMS,
    DigestAuthMiddleware,
    escape_quotes,
    parse_header_pairs,
    unescape_quotes,
)
from aiohttp.payload import AsyncIterablePayload, BytesIOPayload, BytesPayload

URL_ = URL("http://example.com/dir/index.html?a=b")


def request(url: URL | str = URL_, method: str = "GET", body: Any = b"", **more: Any) -> Any:
    return SimpleNamespace(
        url=URL(url), method=method, headers=CIMultiDict(), body=body, compress=None, **more
    )


class Server:
    """Answers each request by the next of its answers, and remembers the Authorization fields."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.seen: list[dict[str, str] | None] = []
        self.released = 0

    async def __call__(self, request: Any) -> Any:
        text = request.headers.get("Authorization")
        self.seen.append(parse_challenges(text)[0].parameters if text else None)
        answer = self.answers.pop(0)
        headers, status = (answer, 401) if isinstance(answer, list) else ([], 200)
        if isinstance(answer, dict):
            headers = list(answer.items())
        return SimpleNamespace(status=status, headers=CIMultiDict(headers), release=self._release)

    def _release(self) -> None:
        self.released += 1


def asks(text: str = "", **changes: str) -> list[tuple[str, str]]:
    parameters = {"realm": "r", "nonce": "n", "qop": "auth", **changes}
    value = text or "Digest " + ", ".join(f'{k}="{v}"' for k, v in parameters.items())
    return [("WWW-Authenticate", value)]


# --- The arithmetic ---


# RFC 7616 §3.9.1
@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_the_rfc(algorithm: str, response: str) -> None:
    challenge = digest.DigestChallenge(
        realm="http-auth@example.org",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        algorithm=algorithm,
        qop=("auth", "auth-int"),
        opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    )
    attempt = digest.Attempt(
        method="GET",
        uri="/dir/index.html",
        quality="auth",
        body=b"",
        nonce_count=1,
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    text = digest.authorization(challenge, "Mufasa", "Circle of Life", attempt)
    assert f'response="{response}"' in text
    assert f"algorithm={algorithm}, " in text
    assert "qop=auth, nc=00000001" in text


# RFC 7616 §3.9.2
def test_the_example_with_a_hashed_name() -> None:
    challenge = digest.DigestChallenge(
        realm="api@example.org",
        nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        algorithm="SHA-512-256",
        qop=("auth",),
        opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS",
        userhash=True,
        utf8=True,
    )
    attempt = digest.Attempt(
        method="GET",
        uri="/doe.json",
        quality="auth",
        body=b"",
        nonce_count=1,
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
    )
    text = digest.authorization(challenge, "Jäsøn Doe", "Secret, or not?", attempt)
    expected = hashlib.new("sha512_256", "Jäsøn Doe:api@example.org".encode()).hexdigest()
    assert f'username="{expected}"' in text
    assert text.endswith("userhash=true")


@pytest.mark.parametrize("algorithm", SUPPORTED_ALGORITHMS)
def test_every_algorithm(algorithm: str) -> None:
    challenge = digest.DigestChallenge("r", "n", algorithm.lower(), ("auth",))
    assert challenge.is_supported
    attempt = digest.Attempt("GET", "/", "auth", b"", 1, "c")
    text = digest.authorization(challenge, "u", "p", attempt)
    h = challenge.hash_text
    secret = h(b"u:r:p")
    if "SESS" in algorithm:
        secret = h(f"{secret}:n:c".encode())
    what = h(b"GET:/")
    expected = h(f"{secret}:n:00000001:c:auth:{what}".encode())
    assert f'response="{expected}"' in text


def test_the_body_is_protected_if_it_can_be() -> None:
    challenge = digest.DigestChallenge("r", "n", qop=("auth", "auth-int"))
    assert digest.choose_quality(challenge, body_is_known=True) == "auth-int"
    assert digest.choose_quality(challenge, body_is_known=False) == "auth"
    only = digest.DigestChallenge("r", "n", qop=("auth-int",))
    with pytest.raises(ClientError, match="instead of a stream"):
        digest.choose_quality(only, body_is_known=False)
    with pytest.raises(ClientError, match="Unsupported Quality"):
        digest.choose_quality(digest.DigestChallenge("r", "n", qop=("x",)), body_is_known=True)
    assert digest.choose_quality(digest.DigestChallenge("r", "n"), body_is_known=True) == ""


def test_a_name_beyond_ascii() -> None:
    attempt = digest.Attempt("GET", "/", "", b"", 1, "c")
    plain = digest.DigestChallenge("r", "n")
    assert 'username="ü"' in digest.authorization(plain, "ü", "p", attempt)
    told = digest.DigestChallenge("r", "n", utf8=True)
    assert "username*=UTF-8''%C3%BC" in digest.authorization(told, "ü", "p", attempt)


# --- The conversation ---


async def test_a_challenge_is_answered_once() -> None:
    server = Server(asks(opaque="o"), 200)
    response = await DigestAuthMiddleware("u", "p")(request(), server)
    assert response.status == 200
    assert server.released == 1
    first, second = server.seen
    assert first is None
    assert second is not None
    assert {
        name: second[name] for name in ("username", "realm", "nonce", "uri", "opaque", "nc")
    } == {
        "username": "u",
        "realm": "r",
        "nonce": "n",
        "uri": "/dir/index.html?a=b",
        "opaque": "o",
        "nc": "00000001",
    }


async def test_a_wrong_password_is_the_answer() -> None:
    server = Server(asks(), asks(nonce="n2"))
    assert (await DigestAuthMiddleware("u", "p")(request(), server)).status == 401
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "answer",
    [
        200,
        [],
        [("WWW-Authenticate", 'Basic realm="r"')],
        [("WWW-Authenticate", "Digest")],
        [("WWW-Authenticate", "DigestWithoutSpace")],
        [("WWW-Authenticate", "Digest =invalid, format")],
        asks("Digest realm=r"),
        asks(nonce=""),
        asks(algorithm="CRC-32"),
        asks(qop="auth-xyz"),
    ],
)
async def test_what_is_not_answered(answer: Any) -> None:
    server = Server(answer)
    await DigestAuthMiddleware("u", "p")(request(), server)
    assert server.seen == [None]


async def test_the_first_challenge_that_is_understood_counts() -> None:
    headers = [
        ("WWW-Authenticate", 'Basic realm="b", Digest realm="r", nonce="n", algorithm=CRC-32'),
        ("WWW-Authenticate", 'Digest realm="s", nonce="m", algorithm=SHA-256, Digest realm="t"'),
    ]
    server = Server(headers, 200)
    await DigestAuthMiddleware("u", "p")(request(), server)
    assert server.seen[1] is not None
    assert (server.seen[1]["realm"], server.seen[1]["algorithm"]) == ("s", "SHA-256")


async def test_later_requests_save_the_round_trip() -> None:
    server = Server(asks(algorithm="MD5-sess"), 200, 200, asks(nonce="n2", stale="true"), 200)
    middleware = DigestAuthMiddleware("u", "p")
    for _ in range(3):
        assert (await middleware(request(), server)).status == 200
    used = [(seen["nonce"], seen["nc"]) for seen in server.seen if seen]
    assert used == [
        ("n", "00000001"),
        ("n", "00000002"),
        ("n", "00000003"),
        ("n2", "00000001"),
    ]
    cnonces = [seen["cnonce"] for seen in server.seen if seen]
    # The key of a "-sess" algorithm stays with the nonce, and so does the client's part of it.
    assert cnonces[0] == cnonces[1] == cnonces[2] != cnonces[3]


async def test_not_preemptive() -> None:
    server = Server(asks(), 200, asks(), 200)
    middleware = DigestAuthMiddleware("u", "p", preemptive=False)
    for _ in range(2):
        await middleware(request(), server)
    assert [seen is None for seen in server.seen] == [True, False, True, False]


async def test_the_nonce_for_the_next_request() -> None:
    server = Server(asks(), {"Authentication-Info": 'nextnonce="n2", qop=auth'}, 200)
    middleware = DigestAuthMiddleware("u", "p")
    for _ in range(2):
        await middleware(request(), server)
    assert [(seen["nonce"], seen["nc"]) for seen in server.seen if seen] == [
        ("n", "00000001"),
        ("n2", "00000001"),
    ]


async def test_another_origin_learns_nothing() -> None:
    server = Server(asks(), 200, asks(), 200)
    middleware = DigestAuthMiddleware("u", "p")
    await middleware(request(), server)
    assert (await middleware(request("http://evil.org/dir/"), server)).status == 401
    assert server.seen[2:] == [None]


async def test_a_redirect_before_any_challenge_learns_nothing() -> None:
    server = Server(200, asks())
    middleware = DigestAuthMiddleware("u", "p")
    await middleware(request(), server)
    await middleware(request("https://example.com/"), server)
    assert server.seen == [None, None]


async def test_the_protection_space() -> None:
    domain = "/api http://other.example.com/x http://[bad"
    server = Server(asks(domain=domain), *[200] * 6)
    middleware = DigestAuthMiddleware("u", "p")
    await middleware(request(), server)
    for url in (
        "http://example.com/api",
        "http://example.com/api/v1",
        "http://example.com/apix",
        "http://other.example.com/x/y",
        "http://other.example.com/",
    ):
        await middleware(request(url), server)
    assert [seen is not None for seen in server.seen[2:]] == [True, True, False, True, False]


async def test_a_named_origin_cannot_hand_the_credentials_on() -> None:
    server = Server(
        asks(domain="/ http://b.org/"), 200, asks(domain="http://c.org/", nonce="m"), 200, asks()
    )
    middleware = DigestAuthMiddleware("u", "p")
    await middleware(request(), server)
    await middleware(request("http://b.org/"), server)
    assert (await middleware(request("http://c.org/"), server)).status == 401
    assert server.seen[-1] is None


@pytest.mark.parametrize(
    ("make", "content", "quality"),
    [
        (lambda: b"", b"", "auth-int"),
        (lambda: BytesPayload(b"abc"), b"abc", "auth-int"),
        (lambda: BytesIOPayload(io.BytesIO(b"abc")), b"abc", "auth-int"),
        (lambda: AsyncIterablePayload(_pieces()), None, "auth"),
    ],
)
async def test_the_body(make: Callable[[], Any], content: bytes | None, quality: str) -> None:
    server = Server(asks(qop="auth,auth-int"), 200)
    await DigestAuthMiddleware("u", "p")(request(method="post", body=make()), server)
    seen = server.seen[1]
    assert seen is not None
    assert seen["qop"] == quality
    challenge = digest.DigestChallenge("r", "n", qop=(quality,))
    attempt = digest.Attempt(
        "POST", "/dir/index.html?a=b", quality, content or b"", 1, seen["cnonce"]
    )
    assert seen["response"] in digest.authorization(challenge, "u", "p", attempt)


async def _pieces() -> Any:
    yield b"abc"


async def test_no_header_can_be_injected() -> None:
    server = Server(asks(realm="r\x0bX"))
    with pytest.raises(ValueError, match="control"):
        await DigestAuthMiddleware("u", "p")(request(), server)


@pytest.mark.parametrize(("login", "password"), [(None, "p"), ("u", None), ("u:v", "p")])
def test_bad_credentials(login: Any, password: Any) -> None:
    with pytest.raises(ValueError):
        DigestAuthMiddleware(login, password)


# --- Small functions that are public ---


@pytest.mark.parametrize("text", ["", 'a"b', "a\\b", '\\"', 'a\\\\"'])
def test_quotes(text: str) -> None:
    assert unescape_quotes(escape_quotes(text)) == text


def test_header_pairs() -> None:
    assert parse_header_pairs('Digest realm="a, b", nonce=x , qop="auth"') == {
        "realm": "a, b",
        "nonce": "x",
        "qop": "auth",
    }
