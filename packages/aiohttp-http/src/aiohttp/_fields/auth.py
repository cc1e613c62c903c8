"""Credentials and challenges (RFC 9110 §11): the Basic scheme (RFC 7617) and the general grammar.

What a challenge means is its scheme's business; here it is text and values.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from yarl import URL

from aiohttp._deprecations import declare, marked
from aiohttp._fields.grammar import TOKEN, quote
from aiohttp._late import late_pattern
from aiohttp._values import value_object

if TYPE_CHECKING:
    from typing_extensions import Self

_BASIC_AUTH = declare(
    "BasicAuth",
    since="3.14",
    instead="aiohttp.encode_basic_auth() with headers={'Authorization': ...}",
)


def encode_basic_auth(login: str, password: str = "", encoding: str = "utf-8") -> str:
    """Return the value of an Authorization field for the Basic scheme (RFC 7617 §2).

    Args:
        login: user name, without a colon.
        password: anything.
        encoding: charset of both; RFC 7617 §2.1 wants UTF-8, old servers latin-1.

    Raises:
        ValueError: the login holds a colon, or a character that the encoding has not.
    """
    if ":" in login:
        raise ValueError('A ":" is not allowed in login (RFC 7617#section-2)')
    return f"Basic {base64.b64encode(f'{login}:{password}'.encode(encoding)).decode('ascii')}"


class _Credentials(NamedTuple):
    login: str
    password: str = ""
    encoding: str = "latin1"


@marked("BasicAuth: use aiohttp.encode_basic_auth() with headers={'Authorization': ...}")
class BasicAuth(_Credentials):
    """User name and password; deprecated: send the value of :func:`encode_basic_auth`."""

    __slots__ = ()

    def __new__(cls, login: str, password: str = "", encoding: str = "latin1") -> Self:
        _BASIC_AUTH.warn()
        return cls._make_checked(login, password, encoding)

    @classmethod
    def _make_checked(cls, login: str, password: str, encoding: str) -> Self:
        if login is None:
            raise ValueError("None is not allowed as login value")
        if password is None:
            raise ValueError("None is not allowed as password value")
        if ":" in login:
            raise ValueError('A ":" is not allowed in login (RFC 1945#section-11.1)')
        # Not through __new__, which warns.
        return tuple.__new__(cls, (login, password, encoding))

    @classmethod
    def decode(cls, auth_header: str, encoding: str = "latin1") -> Self:
        """Return the credentials of an Authorization value.

        Raises:
            ValueError: it is not of the Basic scheme, or not well-formed.
        """
        scheme, separator, encoded = auth_header.partition(" ")
        if not separator:
            raise ValueError("Could not parse authorization header.")
        if scheme.lower() != "basic":
            raise ValueError(f"Unknown authorization method {scheme}")
        try:
            decoded = base64.b64decode(encoded.encode("ascii"), validate=True).decode(encoding)
        except (binascii.Error, UnicodeError):
            raise ValueError("Invalid base64 encoding.") from None
        # RFC 7617 §2: the user name ends at the first colon, which has to be there.
        login, separator, password = decoded.partition(":")
        if not separator:
            raise ValueError("Invalid credentials.")
        return cls._make_checked(login, password, encoding)

    @classmethod
    def from_url(cls, url: URL, *, encoding: str = "latin1") -> Self | None:
        """Return the credentials in ``url``, or None if it has none."""
        if not isinstance(url, URL):
            raise TypeError(f"url of BasicAuth.from_url(); expected yarl.URL; got {url!r}")
        # A user name may be missing where a password is there, and the other way round.
        if url.raw_user is None and url.raw_password is None:
            return None
        return cls._make_checked(url.user or "", url.password or "", encoding)

    def encode(self) -> str:
        """Return the value of an Authorization field."""
        credentials = f"{self.login}:{self.password}".encode(self.encoding)
        return f"Basic {base64.b64encode(credentials).decode('ascii')}"


def basic_auth(login: str, password: str = "", encoding: str = "latin1") -> BasicAuth:
    """Return a :class:`BasicAuth` without the warning: for code that the user did not write."""
    return BasicAuth._make_checked(login, password, encoding)


def strip_auth_from_url(url: URL) -> tuple[URL, BasicAuth | None]:
    """Return ``url`` without user and password, and these as credentials, if there are any."""
    if url.raw_user is None and url.raw_password is None:
        return url, None
    return url.with_user(None), BasicAuth.from_url(url)


# --- Challenges and credentials of any scheme ---


@value_object
class Challenge:
    """One challenge (RFC 9110 §11.3): a scheme with a token68, or with parameters."""

    # As written; compare in lower case.
    scheme: str
    # Names in lower case, values unquoted; the first of equal names counts.
    parameters: dict[str, str]
    token68: str = ""


# A quoted string that never ends takes the rest; a value that is no token goes up to the comma.
# What begins with another `=` is the padding of a token68.
_AUTH_PARAM = rf'({TOKEN})[ \t]*=(?!=)[ \t]*("(?:[^"\\]|\\.)*(?:"|\\?$)|[^,]*)'
_AUTH_PARAM_RE = late_pattern(_AUTH_PARAM, re.DOTALL)
_SCHEME_RE = late_pattern(rf"({TOKEN})(?:[ \t]+|(?=,)|$)")
# RFC 9110 §11.2; it ends a challenge.
_TOKEN68_RE = late_pattern(r"([A-Za-z0-9\-._~+/]+=*)[ \t]*(?=,|$)")
_SKIPPED_RE = late_pattern(r"[ \t,]*")
_QUOTED_PAIR_RE = late_pattern(r"\\(.)", re.DOTALL)


def parse_challenges(text: str) -> list[Challenge]:
    """Return the challenges of a WWW-Authenticate or Proxy-Authenticate value, in order.

    The list of challenges and the lists of their parameters are separated by the same comma
    (§11.6.1): what is followed by ``=`` is a parameter, else it is the next scheme.  Reading stops
    at what is neither.
    """
    challenges: list[Challenge] = []
    position = _skip(text, 0)
    while position < len(text):
        if challenges and (match := _AUTH_PARAM_RE.match(text, position)):
            name, value = match.groups()
            challenges[-1].parameters.setdefault(name.lower(), _unquote_lenient(value))
        elif match := _SCHEME_RE.match(text, position):
            scheme, token68 = match[1], ""
            if not _AUTH_PARAM_RE.match(text, match.end()) and (
                credentials := _TOKEN68_RE.match(text, match.end())
            ):
                token68, match = credentials[1], credentials
            challenges.append(Challenge(scheme, {}, token68))
        else:
            break
        position = _skip(text, match.end())
    return challenges


def _skip(text: str, position: int) -> int:
    match = _SKIPPED_RE.match(text, position)
    return match.end() if match else position


def _unquote_lenient(raw: str) -> str:
    if raw[:1] != '"':
        return raw.rstrip(" \t")
    inner = raw[1:-1] if len(raw) > 1 and raw[-1] == '"' else raw[1:]
    return _QUOTED_PAIR_RE.sub(r"\1", inner) if "\\" in inner else inner


def parse_auth_parameters(text: str) -> dict[str, str]:
    """Return the parameters in ``text``, lower-case name to value; what is none is skipped."""
    found: dict[str, str] = {}
    position = _skip(text, 0)
    while position < len(text):
        if match := _AUTH_PARAM_RE.match(text, position):
            found.setdefault(match[1].lower(), _unquote_lenient(match[2]))
            position = match.end()
        else:
            # No parameter: go on after the next white space or comma.
            position = _NEXT_WORD_RE.match(text, position).end()  # type: ignore[union-attr]
        position = _skip(text, position)
    return found


_NEXT_WORD_RE = late_pattern(r"[^ \t,]*")


def format_credentials(
    scheme: str, parameters: Iterable[tuple[str, str]], *, quoted: frozenset[str]
) -> str:
    """Return ``scheme name="value", name=value…``.

    Args:
        scheme: the scheme.
        parameters: names and values, in order.
        quoted: names whose values are sent as quoted-strings.

    Raises:
        ValueError: a value that is to be quoted holds a control character.
    """
    pairs = ", ".join(
        f"{name}={quote(value) if name in quoted else value}" for name, value in parameters
    )
    return f"{scheme} {pairs}"
