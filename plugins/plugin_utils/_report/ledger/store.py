# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The ledger's file: opened with care, written in transactions, read without keeping writers out.

SQLite's rollback journal is used, not its write-ahead log: the log needs memory that all jobs share, so it fails between the nodes of an
AWX instance group that mount one volume, and it leaves files beside the ledger that must be backed up with it. With the rollback journal
and ``synchronous = FULL`` a job killed at any moment leaves either all of its batch or nothing of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..._whole_file import NEW_FILE
from .errors import LedgerBusy, LedgerDamaged, LedgerError, LedgerForeign, LedgerMissing, LedgerNotWritable, LedgerTooNew
from .rows import ActivationRow, BookmarkRow, EventRow, Rows
from .schema import APPLICATION_ID, VERSION, migrate, version_of
from .snapshot import snapshot

# How long a job waits for others; a batch of a large host takes well under a second.
BUSY_SECONDS = 60.0
# Rows that are read or removed at once. Others are kept out only for as long as that takes.
CHUNK = 5000

_DAMAGED = ("not a database", "malformed", "corrupt", "unsupported file format", "could not decode", "no such table", "no such column")
_BUSY = ("locked", "busy")


@dataclass
class Recorded:
    """What one batch did. ``known``: was there already, ``expired``: older than what is kept."""

    created: bool = False
    migrated: bool = False
    events_added: int = 0
    events_known: int = 0
    activations_added: int = 0
    activations_known: int = 0
    expired: int = 0
    removed: int = 0
    bookmarks_moved: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.created or self.migrated or self.events_added or self.activations_added or self.removed or self.bookmarks_moved)


@dataclass(frozen=True)
class Health:
    """``problems`` is empty for a sound file. The counts are 0 where the file cannot be counted."""

    version: int
    problems: tuple[str, ...]
    events: int = 0
    activations: int = 0
    logs: int = 0
    first_event: int | None = None  # seconds since 1970
    last_event: int | None = None


class Ledger:
    def __init__(self, path: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds

    def record(self, rows: Rows, *, keep_from: int | None = None, dry_run: bool = False) -> Recorded:
        """Add what is not there yet, all or nothing, and then remove what is older than ``keep_from`` (seconds since 1970).

        What is removed goes portion by portion, so that others can write in between: a job that is killed leaves the rest to the next one.
        ``dry_run`` adds and takes it back, and counts what would go; a file that is not there is not made.
        """
        done = Recorded()
        with self._opened(create=True, memory=dry_run and not Path(self.path).exists()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                version = version_of(connection)
                done.created = version == 0
                done.migrated = 0 < version < VERSION
                if version < VERSION:
                    migrate(connection)
                self._add(connection, rows, keep_from, done)
                if keep_from is not None and dry_run:
                    done.removed = _older(connection, keep_from)
                connection.execute("ROLLBACK" if dry_run else "COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if keep_from is not None and not dry_run:
                done.removed = _remove(connection, keep_from)
        return done

    def check(self) -> Health:
        """Whether the file is sound, and what it holds. Reads all of it, but from a copy: with millions of events that takes minutes."""
        with self._opened() as original, snapshot(original, self.path) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            version = version_of(connection)
            problems = tuple(str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok")
            dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
            if dangling:
                problems += (f"{len(dangling)} rows name an event, a log or a subject that is not there",)
            if problems or version == 0:
                return Health(version, problems)
            problems = tuple(_problems_of_rows(connection, version))
            if problems:
                return Health(version, problems)
            one = connection.execute(
                "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM activations), (SELECT count(*) FROM logs)"
            )
            events, activations, logs = one.fetchone()
            first, last = connection.execute("SELECT (SELECT min(time) FROM events), (SELECT max(time) FROM events)").fetchone()
            return Health(version, (), events, activations, logs, first, last)

    def bookmarks(self) -> dict[str, dict[str, t.Any]]:
        """Where each machine's log was read up to, by its name in the inventory. Empty for a file of an older version or none."""
        if not Path(self.path).exists():
            return {}
        with self._opened() as connection:
            if version_of(connection) < VERSION:
                return {}
            found = connection.execute("SELECT machine, body FROM bookmarks ORDER BY machine")
            return {str(machine): self._content(body) for machine, body in found}

    def events(self, *, since: int | None = None, until: int | None = None) -> Iterator[dict[str, t.Any]]:
        """Events in the order of their time; ``since`` included, ``until`` not, in seconds since 1970."""
        yield from self._walk("events", since, until)

    def activations(self, *, since: int | None = None, until: int | None = None) -> Iterator[dict[str, t.Any]]:
        """Activations in the order in which they were seen; bounds as for events."""
        yield from self._walk("activations", since, until)

    def _walk(self, table: t.Literal["events", "activations"], since: int | None, until: int | None) -> Iterator[dict[str, t.Any]]:
        query = f"SELECT time, id, body FROM {table} WHERE (time, id) > (?, ?) AND time < ? ORDER BY time, id LIMIT ?"
        last = (-(2**62) if since is None else since, -1)
        end = 2**62 if until is None else until
        with self._opened() as connection:
            if version_of(connection) == 0:
                return
            while True:
                found = connection.execute(query, (*last, end, CHUNK)).fetchall()
                if not found:
                    return
                last = found[-1][:2]
                for _time, _id, body in found:
                    yield self._content(body)

    def _content(self, body: t.Any) -> dict[str, t.Any]:
        """The object that a row holds as JSON. Raises LedgerDamaged."""
        found = _object_in(body)
        if found is None:
            raise LedgerDamaged(self.path, "a row holds no JSON object")
        return found

    @contextlib.contextmanager
    def _opened(self, *, create: bool = False, memory: bool = False) -> Iterator[sqlite3.Connection]:
        path = Path(self.path)
        if not create and not path.exists():
            raise LedgerMissing(self.path)
        name = ":memory:" if memory else f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        connection = None
        if create and not memory:
            _make_private(path)
        try:
            connection = sqlite3.connect(name, timeout=self._busy_seconds, isolation_level=None, uri=not memory)
            self._prepare(connection)
            yield connection
        except sqlite3.DatabaseError as error:
            raise self._named(error) from error
        except UnicodeDecodeError as error:  # of SQLite's message, which quotes what the file holds
            raise LedgerDamaged(self.path, "it holds text that is not UTF-8") from error
        finally:
            if connection is not None:
                connection.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # A file from elsewhere may be made to harm who opens it: nothing in its schema may call functions.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        # Read as of one moment: another job may be making the tables right now.
        connection.execute("BEGIN")
        try:
            application = int(connection.execute("PRAGMA application_id").fetchone()[0])
            tables = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            version = version_of(connection)
        finally:
            connection.execute("ROLLBACK")
        if application != APPLICATION_ID and tables:
            raise LedgerForeign(self.path)
        if version > VERSION:
            raise LedgerTooNew(self.path, version, VERSION)
        if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            connection.execute("PRAGMA journal_mode = DELETE")

    def _named(self, error: sqlite3.DatabaseError) -> LedgerError:
        text = str(error).lower()
        if any(word in text for word in _DAMAGED):
            return LedgerDamaged(self.path, str(error))
        if any(word in text for word in _BUSY):
            return LedgerBusy(self.path, self._busy_seconds)
        return LedgerNotWritable(self.path, str(error))

    @staticmethod
    def _add(connection: sqlite3.Connection, rows: Rows, keep_from: int | None, done: Recorded) -> None:
        writer = _Writer(connection)
        for event in rows.events:
            if keep_from is not None and event.time < keep_from:
                done.expired += 1
            elif writer.event(event):
                done.events_added += 1
            else:
                done.events_known += 1
        for activation in rows.activations:
            if keep_from is not None and activation.time < keep_from:
                done.expired += 1
            elif writer.activation(activation):
                done.activations_added += 1
            else:
                done.activations_known += 1
        done.bookmarks_moved = sum(writer.bookmark(bookmark) for bookmark in rows.bookmarks)


class _Writer:
    """Rows into tables, inside one transaction. Each method says whether anything was added."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._logs: dict[tuple[str, str], int] = {}
        self._subjects: dict[str, int] = {}

    def event(self, row: EventRow) -> bool:
        cursor = self._connection.execute(
            "INSERT INTO events (log_id, record, time, event_id, notification, code, body) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (self._log(row.computer, row.log), row.record, row.time, row.event_id, row.notification, row.code, row.body),
        )
        if cursor.rowcount != 1:
            return False
        self._connection.executemany(
            "INSERT INTO event_subjects (subject_id, time, event) VALUES (?, ?, ?)",
            [(self._subject(name), row.time, cursor.lastrowid) for name in row.subjects],
        )
        return True

    def activation(self, row: ActivationRow) -> bool:
        cursor = self._connection.execute(
            "INSERT INTO activations (guest, vm_id, day, state, time, outcome, body) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (row.guest, row.vm_id, row.day, row.state, row.time, row.outcome, row.body),
        )
        return cursor.rowcount == 1

    def bookmark(self, row: BookmarkRow) -> bool:
        """Never moved back: two jobs may come in the other order than they read."""
        cursor = self._connection.execute(
            "INSERT INTO bookmarks (machine, time, body) VALUES (?, ?, ?) ON CONFLICT (machine) DO UPDATE "
            "SET time = excluded.time, body = excluded.body WHERE excluded.time >= bookmarks.time AND excluded.body <> bookmarks.body",
            (row.machine, row.time, row.body),
        )
        return cursor.rowcount == 1

    def _log(self, computer: str, log: str) -> int:
        key = (computer, log)
        if key not in self._logs:
            self._connection.execute("INSERT INTO logs (computer, log) VALUES (?, ?) ON CONFLICT DO NOTHING", key)
            self._logs[key] = self._id("SELECT id FROM logs WHERE computer = ? AND log = ?", key)
        return self._logs[key]

    def _subject(self, name: str) -> int:
        if name not in self._subjects:
            self._connection.execute("INSERT INTO subjects (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
            self._subjects[name] = self._id("SELECT id FROM subjects WHERE name = ?", (name,))
        return self._subjects[name]

    def _id(self, query: str, values: tuple[str, ...]) -> int:
        """The number of a row that is there by now."""
        found = self._connection.execute(query, values).fetchone()
        if found is None or not isinstance(found[0], int):
            raise sqlite3.DatabaseError("database disk image is malformed: an index names a row that is not there")
        return found[0]


def _object_in(body: t.Any) -> dict[str, t.Any] | None:
    """What a row's ``body`` holds. None: it is not a JSON object, which nothing that writes a ledger makes."""
    try:
        found = json.loads(body)
    except (TypeError, ValueError, RecursionError):  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        return None
    return found if isinstance(found, dict) else None


_DATED = ("events", "activations")
_LAST_SECOND = 253402300799  # of the year 9999
_FIRST_SECOND = -62135596800  # of the year 1


def _problems_of_rows(connection: sqlite3.Connection, version: int) -> Iterator[str]:
    """What SQLite takes for sound and is not a ledger all the same."""
    for table in (*_DATED, "bookmarks") if version == VERSION else _DATED:
        bodies = sum(_object_in(body) is None for (body,) in connection.execute(f"SELECT body FROM {table}"))
        if bodies:
            yield f"{bodies} rows of the table {table} hold no JSON object"
        times = connection.execute(
            f"SELECT count(*) FROM {table} WHERE typeof(time) <> 'integer' OR time NOT BETWEEN ? AND ?", (_FIRST_SECOND, _LAST_SECOND)
        ).fetchone()[0]
        if times:
            yield f"{times} rows of the table {table} have a time that is none"


def _older(connection: sqlite3.Connection, before: int) -> int:
    return sum(connection.execute(f"SELECT count(*) FROM {table} WHERE time < ?", (before,)).fetchone()[0] for table in _DATED)


def _make_private(path: Path) -> None:
    """An empty file, which SQLite takes for a new database, that only owner and group may read: it names tenants and machines.

    SQLite gives its journals the same mode. What cannot be made SQLite explains itself.
    """
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, NEW_FILE))


def _remove(connection: sqlite3.Connection, before: int) -> int:
    """Delete what is older, a transaction for each portion; the number of events and activations that went."""
    removed = 0
    for table in _DATED:
        portion = f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE time < ? ORDER BY time LIMIT {CHUNK:d})"
        while gone := connection.execute(portion, (before,)).rowcount:
            removed += gone
    if removed:
        connection.execute("DELETE FROM subjects WHERE NOT EXISTS (SELECT 1 FROM event_subjects WHERE subject_id = subjects.id)")
        connection.execute("DELETE FROM logs WHERE NOT EXISTS (SELECT 1 FROM events WHERE log_id = logs.id)")
    return removed
