# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Tables of the ledger, and the steps from one version of them to the next.

The version is SQLite's ``user_version``. A step is never changed once it was released: files of that version exist.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

# "AVMA" in ASCII; tells a ledger from any other SQLite file.
APPLICATION_ID = 0x41564D41

# Times are whole seconds since 1970 in UTC: short, and the same whoever delivers an event with whatever fraction of a second.
_EVENTS_AND_ACTIVATIONS = (
    """
    CREATE TABLE logs (
        id INTEGER PRIMARY KEY,
        computer TEXT NOT NULL,  -- in lower case; its name when it wrote the event
        log TEXT NOT NULL,       -- UUID of the machine and name of the log
        UNIQUE (computer, log)
    )
    """,
    """
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        log_id INTEGER NOT NULL REFERENCES logs (id),
        record INTEGER NOT NULL,
        time INTEGER NOT NULL,
        event_id INTEGER NOT NULL,
        notification TEXT NOT NULL,
        code INTEGER,
        body TEXT NOT NULL,      -- the event as event_info returned it, JSON
        UNIQUE (log_id, record, time, event_id)
    )
    """,
    "CREATE INDEX events_by_time ON events (time)",
    """
    CREATE TABLE subjects (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE  -- a GUID in upper case or a name in lower case that an event carries
    )
    """,
    """
    CREATE TABLE event_subjects (
        subject_id INTEGER NOT NULL REFERENCES subjects (id),
        time INTEGER NOT NULL,
        event INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
        PRIMARY KEY (subject_id, time, event)
    ) WITHOUT ROWID
    """,
    # what SQLite goes by when an event is deleted
    "CREATE INDEX event_subjects_by_event ON event_subjects (event)",
    """
    CREATE TABLE activations (
        id INTEGER PRIMARY KEY,
        guest TEXT NOT NULL,     -- in lower case
        vm_id TEXT NOT NULL,     -- '' if it is not known
        day INTEGER NOT NULL,    -- days since 1970 in UTC
        state TEXT NOT NULL,     -- digest of what was seen, so that the same is kept once a day
        time INTEGER NOT NULL,   -- when it was first seen that day
        outcome TEXT NOT NULL,
        body TEXT NOT NULL,      -- JSON
        UNIQUE (guest, vm_id, day, state)
    )
    """,
    "CREATE INDEX activations_by_time ON activations (time)",
)
_BOOKMARKS = (
    """
    CREATE TABLE bookmarks (
        machine TEXT PRIMARY KEY,  -- its name in the inventory
        time INTEGER NOT NULL,     -- the event that it stands at
        body TEXT NOT NULL         -- the bookmark as event_info returned it, JSON
    ) WITHOUT ROWID
    """,
)

# The statements that make version 1 of an empty file, version 2 of version 1, and so on.
STEPS: tuple[tuple[str, ...], ...] = (_EVENTS_AND_ACTIVATIONS, _BOOKMARKS)
VERSION = len(STEPS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Bring the file to the newest version. Must run inside a transaction, so that a kill leaves either version whole."""
    for step in steps[version_of(connection) :]:
        for statement in step:
            connection.execute(statement)
    # PRAGMA takes no parameters; both are part of the transaction, as they are kept in the file's first page.
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
    connection.execute(f"PRAGMA user_version = {len(steps):d}")
