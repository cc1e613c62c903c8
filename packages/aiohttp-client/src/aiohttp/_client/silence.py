"""A connection that notices when its peer says nothing for too long.

I/O: one timer of the loop a connection.  What silence means is the subclass's to say.
"""

from __future__ import annotations

import asyncio

from aiohttp._timers import calculate_timeout_when
from aiohttp.base_protocol import BaseProtocol


class SilenceWatch(BaseProtocol):
    """The timer of one connection; `_fall_silent` is called when it has been silent too long.

    Each arrival moves the deadline and leaves the timer as it is: that looks at the deadline when
    it fires, and sleeps on.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        # Silence that is allowed, in seconds; the time when it will have lasted too long.
        self._read_timeout: float | None = None
        self._read_deadline = 0.0
        self._read_timeout_handle: asyncio.TimerHandle | None = None
        # Timeouts of more seconds than these are rounded up to whole ones.
        self._ceil_threshold: float = 5

    @property
    def read_timeout(self) -> float | None:
        """Silence that is allowed, in seconds; ``None``: any."""
        return self._read_timeout

    @read_timeout.setter
    def read_timeout(self, read_timeout: float | None) -> None:
        self._read_timeout = read_timeout

    def start_timeout(self) -> None:
        """Begin to count silence: the request has been sent."""
        if not self._read_timeout:
            return
        self._extend_deadline()
        if self._read_timeout_handle is None:
            self._read_timeout_handle = self._loop.call_at(self._read_deadline, self._on_silence)

    def pause_reading(self) -> None:
        """Receive no more until resumed; silence of our own making is not the peer's."""
        super().pause_reading()
        self._drop_timeout()

    def _extend_deadline(self) -> None:
        if self._read_timeout:
            self._read_deadline = calculate_timeout_when(
                self._loop.time(), self._read_timeout, self._ceil_threshold
            )

    def _drop_timeout(self) -> None:
        if self._read_timeout_handle is not None:
            self._read_timeout_handle.cancel()
            self._read_timeout_handle = None

    def _on_silence(self) -> None:
        self._read_timeout_handle = None
        if self._loop.time() < self._read_deadline:
            self._read_timeout_handle = self._loop.call_at(self._read_deadline, self._on_silence)
        else:
            self._fall_silent()

    def _fall_silent(self) -> None:
        """Take the news that the peer has been silent for too long."""
        raise NotImplementedError
