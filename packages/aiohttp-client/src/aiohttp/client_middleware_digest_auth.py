"""A middleware that answers the challenges of Digest authentication (RFC 7616).

The arithmetic is in ``_client.digest``; here is what it remembers: the challenge, how often its
nonce was used, and where it counts.
"""

from __future__ import annotations

import re
import secrets
from typing import TypedDict

import attr
from yarl import URL

from aiohttp import hdrs
from aiohttp._client import digest
from aiohttp._fields.auth import parse_auth_parameters, parse_challenges
from aiohttp._fields.grammar import escape
from aiohttp.client_exceptions import ClientError
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.payload import Payload

__all__ = (
    "CHALLENGE_FIELDS",
    "QUOTED_AUTH_FIELDS",
    "SUPPORTED_ALGORITHMS",
    "URL",
    "ClientError",
    "ClientRequest",
    "ClientResponse",
    "DigestAuthChallenge",
    "DigestAuthMiddleware",
    "DigestFunctions",
    "Payload",
    "escape_quotes",
    "parse_header_pairs",
    "unescape_quotes",
)


class DigestAuthChallenge(TypedDict, total=False):
    """The parameters of a challenge as text."""

    realm: str
    nonce: str
    qop: str
    algorithm: str
    opaque: str
    domain: str
    stale: str


DigestFunctions = digest.DIGEST_FUNCTIONS
SUPPORTED_ALGORITHMS = tuple(sorted(DigestFunctions))
CHALLENGE_FIELDS = ("realm", "nonce", "qop", "algorithm", "opaque", "domain", "stale")
QUOTED_AUTH_FIELDS = digest.QUOTED_FIELDS

# Octets of randomness in a client nonce.
_CNONCE_OCTETS = 16

_QUOTED_PAIR_RE = re.compile(r"\\(.)", re.DOTALL)


def escape_quotes(value: str) -> str:
    """Put backslashes before double quotes and backslashes (RFC 9110 §5.6.4)."""
    return escape(value)


def unescape_quotes(value: str) -> str:
    """Take the backslashes of quoted pairs away; the inverse of :func:`escape_quotes`."""
    return _QUOTED_PAIR_RE.sub(r"\1", value)


def parse_header_pairs(header: str) -> dict[str, str]:
    """Return the ``name=value`` pairs of a challenge; of equal names the first counts."""
    return parse_auth_parameters(header)


@attr.s(auto_attribs=True, slots=True)
class _Session:
    """A challenge in use: it lasts until the server sends another nonce."""

    challenge: digest.DigestChallenge
    # Where its credentials are good.
    spaces: tuple[URL, ...]
    # Made once: a "-sess" algorithm derives its key from the first one (RFC 7616 §3.4.2).
    cnonce: str = attr.Factory(lambda: secrets.token_hex(_CNONCE_OCTETS))
    # How often the nonce was used.
    nonce_count: int = 0

    def covers(self, url: URL) -> bool:
        return any(digest.covers(space, url) for space in self.spaces)


class DigestAuthMiddleware:
    """Answers 401 with the Digest scheme: MD5, SHA-256, SHA-512 and relatives, auth and auth-int.

    It answers the origin of the first request that it sees, and what that origin names as its
    protection space; a redirect to another origin learns nothing.

    Args:
        login: user name, without a colon.
        password: password.
        preemptive: send credentials with the first try wherever they are known to be wanted, and so
            save a round trip each time (RFC 7616 §3.6).

    Raises:
        ValueError: the login holds a colon, or one of the two is None.
    """

    def __init__(self, login: str, password: str, preemptive: bool = True) -> None:
        if login is None:
            raise ValueError("None is not allowed as login value")
        if password is None:
            raise ValueError("None is not allowed as password value")
        if ":" in login:
            raise ValueError('A ":" is not allowed in username (RFC 1945#section-11.1)')
        self._login = login
        self._password = password
        self._preemptive = preemptive
        # The origin that the credentials are for.
        self._origin: URL | None = None
        self._session: _Session | None = None

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send ``request``, and once more with credentials if the server asks for them."""
        if self._origin is None:
            self._origin = request.url.origin()
        session = self._session
        if self._preemptive and session is not None and session.covers(request.url):
            request.headers[hdrs.AUTHORIZATION] = await self._authorize(request, session)
        response = await handler(request)
        challenged = self._accept_challenge(response, request.url)
        if challenged is None:
            self._note_next_nonce(response, request.url)
            return response
        response.release()
        request.headers[hdrs.AUTHORIZATION] = await self._authorize(request, challenged)
        response = await handler(request)
        # A second 401 is the answer: the password is wrong.  Its nonce serves the next request.
        if self._accept_challenge(response, request.url) is None:
            self._note_next_nonce(response, request.url)
        return response

    async def _authorize(self, request: ClientRequest, session: _Session) -> str:
        body = request.body
        # What will be compressed on its way is not known yet.
        is_known = not request.compress and (not isinstance(body, Payload) or body.size is not None)
        quality = digest.choose_quality(session.challenge, body_is_known=is_known)
        octets = b""
        if quality == "auth-int":
            octets = await body.as_bytes() if isinstance(body, Payload) else body
        # Nothing is awaited from here on: two requests never share a count.
        session.nonce_count += 1
        attempt = digest.Attempt(
            method=request.method.upper(),
            uri=request.url.raw_path_qs,
            quality=quality,
            body=octets,
            nonce_count=session.nonce_count,
            cnonce=session.cnonce,
        )
        return digest.authorization(session.challenge, self._login, self._password, attempt)

    def _accept_challenge(self, response: ClientResponse, url: URL) -> _Session | None:
        """Take the challenge of a 401, if it may be answered, and remember it."""
        if response.status != 401 or not self._may_answer(url):
            return None
        challenge = self._find_challenge(response)
        if challenge is None:
            return None
        # Only the origin that the credentials are for says where else they are good: an origin that
        # it named cannot hand them on.
        if self._session is None or url.origin() == self._origin:
            spaces = digest.protection_space(challenge, url)
        else:
            spaces = self._session.spaces
        self._session = _Session(challenge, spaces)
        return self._session

    def _may_answer(self, url: URL) -> bool:
        if url.origin() == self._origin:
            return True
        # Another origin has to be named by the one that the credentials are for.
        return self._session is not None and self._session.covers(url)

    def _find_challenge(self, response: ClientResponse) -> digest.DigestChallenge | None:
        """Return the first challenge that can be answered: servers send the best first (§3.7)."""
        for text in response.headers.getall(hdrs.WWW_AUTHENTICATE, ()):
            for found in parse_challenges(text):
                if found.scheme.lower() != "digest":
                    continue
                challenge = digest.read_challenge(found.parameters)
                if challenge is not None and challenge.is_supported:
                    return challenge
        return None

    def _note_next_nonce(self, response: ClientResponse, url: URL) -> None:
        """Take the nonce that Authentication-Info gives for the next request (§3.5)."""
        session = self._session
        text = response.headers.get(hdrs.AUTHENTICATION_INFO)
        if text is None or session is None or not session.covers(url):
            return
        if nonce := parse_auth_parameters(text).get("nextnonce"):
            self._session = _Session(attr.evolve(session.challenge, nonce=nonce), session.spaces)
