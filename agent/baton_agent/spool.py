"""Events that the server has not confirmed yet, on disk: they survive the network, the server and this program."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_MOST = 5000
"""Older events than so many are given up: nobody will miss a card of last month."""


class Spool:
    """Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        path.chmod(0o600)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, body TEXT NOT NULL)"
        )
        self.arrived = threading.Event()

    def add(self, events: Iterable[dict[str, Any]]) -> None:
        """Keep events in their order. One that is kept already stays as it is."""
        rows = [(event["id"], json.dumps(event)) for event in events]
        if not rows:
            return
        with self._lock, self._database:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR IGNORE INTO event (id, body) VALUES (?, ?)", rows)
            self._database.execute("DELETE FROM event WHERE number <= (SELECT max(number) FROM event) - ?", (_MOST,))
        self.arrived.set()

    def oldest(self, most: int = 100) -> list[dict[str, Any]]:
        with self._lock:
            rows = self._database.execute("SELECT body FROM event ORDER BY number LIMIT ?", (most,)).fetchall()
        return [json.loads(body) for (body,) in rows]

    def drop(self, ids: Iterable[str]) -> None:
        """Forget what the server has confirmed."""
        with self._lock, self._database:
            self._database.execute("BEGIN")
            self._database.executemany("DELETE FROM event WHERE id = ?", [(one,) for one in ids])

    def __len__(self) -> int:
        with self._lock:
            found: int = self._database.execute("SELECT count(*) FROM event").fetchone()[0]
        return found

    def close(self) -> None:
        with self._lock:
            self._database.close()
