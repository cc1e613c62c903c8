"""Cookies as JSON text and back, and the old files that hold a pickle.

Nothing is taken from a file before all of it has been read and found good.
"""

from __future__ import annotations

import io
import json
import math
import pickle
from collections.abc import Iterable, Iterator, Mapping
from http.cookies import Morsel
from typing import Any

from aiohttp._client.cookie_store import Place, StoredCookie, attributes_of
from aiohttp._fields.cookies import make_morsel
from aiohttp._values import value_object

_PARTS = ("key", "value", "coded_value")
_HOST_ONLY = "host_only"
_EXPIRES = "expires_timestamp"
_ATTRIBUTES = frozenset(Morsel())


@value_object
class SavedCookie:
    """A cookie as a file has it."""

    place: Place
    name: str
    morsel: Morsel[str]
    host_only: bool
    # POSIX time; None: the attributes say when, if they do.
    expires: float | None


def dump(cookies: Iterable[StoredCookie]) -> str:
    """Return the text of a file that holds ``cookies``."""
    places: dict[str, dict[str, dict[str, Any]]] = {}
    for cookie in cookies:
        morsel = cookie.morsel
        saved: dict[str, Any] = {part: getattr(morsel, part) for part in _PARTS}
        # What is left of a relative age is not what it was: the file has the end itself.
        attributes = attributes_of(morsel)
        if cookie.expires is not None:
            attributes.pop("max-age", None)
            attributes.pop("expires", None)
        saved.update(attributes)
        if cookie.host_only:
            saved[_HOST_ONLY] = True
        if cookie.expires is not None:
            saved[_EXPIRES] = cookie.expires
        places.setdefault("|".join(cookie.place), {})[cookie.name] = saved
    return json.dumps(places, indent=2)


def parse(data: bytes) -> list[SavedCookie]:
    """Return the cookies of a file.

    Raises:
        ValueError, TypeError: it is JSON, but not of cookies.
        pickle.UnpicklingError: it is neither JSON nor a pickle of cookies.
    """
    try:
        places = json.loads(data)
    except ValueError:
        return list(_from_pickle(data))
    if not isinstance(places, dict):
        raise ValueError(f"cookie file; expected an object; got {type(places).__name__}")
    return list(_from_json(places))


def _from_json(places: Mapping[str, Any]) -> Iterator[SavedCookie]:
    for place, names in places.items():
        domain, separator, path = place.partition("|")
        if not separator or not isinstance(names, dict):
            raise ValueError(f"cookie file; expected cookies under 'domain|path'; got {place!r}")
        for name, saved in names.items():
            if not isinstance(saved, dict):
                raise ValueError(f"cookie {name!r}; expected an object; got {saved!r}")
            yield _saved_cookie((domain, path), name, saved)


def _saved_cookie(place: Place, name: str, saved: dict[str, Any]) -> SavedCookie:
    parts = [saved.get(part) for part in _PARTS]
    if not all(isinstance(part, str) for part in parts):
        raise ValueError(f"cookie {name!r}; expected texts for {', '.join(_PARTS)}; got {saved!r}")
    host_only, expires = saved.get(_HOST_ONLY, False), saved.get(_EXPIRES)
    if not isinstance(host_only, bool):
        raise ValueError(
            f"{_HOST_ONLY} of cookie {name!r}; expected true or false; got {host_only}"
        )
    if expires is not None and not _is_finite(expires):
        raise ValueError(f"{_EXPIRES} of cookie {name!r} must be a finite number; got {expires!r}")
    attributes = {key: value for key, value in saved.items() if key in _ATTRIBUTES}
    for key, value in attributes.items():
        _check_attribute(name, key, value)
    key, value, coded_value = map(str, parts)
    return SavedCookie(
        place, name, make_morsel(key, value, coded_value, attributes), host_only, expires
    )


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


# Attributes of a Morsel that are numbers where a program set them so.
_NUMBERS = frozenset({"max-age", "version"})
_FLAGS = frozenset({"httponly", "partitioned", "secure"})


def _check_attribute(name: str, key: str, value: Any) -> None:
    if key in _FLAGS:
        expected: Any = bool | str | int
    else:
        expected = str | int | float if key in _NUMBERS else str
    if not isinstance(value, expected) or (isinstance(value, bool) and key not in _FLAGS):
        raise TypeError(f"{key} of cookie {name!r}; expected a text; got {value!r}")


# --- Files of releases before 3.14 ---

# Names of modules in pickles of protocols before 3.
_FORMER_NAMES = {"Cookie": "http.cookies", "__builtin__": "builtins", "copy_reg": "copyreg"}

# _reconstructor makes an instance of one of these classes, in protocols before 2.
_ALLOWED = frozenset(
    {
        ("copyreg", "_reconstructor"),
        ("builtins", "dict"),
        ("builtins", "frozenset"),
        ("builtins", "list"),
        ("builtins", "set"),
        ("builtins", "tuple"),
        ("collections", "defaultdict"),
        ("http.cookies", "BaseCookie"),
        ("http.cookies", "Morsel"),
        ("http.cookies", "SimpleCookie"),
    }
)


class _CookieUnpickler(pickle.Unpickler):
    """Makes cookies and containers of them, and nothing that a pickle could run."""

    def find_class(self, module: str, name: str) -> Any:
        module = _FORMER_NAMES.get(module, module)
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(
                f"Forbidden class: {module}.{name}; expected a pickle of cookies only:"
                " do not load files that somebody else could write"
            )
        return super().find_class(module, name)


def _from_pickle(data: bytes) -> Iterator[SavedCookie]:
    try:
        places = _CookieUnpickler(io.BytesIO(data)).load()
        for (domain, path), cookies in places.items():
            for name, morsel in cookies.items():
                copied = make_morsel(morsel.key, morsel.value, morsel.coded_value, morsel)
                yield SavedCookie((domain, path), name, copied, False, None)
    except pickle.UnpicklingError:
        raise
    except Exception as error:
        # A damaged pickle fails in any way: each opcode has its own.
        raise pickle.UnpicklingError(
            f"cookie file; expected JSON or a pickle of cookies; got {data[:40]!r}…"
        ) from error
