"""How a session opens WebSockets: a call, and the handshake that is told by its response."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, overload

from multidict import CIMultiDict

from aiohttp._client.tls import merge_ssl_options
from aiohttp._content_headers import _SENTINEL, sentinel
from aiohttp._deprecations import marked
from aiohttp._fields.auth import BasicAuth
from aiohttp._h1.messages import HttpVersion11
from aiohttp.client.arguments import ws_timeout
from aiohttp.client.pending import _WSRequestContextManager
from aiohttp.client.settings import SessionSettings
from aiohttp.client.verbs import Verbs
from aiohttp.client_reqrep import Fingerprint
from aiohttp.client_ws import ClientWebSocketResponse, ClientWSTimeout
from aiohttp.hdrs import METH_GET
from aiohttp.typedefs import LooseHeaders, Query, StrOrURL

if TYPE_CHECKING:
    from ssl import SSLContext

    from typing_extensions import Unpack

    from aiohttp.client._keywords import (
        OlderWSConnectOptions,
        OldWSConnectOptions,
        WSConnectOptions,
    )


class WebSockets(Verbs, SessionSettings):
    """The verb of a session that opens one."""

    @overload
    def ws_connect(
        self, url: StrOrURL, **options: Unpack[WSConnectOptions]
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("verify_ssl argument: use ssl=True or ssl=False")
    def ws_connect(
        self, url: StrOrURL, *, verify_ssl: bool | None, **options: Unpack[OlderWSConnectOptions]
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("ssl_context argument: use ssl=ssl_context")
    def ws_connect(
        self,
        url: StrOrURL,
        *,
        ssl_context: SSLContext | None,
        **options: Unpack[OlderWSConnectOptions],
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("fingerprint argument: use ssl=Fingerprint(digest)")
    def ws_connect(
        self, url: StrOrURL, *, fingerprint: bytes | None, **options: Unpack[OlderWSConnectOptions]
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("receive_timeout argument of ws_connect: use timeout=ClientWSTimeout(ws_receive=...)")
    def ws_connect(
        self,
        url: StrOrURL,
        *,
        receive_timeout: float | None,
        **options: Unpack[OldWSConnectOptions],
    ) -> _WSRequestContextManager: ...

    @overload
    @marked("float as timeout of ws_connect: use timeout=ClientWSTimeout(ws_close=...)")
    def ws_connect(
        self, url: StrOrURL, **options: Unpack[OldWSConnectOptions]
    ) -> _WSRequestContextManager: ...

    def ws_connect(
        self,
        url: StrOrURL,
        *,
        method: str = METH_GET,
        protocols: Iterable[str] = (),
        timeout: float | ClientWSTimeout | _SENTINEL = sentinel,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        auth: BasicAuth | None = None,
        origin: str | None = None,
        params: Query = None,
        headers: LooseHeaders | None = None,
        proxy: StrOrURL | None = None,
        proxy_auth: BasicAuth | None = None,
        ssl: SSLContext | bool | Fingerprint = True,
        verify_ssl: bool | None = None,
        fingerprint: bytes | None = None,
        ssl_context: SSLContext | None = None,
        server_hostname: str | None = None,
        proxy_headers: LooseHeaders | None = None,
        compress: int = 0,
        max_msg_size: int = 4 * 1024 * 1024,
        decode_text: bool = True,
    ) -> _WSRequestContextManager:
        """Open a WebSocket; ``await`` it, or ``async with`` it, for a `ClientWebSocketResponse`.

        Args:
            protocols: subprotocols, the favourite first.
            timeout: seconds for a message and for closing.
            autoclose, autoping: answer close and ping frames.
            heartbeat: seconds between pings; a missing pong closes the connection.
            origin: value of the Origin field.
            compress: window bits (9 to 15) of permessage-deflate to offer; 0: none.
            max_msg_size: bytes of a message; a larger one closes the connection.  0: no limit.
            decode_text: ``False`` gives text messages as bytes.

        The others as of `request`.  Raises `WSServerHandshakeError` when the server does not agree.
        """
        return _WSRequestContextManager(
            self._ws_connect(
                url,
                method=method,
                protocols=protocols,
                timeout=timeout,
                receive_timeout=receive_timeout,
                autoclose=autoclose,
                autoping=autoping,
                heartbeat=heartbeat,
                auth=auth,
                origin=origin,
                params=params,
                headers=headers,
                proxy=proxy,
                proxy_auth=proxy_auth,
                ssl=merge_ssl_options(ssl, verify_ssl, ssl_context, fingerprint),
                server_hostname=server_hostname,
                proxy_headers=proxy_headers,
                compress=compress,
                max_msg_size=max_msg_size,
                decode_text=decode_text,
            )
        )

    async def _ws_connect(
        self,
        url: StrOrURL,
        *,
        method: str = METH_GET,
        protocols: Iterable[str] = (),
        timeout: float | ClientWSTimeout | _SENTINEL = sentinel,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        origin: str | None = None,
        headers: LooseHeaders | None = None,
        compress: int = 0,
        max_msg_size: int = 4 * 1024 * 1024,
        decode_text: bool = True,
        **request_options: Any,
    ) -> ClientWebSocketResponse[Any]:
        # Few programs open any, and the machinery of WebSockets comes with it.
        from aiohttp._client.websocket_upgrade import WSOptions, agree, propose, take_over

        if self._version < HttpVersion11:
            raise ValueError(
                "ws_connect() expected HTTP/1.1, as WebSocket needs it (RFC 6455 §4.1); the "
                f"session has {self._version}"
            )
        behaviour = WSOptions(
            timeout=ws_timeout(timeout, receive_timeout),
            autoclose=autoclose,
            autoping=autoping,
            heartbeat=heartbeat,
            max_msg_size=max_msg_size,
            decode_text=decode_text,
        )
        upgrade_headers: CIMultiDict[str] = CIMultiDict(headers or ())
        proposal = propose(upgrade_headers, protocols, origin, compress)
        response = await self.request(
            method, url, headers=upgrade_headers, read_until_eof=False, **request_options
        )
        try:
            agreement = agree(response, proposal)
            return take_over(
                response,
                agreement,
                behaviour,
                response_class=self._ws_response_class,
                loop=self._loop,
            )
        except BaseException:
            response.close()
            raise
