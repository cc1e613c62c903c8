"""Ask a silent peer whether it is still there, and tell when it is not.

One timer at a time, re-armed when it is due: what arrives only notes the time.  This file knows a
clock and timers; who sends a ping and who acts on silence is given to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp._timers import calculate_timeout_when

# A pong is due within this part of the interval.
PONG_SHARE: Final = 0.5

# Seconds; intervals above are rounded up to whole seconds of the loop's clock, so that timers fall
# together.
CEIL_THRESHOLD: Final = 5.0

# Seconds; the loop's clock may run a timer a little early.
CLOCK_SLACK: Final = 0.001


class Heartbeat:
    """Send a ping after `interval` seconds without inbound data; anything that arrives answers it.

    Args:
        interval: seconds of silence before a ping.
        loop: its clock and timers.
        ping: sends a ping, or raises ConnectionError when it cannot.
        is_held: tells whether we ourselves hold back the peer's data; silence proves nothing then.
        on_silence: called, with the seconds waited, when half an interval after a ping nothing had
            arrived.
    """

    def __init__(
        self,
        interval: float,
        loop: asyncio.AbstractEventLoop,
        *,
        ping: Callable[[], None],
        is_held: Callable[[], bool],
        on_silence: Callable[[float], None],
    ) -> None:
        self.interval = interval
        self._loop = loop
        self._ping = ping
        self._is_held = is_held
        self._on_silence = on_silence
        # Loop time of the last sign of life, and of the ping that waits for one.
        self._heard = loop.time()
        self._pinged = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pong_timeout(self) -> float:
        """Seconds that an answer may take."""
        return self.interval * PONG_SHARE

    def start(self) -> None:
        """Begin to watch."""
        self._arm(self._heard, self.interval, self._on_quiet)

    def stop(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def heard(self) -> None:
        """Note a sign of life."""
        self._heard = self._loop.time()

    def _arm(self, since: float, seconds: float, callback: Callable[[], None]) -> None:
        when = calculate_timeout_when(since, seconds, CEIL_THRESHOLD)
        self._timer = self._loop.call_at(when, callback)

    def _on_quiet(self) -> None:
        self._timer = None
        now = self._loop.time()
        if now + CLOCK_SLACK < self._heard + self.interval:
            self._arm(self._heard, self.interval, self._on_quiet)
            return
        try:
            self._ping()
        except ConnectionError:
            return  # who receives is told by the connection itself
        self._pinged = now
        self._arm(now, self.pong_timeout, self._on_pong_due)

    def _on_pong_due(self) -> None:
        self._timer = None
        if self._heard >= self._pinged:
            self._arm(self._heard, self.interval, self._on_quiet)
        elif self._is_held():
            self._pinged = self._loop.time()
            self._arm(self._pinged, self.pong_timeout, self._on_pong_due)
        else:
            self._on_silence(self.pong_timeout)
