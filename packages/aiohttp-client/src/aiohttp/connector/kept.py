"""Connections that were kept: lent to calls that need no new one, and taken back.

This is what the short way of a session asks of its connector.  The places of such calls are counted
like all others; their deadlines are watched by one timer.
"""

from __future__ import annotations

import asyncio

from aiohttp._client.pool import Pool
from aiohttp._timers import call_at_if_alive
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey

_NEVER = float("inf")


class KeptConnections:
    """The part of a connector that lends them; the rest of it makes and closes connections."""

    _loop: asyncio.AbstractEventLoop
    _pool: Pool[ConnectionKey, ResponseHandler]
    _closed: bool
    _force_close: bool
    # Seconds that an idle connection is kept; None: for ever.
    _keepalive_timeout: float | None
    # The timer that looks after idle connections, when there are any.
    _cleanup_handle: asyncio.TimerHandle | None = None
    # The timer of calls on connections that were kept, and the time at which it fires.
    _expiry_handle: asyncio.TimerHandle | None = None
    _next_expiry = _NEVER

    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        raise NotImplementedError

    def _arm_cleanup(self) -> None:
        raise NotImplementedError

    @property
    def keeps_any(self) -> bool:
        """Whether there is an idle connection."""
        return bool(self._pool.idle)

    def take_kept(self, key: ConnectionKey, now: float, deadline: float) -> ResponseHandler | None:
        """Return an idle connection for ``key``, if there is one; it goes back by `give_back`.

        Its own ``deadline`` is watched from now on, which is to be set to the one given here.
        ``now``, ``deadline``: by the clock of the loop.
        """
        if not self._pool.idle:
            return None
        keepalive = self._keepalive_timeout
        oldest = -_NEVER if keepalive is None else now - keepalive
        protocol = self._pool.take(key, oldest, ResponseHandler.is_fit)
        if protocol is not None and deadline < self._next_expiry:
            self._arm_expiry(deadline)
        return protocol

    def give_back(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        """Take back what `take_kept` gave."""
        pool = self._pool
        if should_close or pool.waiting or self._force_close or not protocol.is_fit():
            self._release(key, protocol, should_close=should_close or protocol.should_close)
            return
        if not self._closed:
            pool.leave(key, protocol)
            pool.keep(key, protocol, protocol.timing.body_end)
            if self._cleanup_handle is None:
                self._arm_cleanup()

    def _arm_expiry(self, deadline: float) -> None:
        if self._expiry_handle is not None:
            self._expiry_handle.cancel()
        self._next_expiry = deadline
        self._expiry_handle = call_at_if_alive(self, "_expire", deadline, self._loop)

    def _expire(self) -> None:
        """Let the calls whose time is over hear of it; called by the timer."""
        self._expiry_handle = None
        self._next_expiry = _NEVER
        now = self._loop.time()
        coming = _NEVER
        for holder in list(self._pool.acquired):
            if isinstance(holder, ResponseHandler):
                if holder.deadline <= now:
                    holder.expire()
                coming = min(coming, holder.deadline)
        if coming < _NEVER:
            self._arm_expiry(coming)
