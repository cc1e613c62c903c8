"""Completing futures that may be complete."""

from __future__ import annotations

import asyncio

from aiohttp._futures import noop, set_exception, set_result


async def test_set_result_leaves_a_done_future_alone() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    set_result(future, 1)
    set_result(future, 2)
    assert future.result() == 1


async def test_set_exception_keeps_the_cause() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    error, cause = ValueError(), KeyError()
    set_exception(future, error, cause)
    set_exception(future, KeyError())
    assert future.exception() is error
    assert error.__cause__ is cause


async def test_an_error_is_not_its_own_cause() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    error = ValueError()
    set_exception(future, error, error)
    assert future.exception() is error
    assert error.__cause__ is None


def test_set_exception_of_a_stream() -> None:
    told: list[BaseException] = []

    class Stream:
        def set_exception(
            self,
            exc: BaseException,
            exc_cause: BaseException = BaseException(),  # noqa: B008
        ) -> None:
            told.append(exc)

    error = ValueError()
    set_exception(Stream(), error)
    assert told == [error]


async def test_noop() -> None:
    assert await noop() is None  # type: ignore[func-returns-value]
