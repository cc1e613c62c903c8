"""Calls that were not made yet: what the verbs of a session return."""

from __future__ import annotations

from collections.abc import (
    Coroutine,
    Generator,
)
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from aiohttp.client_reqrep import (
    ClientResponse,
)
from aiohttp.client_ws import ClientWebSocketResponse

_Result = TypeVar("_Result", bound="ClientResponse | ClientWebSocketResponse[Any]")


class _BaseRequestContextManager(Coroutine[Any, Any, _Result], Generic[_Result]):
    """A call that was not made yet: a coroutine, and an async context manager."""

    __slots__ = ("_coro", "_resp")

    def __init__(self, coro: Coroutine[Any, None, _Result]) -> None:
        self._coro: Coroutine[Any, None, _Result] = coro

    def send(self, arg: None) -> Any:
        return self._coro.send(arg)

    def throw(self, *args: Any, **kwargs: Any) -> Any:
        return self._coro.throw(*args, **kwargs)

    def close(self) -> None:
        return self._coro.close()

    def __await__(self) -> Generator[Any, None, _Result]:
        return self._coro.__await__()

    def __iter__(self) -> Generator[Any, None, _Result]:
        return self.__await__()

    async def __aenter__(self) -> _Result:
        self._resp: _Result = await self._coro
        return await self._resp.__aenter__()  # type: ignore[return-value]

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._resp.__aexit__(exc_type, exc, tb)


# Classes, not aliases: calling a generic alias costs more than making the object.


class _RequestContextManager(_BaseRequestContextManager[ClientResponse]):
    __slots__ = ()


class _WSRequestContextManager(_BaseRequestContextManager[ClientWebSocketResponse[Any]]):
    __slots__ = ()


class _Session(Protocol):
    async def close(self) -> None: ...


class _SessionRequestContextManager:
    """A call with a session of its own."""

    __slots__ = ("_coro", "_resp", "_session")

    def __init__(self, coro: Coroutine[Any, None, ClientResponse], session: _Session) -> None:
        self._coro = coro
        self._resp: ClientResponse | None = None
        self._session = session

    async def __aenter__(self) -> ClientResponse:
        try:
            self._resp = await self._coro
        except BaseException:
            await self._session.close()
            raise
        return self._resp

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._resp is None:
            raise AssertionError("left without having been entered")
        self._resp.close()
        await self._session.close()
