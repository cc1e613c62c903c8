"""Complete a future that may already be complete, with the cause of a failure kept."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")

# Stands for "no cause given"; None is a cause of its own: it suppresses the context.
_EXC_SENTINEL = BaseException()


class ErrorableProtocol(Protocol):
    """What can be told of a failure: a stream, a queue."""

    def set_exception(self, exc: BaseException, exc_cause: BaseException = ...) -> None: ...


def set_result(fut: asyncio.Future[_T], result: _T) -> None:
    """Give ``fut`` its result, unless it is done."""
    if not fut.done():
        fut.set_result(result)


def set_exception(
    fut: asyncio.Future[Any] | ErrorableProtocol,
    exc: BaseException,
    exc_cause: BaseException = _EXC_SENTINEL,
) -> None:
    """Fail ``fut`` with ``exc``, unless it is done.

    Args:
        fut: a future, or a stream that has ``set_exception``.
        exc: the error.
        exc_cause: becomes ``exc.__cause__``.
    """
    if isinstance(fut, asyncio.Future) and fut.done():
        return
    if exc_cause is not _EXC_SENTINEL and exc_cause is not exc:
        exc.__cause__ = exc_cause
    fut.set_exception(exc)


class noop:
    """Awaiting it does nothing: what is returned where nobody needs to wait."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return
        yield
