"""Which payload class takes a value: by its type, in order of registration.

This file does not know any payload class.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aiohttp.payload.base import Payload

if TYPE_CHECKING:
    _Entry = tuple[type[Payload], Any]


class LookupError(Exception):
    """No payload class is registered for a type."""


class Order(str, enum.Enum):
    """When a registered class is asked."""

    normal = "normal"
    try_first = "try_first"
    try_last = "try_last"


class PayloadRegistry:
    """Payload classes by the types of the values that they take."""

    __slots__ = ("_by_order", "_exact")

    def __init__(self) -> None:
        self._by_order: dict[Order, list[_Entry]] = {order: [] for order in Order}
        # Types of normal order, for the values that are of no subclass.
        self._exact: dict[type, type[Payload]] = {}

    def register(self, factory: type[Payload], type: Any, *, order: Order = Order.normal) -> None:
        """Let *factory* take values of *type*, a class or a tuple of classes.

        Raises:
            ValueError: *order* is no `Order`.
        """
        if order not in self._by_order:
            raise ValueError(f"Unsupported order {order!r}; expected one of {list(Order)}")
        order = Order(order)
        self._by_order[order].append((factory, type))
        if order is Order.normal:
            for kind in type if isinstance(type, tuple) else (type,):
                # The last one registered wins: a program's class takes the place of ours. (For
                # subclasses of *kind* it is the first one, in the search by isinstance().)
                self._exact[kind] = factory

    def get(self, data: Any, *args: Any, **kwargs: Any) -> Payload:
        """Return a payload for *data*, or *data* if it is one already.

        Args:
            data: the value.
            *args, **kwargs: passed to the payload class.

        Raises:
            LookupError: no class is registered for its type.
        """
        if isinstance(data, Payload):
            return data
        for factory, kind in self._by_order[Order.try_first]:
            if isinstance(data, kind):
                return factory(data, *args, **kwargs)
        exact = self._exact.get(data.__class__)
        if exact is not None:
            return exact(data, *args, **kwargs)
        for factory, kind in self._later():
            if isinstance(data, kind):
                return factory(data, *args, **kwargs)
        raise LookupError(
            f"no payload class takes a value of type {type(data).__name__!r}; "
            "register one by aiohttp.payload.register_payload()"
        )

    def _later(self) -> Iterator[_Entry]:
        yield from self._by_order[Order.normal]
        yield from self._by_order[Order.try_last]


PAYLOAD_REGISTRY = PayloadRegistry()


def get_payload(data: Any, *args: Any, **kwargs: Any) -> Payload:
    """Return a payload for *data*, see `PayloadRegistry.get()`."""
    return PAYLOAD_REGISTRY.get(data, *args, **kwargs)


def register_payload(factory: type[Payload], type: Any, *, order: Order = Order.normal) -> None:
    """Let *factory* take values of *type*, see `PayloadRegistry.register()`."""
    PAYLOAD_REGISTRY.register(factory, type, order=order)


class payload_type:
    """Register the decorated payload class for *type*.

    Args:
        type: a class or a tuple of classes.
        order: when it is asked.
    """

    def __init__(self, type: Any, *, order: Order = Order.normal) -> None:
        self.type = type
        self.order = order

    def __call__(self, factory: type[Payload]) -> type[Payload]:
        register_payload(factory, self.type, order=self.order)
        return factory
