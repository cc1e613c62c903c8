"""The verbs of a session: each is a call that was not made yet."""

from __future__ import annotations

from typing import Any

from aiohttp.client.pending import _RequestContextManager
from aiohttp.client_reqrep import ClientResponse
from aiohttp.hdrs import (
    METH_DELETE,
    METH_GET,
    METH_HEAD,
    METH_OPTIONS,
    METH_PATCH,
    METH_POST,
    METH_PUT,
)
from aiohttp.typedefs import StrOrURL


class Verbs:
    """What of a session programs call most."""

    async def _request(self, method: str, str_or_url: StrOrURL, **kwargs: Any) -> ClientResponse:
        """Make a call; every verb ends here.  Keyword arguments as of `request`."""
        raise NotImplementedError

    def request(self, method: str, url: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a call; ``await`` it, or ``async with`` it, for a `ClientResponse`.

        Keyword arguments, each default the session's where it has one:

        ``params``: added to the query.  ``data``: the body (bytes, str, mapping, pairs, `FormData`,
        file, async iterable, `Payload`); ``json``: the body, serialized.  ``cookies``, ``headers``,
        ``skip_auto_headers``: added to the session's.  ``auth``.  ``allow_redirects``,
        ``max_redirects``.  ``compress``: ``True``, ``"deflate"``, ``"gzip"``.  ``chunked``: send
        the body in chunks.  ``expect100``: wait with the body until the server wants it.
        ``raise_for_status``.  ``read_until_eof``: a body without a length ends with the connection.
        ``proxy``, ``proxy_auth``, ``proxy_headers``.  ``timeout``: a `ClientTimeout`.  ``ssl``:
        ``True`` (check the certificate), ``False``, a `Fingerprint` or a context;
        ``server_hostname``: the name that the certificate must have.  ``trace_request_ctx``: given
        to the tracers.  ``read_bufsize``, ``auto_decompress``, ``max_line_size``,
        ``max_field_size``, ``max_headers``.  ``middlewares``: instead of the session's.
        ``upload_tracker``: an `UploadTracker`.

        Raises a subclass of `ClientError`, or ``TimeoutError``.
        """
        return _RequestContextManager(self._request(method, url, **kwargs))

    def get(
        self, url: StrOrURL, *, allow_redirects: bool = True, **kwargs: Any
    ) -> _RequestContextManager:
        """Make a GET call; see `request`."""
        return _RequestContextManager(
            self._request(METH_GET, url, allow_redirects=allow_redirects, **kwargs)
        )

    def options(
        self, url: StrOrURL, *, allow_redirects: bool = True, **kwargs: Any
    ) -> _RequestContextManager:
        """Make an OPTIONS call; see `request`."""
        return _RequestContextManager(
            self._request(METH_OPTIONS, url, allow_redirects=allow_redirects, **kwargs)
        )

    def head(
        self, url: StrOrURL, *, allow_redirects: bool = False, **kwargs: Any
    ) -> _RequestContextManager:
        """Make a HEAD call, which by default does not follow redirects; see `request`."""
        return _RequestContextManager(
            self._request(METH_HEAD, url, allow_redirects=allow_redirects, **kwargs)
        )

    def post(self, url: StrOrURL, *, data: Any = None, **kwargs: Any) -> _RequestContextManager:
        """Make a POST call; see `request`."""
        return _RequestContextManager(self._request(METH_POST, url, data=data, **kwargs))

    def put(self, url: StrOrURL, *, data: Any = None, **kwargs: Any) -> _RequestContextManager:
        """Make a PUT call; see `request`."""
        return _RequestContextManager(self._request(METH_PUT, url, data=data, **kwargs))

    def patch(self, url: StrOrURL, *, data: Any = None, **kwargs: Any) -> _RequestContextManager:
        """Make a PATCH call; see `request`."""
        return _RequestContextManager(self._request(METH_PATCH, url, data=data, **kwargs))

    def delete(self, url: StrOrURL, **kwargs: Any) -> _RequestContextManager:
        """Make a DELETE call; see `request`."""
        return _RequestContextManager(self._request(METH_DELETE, url, **kwargs))
