"""What the tests of the poll share: a real browser."""

from __future__ import annotations

from chromium import browser

__all__ = ["browser"]
