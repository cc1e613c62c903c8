"""Where to look for the resource of a path: resources filed under the fixed part of their path.

Pure: it keeps any objects under strings.  A look-up costs one dict access for each segment of the
    path,
however many resources there are; a resource with a longer fixed part comes first, and of equal ones
the one that was added first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

_T = TypeVar("_T")

_EMPTY: tuple[()] = ()


class RoutingIndex(Generic[_T]):
    """Resources by the fixed part of their path."""

    __slots__ = ("buckets",)

    def __init__(self) -> None:
        # Fixed part, without the slash at its end, -> resources in order of addition.
        self.buckets: dict[str, list[_T]] = {}

    def add(self, key: str, resource: _T) -> None:
        """File ``resource``; the order of addition is the order of look-up."""
        self.buckets.setdefault(key, []).append(resource)

    def remove(self, key: str, resource: _T) -> None:
        """Take ``resource`` out of the file.

        Raises:
            ValueError, KeyError: it is not there.
        """
        bucket = self.buckets[key]
        bucket.remove(resource)
        if not bucket:
            del self.buckets[key]

    def candidates(self, path: str) -> Iterator[_T]:
        """Yield what may match ``path``: filed under the path itself, then under each parent."""
        buckets = self.buckets
        while path:
            yield from buckets.get(path, _EMPTY)
            if path == "/":
                return
            path = path.rpartition("/")[0] or "/"


def key_of_fixed_path(path: str) -> str:
    """Return the key of a resource that matches ``path`` only, or ``path`` and what is below it."""
    return path or "/"


def key_of_prefix(fixed_prefix: str) -> str:
    """Return the key of a resource whose path goes on with a variable after ``fixed_prefix``."""
    return fixed_prefix.rpartition("/")[0] or "/"
