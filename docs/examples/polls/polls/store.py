"""Questions, choices and votes in an SQLite database.

SQLite blocks, so every statement runs in one worker thread; that one thread also makes the order of
writes plain.  Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")

_SCHEMA = """
create table if not exists question (
    id integer primary key, title text not null, image text not null default '');
create table if not exists choice (
    id integer primary key, question integer not null references question(id),
    label text not null, votes integer not null default 0);
create index if not exists choice_of_question on choice(question);
"""

_SEED = (
    ("Tabs or spaces?", ("Spaces", "Tabs", "Whatever the formatter says")),
    ("The best thing about asyncio?", ("await", "No locks", "10,000 sockets", "gather()")),
    ("Where does the logic belong?", ("In the handler", "In the model", "In the database")),
    ("How many worker processes?", ("One a core", "Two a core, plus one", "One is plenty")),
    ("What do you drink while tests run?", ("Coffee", "Tea", "Water", "They are that fast?")),
    ("Which way do you deploy?", ("gunicorn behind nginx", "A container", "run_app, proudly")),
)


@dataclass(frozen=True)
class Choice:
    """One answer and how often it was chosen."""

    id: int
    label: str
    votes: int


@dataclass(frozen=True)
class Question:
    """A question with its choices; ``image`` is a file name, or empty."""

    id: int
    title: str
    image: str
    choices: tuple[Choice, ...]

    @property
    def total(self) -> int:
        """All votes together."""
        return sum(choice.votes for choice in self.choices)

    def as_json(self) -> dict[str, Any]:
        """Return what the API and the live feed send."""
        return {**asdict(self), "total": self.total}


class Store:
    """The database, opened by :meth:`open`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="polls-store")
        self._connection: sqlite3.Connection

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Store]:
        """Open the database for the time of an ``async with``; make and fill it at first."""
        store = cls(path)
        try:
            await store._in_thread(store._connect)
            yield store
            await store._in_thread(store._disconnect)
        finally:
            store._thread.shutdown()

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _connect(self) -> None:
        self._connection = sqlite3.connect(self._path)
        self._connection.executescript(_SCHEMA)
        (count,) = self._connection.execute("select count(*) from question").fetchone()
        if count == 0:
            for title, labels in _SEED:
                self._insert(title, labels)

    def _disconnect(self) -> None:
        self._connection.close()

    def _insert(self, title: str, labels: tuple[str, ...]) -> int:
        with self._connection as transaction:
            cursor = transaction.execute("insert into question(title) values (?)", (title,))
            question = cursor.lastrowid or 0  # SQLite sets it after every insert
            transaction.executemany(
                "insert into choice(question, label) values (?, ?)",
                [(question, label) for label in labels],
            )
        return question

    def _select(self, where: str = "", arguments: tuple[Any, ...] = ()) -> list[Question]:
        questions = self._connection.execute(
            f"select id, title, image from question {where} order by id", arguments
        ).fetchall()
        return [
            Question(number, title, image, self._choices(number))
            for number, title, image in questions
        ]

    def _choices(self, question: int) -> tuple[Choice, ...]:
        rows = self._connection.execute(
            "select id, label, votes from choice where question = ? order by id", (question,)
        )
        return tuple(Choice(*row) for row in rows)

    async def questions(self) -> list[Question]:
        """Return all questions, oldest first."""
        return await self._in_thread(self._select)

    async def question(self, number: int) -> Question | None:
        """Return one question, None where there is none of that number."""
        found = await self._in_thread(lambda: self._select("where id = ?", (number,)))
        return found[0] if found else None

    async def add(self, title: str, labels: tuple[str, ...]) -> int:
        """Add a question; return its number."""
        return await self._in_thread(lambda: self._insert(title, labels))

    async def vote(self, question: int, choice: int) -> bool:
        """Count one vote; False where the question has no such choice."""

        def count() -> bool:
            with self._connection as transaction:
                cursor = transaction.execute(
                    "update choice set votes = votes + 1 where id = ? and question = ?",
                    (choice, question),
                )
            return cursor.rowcount == 1

        return await self._in_thread(count)

    async def set_image(self, question: int, image: str) -> None:
        """Remember the file name of a question's image."""

        def update() -> None:
            with self._connection as transaction:
                transaction.execute("update question set image = ? where id = ?", (image, question))

        await self._in_thread(update)
