"""A directory of files as a resource."""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from yarl import URL

from aiohttp import hdrs
from aiohttp._web.path_patterns import quote_path, undo_kept_octets
from aiohttp._web.static_files import (
    Kind,
    checked_directory,
    content_hash,
    hash_text,
    leaves_by_root,
    listing,
    locate,
)
from aiohttp.typedefs import Handler, PathLike
from aiohttp.web_exceptions import HTTPForbidden, HTTPNotFound
from aiohttp.web_fileresponse import response_with_file
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_urldispatcher.resources import PrefixResource
from aiohttp.web_urldispatcher.routes import AbstractRoute, ResourceRoute, UrlMappingMatchInfo

if TYPE_CHECKING:
    from aiohttp.web_request import Request
    from aiohttp.web_urldispatcher.resources import Resolution
    from aiohttp.web_urldispatcher.routes import InfoDict

    ExpectHandler = Callable[[Request], Awaitable["StreamResponse | None"]]


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


class StaticResource(PrefixResource):
    """The files of a directory below a URL path; made by :meth:`UrlDispatcher.add_static`."""

    VERSION_KEY = "v"

    def __init__(
        self,
        prefix: str,
        directory: PathLike,
        *,
        name: str | None = None,
        expect_handler: ExpectHandler | None = None,
        chunk_size: int = 256 * 1024,
        show_index: bool = False,
        follow_symlinks: bool = False,
        append_version: bool = False,
    ) -> None:
        super().__init__(prefix, name=name)
        self._directory = checked_directory(directory)
        self._show_index = show_index
        self._chunk_size = chunk_size
        self._follow_symlinks = follow_symlinks
        self._expect_handler = expect_handler
        self._append_version = append_version
        self._routes = {
            method: ResourceRoute(method, self._handle, self, expect_handler=expect_handler)
            for method in (hdrs.METH_GET, hdrs.METH_HEAD)
        }
        self._allowed_methods = set(self._routes)

    # --- URLs ---

    def url_for(  # type: ignore[override]
        self, *, filename: PathLike, append_version: bool | None = None
    ) -> URL:
        """Build the URL of a file.

        Args:
            filename: the path below the directory.
            append_version: add a hash of the content as a query parameter; None does what the
                resource was made to do.  A file that cannot be read gets none.
        """
        name = str(filename).lstrip("/")
        url = URL.build(path=f"{self._prefix}/{quote_path(name)}", encoded=True)
        if append_version is None:
            append_version = self._append_version
        if not append_version:
            return url
        try:
            located = locate(self._directory, name, follow_symlinks=self._follow_symlinks)
            if located.kind is not Kind.FILE:
                return url
            return url.with_query({self.VERSION_KEY: content_hash(located.path)})
        except OSError:
            return url

    @staticmethod
    def _get_file_hash(byte_array: bytes) -> str:
        return hash_text(hashlib.sha256(byte_array).digest())

    def get_info(self) -> InfoDict:
        return {"directory": self._directory, "prefix": self._prefix, "routes": self._routes}

    # --- Routes ---

    def set_options_route(self, handler: Handler) -> None:
        """Add a route for OPTIONS.

        Raises:
            RuntimeError: there is one.
        """
        if hdrs.METH_OPTIONS in self._routes:
            raise RuntimeError("OPTIONS route was set already")
        self._routes[hdrs.METH_OPTIONS] = ResourceRoute(
            hdrs.METH_OPTIONS, handler, self, expect_handler=self._expect_handler
        )
        self._allowed_methods.add(hdrs.METH_OPTIONS)

    async def resolve(self, request: Request) -> Resolution:
        return self._match_request(request, request.rel_url.path_safe)

    def _resolve_now(self, request: Request, path: str) -> Resolution | None:
        if type(self).resolve is not StaticResource.resolve:
            return None
        return self._match_request(request, path)

    def _match_request(self, request: Request, path: str) -> Resolution:
        prefix = self._decoded_prefix
        if ".." in path and not _is_below(posixpath.normpath(path), prefix):
            return None, set()
        if not _is_below(path, prefix):
            return None, set()
        route = self._routes.get(request.method)
        if route is None:
            return None, self._allowed_methods
        variables = {"filename": undo_kept_octets(path[len(prefix) + 1 :])}
        return UrlMappingMatchInfo(variables, route), self._allowed_methods

    def __len__(self) -> int:
        return len(self._routes)

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter(self._routes.values())

    # --- Answering ---

    async def _handle(self, request: Request) -> StreamResponse:
        filename = request.match_info["filename"]
        if leaves_by_root(filename):
            # /static//etc/passwd or a UNC share: joined to the directory, it would replace it.
            raise HTTPForbidden()
        loop = asyncio.get_running_loop()
        accept_encoding = request.headers.get(hdrs.ACCEPT_ENCODING, "")
        return await loop.run_in_executor(
            None, self._resolve_path_to_response, filename, accept_encoding
        )

    def _resolve_path_to_response(self, filename: str, accept_encoding: str) -> StreamResponse:
        """Return what answers for a path; blocking."""
        try:
            located = locate(self._directory, filename, follow_symlinks=self._follow_symlinks)
            if located.kind is Kind.FILE:
                return response_with_file(
                    located.path, located.size, accept_encoding, self._chunk_size
                )
            if not self._show_index:
                raise HTTPForbidden()
            return Response(text=self._directory_as_html(located.path), content_type="text/html")
        except PermissionError as error:
            raise HTTPForbidden() from error
        except OSError as error:
            raise HTTPNotFound() from error

    def _directory_as_html(self, dir_path: Path) -> str:
        return listing(dir_path, self._directory, self._prefix)

    def __repr__(self) -> str:
        name = f"'{self.name}'" if self.name is not None else ""
        return f"<StaticResource {name} {self._prefix} -> {self._directory!r}>"
