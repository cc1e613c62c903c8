"""The arithmetic of Digest authentication (RFC 7616 §3).  Pure: nonces are handed in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote as percent_encode

import attr
from yarl import URL

from aiohttp._fields.auth import format_credentials
from aiohttp.client_exceptions import ClientError

_Hash = Callable[[bytes], Any]


def _hash(name: str) -> _Hash:
    # The protocol prescribes MD5 and SHA-1: systems that forbid them otherwise allow that.
    return lambda data: hashlib.new(name, data, usedforsecurity=False)


# RFC 7616 §6.1, the spellings that servers write instead, and SHA-1 of older ones.
_ALGORITHMS: dict[str, _Hash] = {
    "MD5": _hash("md5"),
    "SHA": _hash("sha1"),
    "SHA256": _hash("sha256"),
    "SHA-256": _hash("sha256"),
    "SHA512": _hash("sha512"),
    "SHA-512": _hash("sha512"),
    "SHA-512-256": _hash("sha512_256"),
}

DIGEST_FUNCTIONS: dict[str, _Hash] = {
    name + suffix: function for name, function in _ALGORITHMS.items() for suffix in ("", "-SESS")
}

# RFC 7616 §3.4: these are quoted, and algorithm, qop, nc and userhash are not.
QUOTED_FIELDS = frozenset({"username", "realm", "nonce", "uri", "response", "opaque", "cnonce"})


@attr.s(auto_attribs=True, frozen=True, slots=True)
class DigestChallenge:
    """A challenge of the Digest scheme (§3.3)."""

    realm: str
    nonce: str
    # As the server writes it; "" stands for MD5.
    algorithm: str = ""
    # The qualities of protection that the server offers; () is that of RFC 2069.
    qop: tuple[str, ...] = ()
    # None: the server sent none, and gets none back.
    opaque: str | None = None
    # URIs of the protection space, as written; (): the whole origin.
    domain: tuple[str, ...] = ()
    # The nonce was too old; the password was not looked at.
    stale: bool = False
    # The server wants a hash of the user name.
    userhash: bool = False
    # The server says that it takes UTF-8.
    utf8: bool = False

    @property
    def is_session(self) -> bool:
        """Whether the algorithm derives a key for the session, which stays with the nonce."""
        return self.algorithm.upper().endswith("-SESS")

    @property
    def is_supported(self) -> bool:
        """Whether :func:`authorization` can answer it."""
        known_quality = not self.qop or bool({"auth", "auth-int"} & set(self.qop))
        return bool(self.nonce) and known_quality and self._algorithm() in DIGEST_FUNCTIONS

    def _algorithm(self) -> str:
        return (self.algorithm or "MD5").upper()

    def hash_text(self, data: bytes) -> str:
        """H(data), in hexadecimal digits."""
        digest: str = DIGEST_FUNCTIONS[self._algorithm()](data).hexdigest()
        return digest


def read_challenge(parameters: Mapping[str, str]) -> DigestChallenge | None:
    """Return the challenge that the parameters of a Digest field make, or None: it lacks a part."""
    if "realm" not in parameters or "nonce" not in parameters:
        return None
    qualities = (quality.strip().lower() for quality in parameters.get("qop", "").split(","))
    return DigestChallenge(
        realm=parameters["realm"],
        nonce=parameters["nonce"],
        algorithm=parameters.get("algorithm", ""),
        qop=tuple(quality for quality in qualities if quality),
        opaque=parameters.get("opaque"),
        domain=tuple(parameters.get("domain", "").split()),
        stale=parameters.get("stale", "").lower() == "true",
        userhash=parameters.get("userhash", "").lower() == "true",
        utf8=parameters.get("charset", "").lower() == "utf-8",
    )


def choose_quality(challenge: DigestChallenge, *, body_is_known: bool) -> str:
    """Return the quality of protection to use, "" for that of RFC 2069.

    The body is protected too if the server offers that, and if the body can be read beforehand.

    Raises:
        ClientError: the server insists on protecting a body that cannot be read beforehand, or
            offers nothing that is known.
    """
    if not challenge.qop:
        return ""
    if "auth-int" in challenge.qop and body_is_known:
        return "auth-int"
    if "auth" in challenge.qop:
        return "auth"
    if "auth-int" in challenge.qop:
        raise ClientError(
            "Digest auth error: the server wants qop=auth-int, for which the body has to be read"
            " before it is sent; send bytes, text or a file instead of a stream"
        )
    raise ClientError(
        "Digest auth error: Unsupported Quality of Protection (qop) value(s): "
        + ", ".join(challenge.qop)
    )


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Attempt:
    """What one request adds to a challenge (§3.4)."""

    method: str
    # The request target.
    uri: str
    # "auth", "auth-int", or "".
    quality: str
    # The body as it is sent, for "auth-int".
    body: bytes
    # How often the nonce was used, this time included, and what the client adds to it.
    nonce_count: int
    cnonce: str


def authorization(challenge: DigestChallenge, login: str, password: str, attempt: Attempt) -> str:
    """Return the value of the Authorization field (§3.4)."""
    response = _response(challenge, login, password, attempt)
    parameters = [
        *_username(challenge, login),
        ("realm", challenge.realm),
        ("nonce", challenge.nonce),
        ("uri", attempt.uri),
        ("response", response),
        ("algorithm", challenge.algorithm or "MD5"),
    ]
    if challenge.opaque is not None:
        parameters.append(("opaque", challenge.opaque))
    if attempt.quality:
        parameters += [
            ("qop", attempt.quality),
            ("nc", f"{attempt.nonce_count:08x}"),
            ("cnonce", attempt.cnonce),
        ]
    if challenge.userhash:
        parameters.append(("userhash", "true"))
    return format_credentials("Digest", parameters, quoted=QUOTED_FIELDS)


def _response(challenge: DigestChallenge, login: str, password: str, attempt: Attempt) -> str:
    def h(text: str) -> str:
        return challenge.hash_text(text.encode())

    # §3.4.2
    secret = h(f"{login}:{challenge.realm}:{password}")
    if challenge.is_session:
        secret = h(f"{secret}:{challenge.nonce}:{attempt.cnonce}")
    # §3.4.3
    what = f"{attempt.method}:{attempt.uri}"
    if attempt.quality == "auth-int":
        what += f":{challenge.hash_text(attempt.body)}"
    # §3.4.1; without a quality it is the form of RFC 2069.
    if not attempt.quality:
        return h(f"{secret}:{challenge.nonce}:{h(what)}")
    count = f"{attempt.nonce_count:08x}"
    return h(f"{secret}:{challenge.nonce}:{count}:{attempt.cnonce}:{attempt.quality}:{h(what)}")


def _username(challenge: DigestChallenge, login: str) -> list[tuple[str, str]]:
    if challenge.userhash:
        # §3.4.4
        return [("username", challenge.hash_text(f"{login}:{challenge.realm}".encode()))]
    if challenge.utf8 and not login.isascii():
        # §3.4: what a quoted-string may not hold goes into the extended form.
        return [("username*", f"UTF-8''{percent_encode(login, '')}")]
    return [("username", login)]


# --- Where a challenge counts ---


def protection_space(challenge: DigestChallenge, url: URL) -> tuple[URL, ...]:
    """Return the URLs below which the credentials of a challenge from ``url`` are good (§3.3)."""
    spaces = []
    for uri in challenge.domain:
        # RFC 3986 §2: a quote is in no URI; it is a mistake of the server's quoting.
        if '"' in uri:
            continue
        try:
            space = url.join(URL(uri))
            space.origin()
        except ValueError:
            continue
        spaces.append(space)
    return tuple(spaces) or (url.origin(),)


def covers(space: URL, url: URL) -> bool:
    """Whether ``url`` lies in ``space``: the same origin, and the path below."""
    if space.origin() != url.origin():
        return False
    prefix = space.raw_path.rstrip("/")
    path = url.raw_path
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/")
