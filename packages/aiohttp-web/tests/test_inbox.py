"""A bounded queue: order, and when it is full and drained."""

from __future__ import annotations

from aiohttp._web.inbox import CAPACITY, RESUME_AT, Inbox


def test_entries_leave_in_the_order_they_came() -> None:
    inbox: Inbox[str] = Inbox()
    for entry in "abc":
        inbox.put(entry)
    assert [inbox.take() for _ in range(3)] == ["a", "b", "c"]


def test_full_from_the_last_place_on() -> None:
    inbox: Inbox[int] = Inbox()
    seen = []
    for entry in range(CAPACITY + 1):
        inbox.put(entry)
        seen.append(inbox.full)
    assert seen == [False] * (CAPACITY - 1) + [True, True]


def test_drained_only_when_half_of_it_is_gone() -> None:
    inbox: Inbox[int] = Inbox()
    for entry in range(CAPACITY):
        inbox.put(entry)
    while not inbox.drained:
        inbox.take()
    assert len(inbox) == RESUME_AT
