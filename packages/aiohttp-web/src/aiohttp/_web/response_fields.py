"""The header fields of a response, as its handler sees and sets them.

Knows what single fields mean; not the status, the body or the connection.  The fields are made when
somebody looks at them: most responses have but a ``Content-Type``, and nobody looks.
"""

from __future__ import annotations

import datetime
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, TypedDict, overload

from multidict import CIMultiDict, istr

from aiohttp import hdrs
from aiohttp._content_headers import HeadersMixin
from aiohttp._deprecations import declare, marked
from aiohttp._fields.dates import format_http_date, parse_http_date
from aiohttp._fields.etag import ETAG_ANY, ETag, format_etag, parse_etag, validate_etag_value
from aiohttp._web.response_head import DELETED, fill_cookie

if TYPE_CHECKING:
    from typing_extensions import Unpack

    class _CookieOptions(TypedDict, total=False):
        """What a cookie may be set with."""

        expires: str | None
        domain: str | None
        max_age: int | str | None
        path: str
        secure: bool | None
        httponly: bool | None
        samesite: str | None
        partitioned: bool | None


OCTET_STREAM = "application/octet-stream"

_COOKIE_VERSION = declare(
    "version argument of set_cookie()",
    since="3.15",
    instead="nothing; RFC 6265 has no version",
)


class ResponseFields(HeadersMixin):
    """Mixed into responses."""

    # The fields, once somebody wants to see or change them; until then only a Content-Type.
    _fields: CIMultiDict[str] | None = None
    _pending_type: str | None = None
    # What left without fields having been made: a head, and maybe a body.
    _sent: bytes | None = None
    _cookies: SimpleCookie | None = None
    _chunked = False

    @property
    def _headers(self) -> CIMultiDict[str]:  # type: ignore[override]
        fields = self._fields
        if fields is None:
            fields = self._fields = CIMultiDict()
            if self._sent is not None:
                fields.extend(_fields_of(self._sent))
            elif self._pending_type is not None:
                fields[hdrs.CONTENT_TYPE] = self._pending_type
        return fields

    @property
    def headers(self) -> CIMultiDict[str]:
        """The header fields."""
        return self._headers

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies to set, as :class:`http.cookies.SimpleCookie`."""
        if self._cookies is None:
            self._cookies = SimpleCookie()
        return self._cookies

    @overload
    def set_cookie(self, name: str, value: str, **options: Unpack[_CookieOptions]) -> None: ...

    @overload
    @marked("version argument of set_cookie(): use nothing; RFC 6265 has no version")
    def set_cookie(
        self, name: str, value: str, *, version: str | None, **options: Unpack[_CookieOptions]
    ) -> None: ...

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        expires: str | None = None,
        domain: str | None = None,
        max_age: int | str | None = None,
        path: str = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        version: str | None = None,
        samesite: str | None = None,
        partitioned: bool | None = None,
    ) -> None:
        """Set a cookie (RFC 6265 §4.1).

        Args:
            name: a token.
            value: it is quoted if it needs to be.
            expires: an HTTP date.
            domain: hosts that get the cookie back; None is this one only.
            max_age: seconds that the cookie lives; it goes before ``expires``.
            path: paths that get the cookie back.
            secure: send it back over TLS only.
            httponly: hide it from scripts.
            version: of RFC 2109; deprecated, and sent as given.
            samesite: ``"Strict"``, ``"Lax"`` or ``"None"``.
            partitioned: keep it apart for each top-level site (CHIPS).

        Raises:
            http.cookies.CookieError: ``name`` is no token.
        """
        if version is not None:
            _COOKIE_VERSION.warn()
        cookies = self.cookies
        cookies[name] = value
        fill_cookie(
            cookies[name],
            {
                "expires": expires,
                "domain": domain,
                "max-age": max_age,
                "path": path,
                "secure": secure,
                "httponly": httponly,
                "version": version,
                "samesite": samesite,
                "partitioned": partitioned,
            },
        )

    def del_cookie(
        self,
        name: str,
        *,
        domain: str | None = None,
        path: str = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        samesite: str | None = None,
    ) -> None:
        """Have the peer forget a cookie: ``domain`` and ``path`` must be those it was set with."""
        self.cookies.pop(name, None)
        self.set_cookie(
            name,
            "",
            max_age=0,
            expires=DELETED,
            domain=domain,
            path=path,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )

    @property
    def content_length(self) -> int | None:
        """``Content-Length`` in bytes, None if unknown."""
        return super().content_length

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        if value is None:
            self._headers.pop(hdrs.CONTENT_LENGTH, None)
            return
        if self._chunked:
            raise RuntimeError("You can't set content length when chunked encoding is enable")
        self._headers[hdrs.CONTENT_LENGTH] = str(int(value))

    @property
    def content_type(self) -> str:
        """The media type, without parameters."""
        return super().content_type

    @content_type.setter
    def content_type(self, value: str) -> None:
        self._refresh_content_type()
        self._content_type = str(value)
        self._generate_content_type_header()

    @property
    def charset(self) -> str | None:
        """The charset parameter of the media type."""
        return super().charset

    @charset.setter
    def charset(self, value: str | None) -> None:
        if self.content_type == OCTET_STREAM:
            raise RuntimeError(
                "Setting charset for application/octet-stream "
                "doesn't make sense, setup content_type first"
            )
        parameters = dict(self._content_dict or {})
        if value is None:
            parameters.pop("charset", None)
        else:
            parameters["charset"] = str(value).lower()
        self._content_dict = parameters
        self._generate_content_type_header()

    def _generate_content_type_header(self, CONTENT_TYPE: istr = hdrs.CONTENT_TYPE) -> None:
        parameters = "".join(
            f"; {name}={value}" for name, value in (self._content_dict or {}).items()
        )
        value = f"{self._content_type}{parameters}"
        self._headers[CONTENT_TYPE] = value
        self._stored_content_type = value

    @property
    def last_modified(self) -> datetime.datetime | None:
        """``Last-Modified``; set it to a datetime, a POSIX time in seconds, a str, or None."""
        return parse_http_date(self._headers.get(hdrs.LAST_MODIFIED))

    @last_modified.setter
    def last_modified(self, value: int | float | datetime.datetime | str | None) -> None:
        if value is None:
            self._headers.pop(hdrs.LAST_MODIFIED, None)
        elif isinstance(value, str):
            self._headers[hdrs.LAST_MODIFIED] = value
        elif isinstance(value, datetime.datetime):
            # A naive datetime is UTC here.
            aware = (
                value if value.tzinfo is not None else value.replace(tzinfo=datetime.timezone.utc)
            )
            self.last_modified = aware.timestamp()
        elif isinstance(value, (int, float)):
            # Up, so that a file is never newer than what was said of it.
            self._headers[hdrs.LAST_MODIFIED] = format_http_date(-(-value // 1))
        else:
            raise TypeError(f"Unsupported type for last_modified: {type(value).__name__}")

    @property
    def etag(self) -> ETag | None:
        """``ETag`` (RFC 9110 §8.8.3); set it to an :class:`ETag`, a str that is strong, or None."""
        raw = self._headers.get(hdrs.ETAG)
        if not raw:
            return None
        return ETag(ETAG_ANY) if raw == ETAG_ANY else parse_etag(raw)

    @etag.setter
    def etag(self, value: ETag | str | None) -> None:
        if value is None:
            self._headers.pop(hdrs.ETAG, None)
            return
        tag = ETag(value) if isinstance(value, str) else value
        if not isinstance(tag, ETag) or not isinstance(tag.value, str):
            raise ValueError(
                f"Unsupported etag type: {type(value)}. etag must be str, ETag or None"
            )
        validate_etag_value(tag.value)
        self._headers[hdrs.ETAG] = format_etag(tag)


def _fields_of(response: bytes) -> list[tuple[str, str]]:
    """Return the fields of a response of our own making."""
    head = response.partition(b"\r\n\r\n")[0]
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")[1:]
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
