"""Places and idle connections: arithmetic only."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aiohttp._client.pool import Pool


def always(connection: str) -> bool:
    return True


def test_places_are_bounded_in_all_and_by_host() -> None:
    pool: Pool[str, str] = Pool(limit=3, limit_per_host=2)
    pool.hold("a", 1)
    pool.hold("a", 2)
    assert not pool.room_for("a")
    assert pool.room_for("b")
    pool.hold("b", 3)
    assert not pool.room_for("b")
    assert pool.leave("a", 1)
    assert not pool.leave("a", 1)
    assert pool.room_for("b")


def test_no_bound() -> None:
    pool: Pool[str, str] = Pool(limit=0, limit_per_host=0)
    for holder in range(1000):
        assert pool.may_pass("a")
        pool.hold("a", holder)


def test_first_come_first_served() -> None:
    pool: Pool[str, str] = Pool(limit=1, limit_per_host=0)
    pool.hold("a", "first")
    for ticket in ("second", "third"):
        pool.queue("a", ticket)
    assert pool.admit() is None
    pool.leave("a", "first")
    assert pool.admit() == "second"
    assert pool.admit() is None
    pool.leave("a", "second")
    assert pool.admit() == "third"


def test_who_waits_for_a_busy_host_does_not_block_the_others() -> None:
    pool: Pool[str, str] = Pool(limit=3, limit_per_host=1)
    pool.hold("a", "a1")
    pool.queue("a", "a2")
    pool.queue("b", "b1")
    assert pool.admit() == "b1"
    assert not pool.may_pass("a")
    assert pool.may_pass("c")


def test_a_waiter_that_gives_up_is_passed_over() -> None:
    pool: Pool[str, str] = Pool(limit=1, limit_per_host=0)
    pool.hold("a", "x")
    pool.queue("a", "y")
    pool.queue("a", "z")
    pool.abandon("y")
    pool.leave("a", "x")
    assert pool.admit() == "z"


def test_the_freshest_idle_connection_is_taken_and_the_dead_are_returned() -> None:
    pool: Pool[str, str] = Pool(limit=0, limit_per_host=0)
    for released_at, connection in enumerate(("old", "alive", "dead")):
        pool.keep("a", connection, released_at)
    assert pool.reuse("a", 1, lambda c: c != "dead") == ("alive", ["dead"])
    assert pool.reuse("a", 1, always) == (None, ["old"])
    assert pool.idle == {}


def test_expiry() -> None:
    pool: Pool[str, str] = Pool(limit=0, limit_per_host=0)
    pool.keep("a", "old", 1)
    pool.keep("a", "new", 5)
    pool.keep("b", "dead", 9)
    assert sorted(pool.expire(2, lambda c: c != "dead")) == ["dead", "old"]
    assert list(pool.idle) == ["a"]


def test_its_repr_counts() -> None:
    pool: Pool[str, str] = Pool(limit=1, limit_per_host=0)
    pool.hold("a", 1)
    pool.queue("a", 2)
    pool.keep("a", "c", 0)
    assert repr(pool) == "<Pool 1 in use, 1 idle, 1 waiting>"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
@settings(derandomize=True, max_examples=200)
def test_the_bounds_hold_whatever_happens(events: list[tuple[str, bool]]) -> None:
    pool: Pool[str, str] = Pool(limit=4, limit_per_host=2)
    holders: dict[object, str] = {}
    for number, (key, comes) in enumerate(events):
        if comes:
            if pool.may_pass(key):
                pool.hold(key, number)
                holders[number] = key
            else:
                pool.queue(key, number)
                holders[number] = key
        elif held := [h for h in holders if h in pool.acquired]:
            pool.leave(holders.pop(held[0]), held[0])
            while pool.admit() is not None:
                pass
        assert len(pool.acquired) <= 4
        for host in "abc":
            assert sum(holders[h] == host for h in pool.acquired) <= 2
        # Nobody waits while there is a place for them.
        assert not any(pool.room_for(k) for k in pool.waiting.values())
