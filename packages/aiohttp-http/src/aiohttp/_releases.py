"""The distributions of aiohttp fit each other only within one release: said where they meet.

Knows the release of the wire, and nothing of what the others do.
"""

from __future__ import annotations

from aiohttp import __version__

__all__ = ("require_one_release",)


def require_one_release(distribution: str, release: str) -> None:
    """Refuse a distribution of another release than the wire's.

    Raises:
        ImportError: the releases differ; it says what to install.
    """
    if release != __version__:
        raise ImportError(
            f"{distribution} {release} is installed beside aiohttp-http {__version__}; the "
            "distributions of aiohttp fit each other only within one release: "
            f"pip install {distribution}=={__version__}",
            name="aiohttp",
        )
