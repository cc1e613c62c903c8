"""How far the body of a request has come."""

from __future__ import annotations

import pytest

from aiohttp import UploadAbortedError, UploadTracker


async def test_a_body_that_is_sent() -> None:
    tracker = UploadTracker()
    tracker.bind()
    tracker.attempt_started()
    tracker.writing(lambda: 3)
    tracker.add(10)
    assert tracker.bytes_written == 7
    tracker.attempt_finished()
    assert tracker.bytes_written == 10
    assert not tracker.upload_complete.done()
    tracker.call_ended()
    await tracker.upload_complete
    assert tracker.attempts == 1


async def test_it_counts_the_last_attempt() -> None:
    tracker = UploadTracker()
    for size in (10, 4):
        tracker.attempt_started()
        tracker.add(size)
    assert (tracker.attempts, tracker.bytes_written) == (2, 4)


async def test_a_body_that_fails() -> None:
    tracker = UploadTracker()
    tracker.attempt_started()
    error = OSError("disk")
    tracker.attempt_failed(error)
    tracker.call_ended(RuntimeError("the call"))
    assert tracker.upload_complete.exception() is error


async def test_a_call_that_fails_before_its_body_is_sent() -> None:
    tracker = UploadTracker()
    error = RuntimeError("the call")
    tracker.call_ended(error)
    with pytest.raises(UploadAbortedError) as caught:
        await tracker.upload_complete
    assert caught.value.__cause__ is error


async def test_one_tracker_one_request() -> None:
    tracker = UploadTracker()
    tracker.bind()
    with pytest.raises(RuntimeError, match="already bound"):
        tracker.bind()
