"""How far the body of a request has come.

Knows futures, and a transport as far as to ask how much it still holds; knows no request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp.client_exceptions import UploadAbortedError


class UploadTracker:
    """Watches the upload of one call: pass it as ``upload_tracker=`` to a request.

    ``bytes_written`` are the bytes of the body that have left the process in the attempt that is
    going on (a redirect or a retry is a further attempt; ``attempts`` counts them).
    ``upload_complete`` is a future: its result is ``None`` when the body was sent to its end; it
    raises what stopped it when it was not, `UploadAbortedError` when that was no error.
    """

    def __init__(self) -> None:
        self.attempts = 0
        self.upload_complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._bound = False
        # The call is over: there will be no further attempt.
        self._final = False
        # How the attempt that goes on, or the last one, ended.
        self._finished = False
        self._failed = False
        self._error: BaseException | None = None
        # Bytes handed to the transport in this attempt, and how many of all it still holds.
        self._accepted = 0
        self._held: Callable[[], int] | None = None

    def __repr__(self) -> str:
        return f"<UploadTracker attempts={self.attempts} bytes_written={self.bytes_written}>"

    @property
    def bytes_written(self) -> int:
        """Bytes of the body that have left the process, in this attempt."""
        held = 0 if self._held is None else self._held()
        return max(0, self._accepted - held)

    # The rest is called by the request that is watched.

    def bind(self) -> None:
        """Belong to a call; a second one is refused with ``RuntimeError``."""
        if self._bound:
            raise RuntimeError(
                "UploadTracker is already bound to a request; make one for each request"
            )
        self._bound = True

    def attempt_started(self) -> None:
        """Begin to count anew."""
        self.attempts += 1
        self._accepted = 0
        self._finished = self._failed = False
        self._error = None
        self._held = None

    def writing(self, held: Callable[[], int]) -> None:
        """Note that the body is on its way; ``held`` tells what the transport has not sent."""
        self._held = held

    def add(self, size: int, total: int = 0) -> None:
        """Count ``size`` bytes of the body that were handed to the transport."""
        self._accepted += size

    def attempt_finished(self) -> None:
        """Note that the body is out."""
        self._finished = True
        self._held = None
        self._settle()

    def attempt_failed(self, error: BaseException | None) -> None:
        """Note that the body will not be sent to its end; ``error``: why, if that is known."""
        self._accepted = self.bytes_written
        self._held = None
        self._failed = True
        self._error = error
        self._settle()

    def call_ended(self, error: BaseException | None = None) -> None:
        """Note that no further attempt follows; ``error``: what the call failed with."""
        self._final = True
        if error is not None and not (self._finished or self._failed):
            aborted = UploadAbortedError("The request body was not fully sent")
            aborted.__cause__ = error
            self.attempt_failed(aborted)
        else:
            self._settle()

    def _settle(self) -> None:
        future = self.upload_complete
        if not self._final or future.done():
            return
        if self._finished:
            future.set_result(None)
        elif self._failed:
            future.set_exception(
                self._error or UploadAbortedError("The request body was not fully sent")
            )
            future.exception()  # nobody has to look
