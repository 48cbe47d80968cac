# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""A copy of the ledger's file as of one moment, made while other jobs write, for what takes long.

SQLite's own backup copies page by page, damage included, and holds a lock only for as long as one portion takes. A job that writes meanwhile
makes it begin again. Where they never leave it alone it gives up: to keep them waiting for a file of many gigabytes would be worse.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import LedgerInUse, LedgerNoRoom

# Of 4 KiB, as a rule: some milliseconds.
PAGES_AT_ONCE = 2000
MOST_BEGINNINGS = 10
_LOCKED = (5, 6)  # SQLITE_BUSY and SQLITE_LOCKED, which the module names from Python 3.11 on
# What the file may grow by until it is copied, and what the folder shall keep free besides.
_SPARE = 64 << 20


@contextmanager
def snapshot(connection: sqlite3.Connection, path: str) -> Iterator[sqlite3.Connection]:
    """A connection to a private copy, which is gone afterwards. Raises LedgerNoRoom and LedgerInUse."""
    with tempfile.TemporaryDirectory(prefix=".ledger-check-", dir=_folder_with_room(path)) as folder:
        file = Path(folder) / "copy.sqlite"
        copy = sqlite3.connect(file, isolation_level=None)
        try:
            # Nobody needs the copy after a failure.
            copy.execute("PRAGMA journal_mode = OFF")
            copy.execute("PRAGMA synchronous = OFF")
            connection.backup(copy, pages=PAGES_AT_ONCE, progress=_Beginnings(path), sleep=0.05)
            # From here on it is only read, by who has it open: a job that is killed leaves no gigabytes behind.
            file.unlink()
            yield copy
        finally:
            copy.close()


class _Beginnings:
    """What backup calls after each portion: counts how often it has begun, and ends it where another job does not let go."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._remaining = -1
        self._count = 0

    def __call__(self, status: int, remaining: int, _total: int) -> None:
        if status in _LOCKED:
            # It has waited for as long as the connection waits, and would go on for ever.
            raise sqlite3.OperationalError("database is locked")
        if remaining > self._remaining:
            self._count += 1
        self._remaining = remaining
        if self._count > MOST_BEGINNINGS and remaining:
            raise LedgerInUse(self._path, MOST_BEGINNINGS)


def _folder_with_room(path: str) -> str:
    """The ledger's own folder, where large files are at home, else that for temporary ones."""
    size = Path(path).stat().st_size + _SPARE
    folders = (str(Path(path).absolute().parent), tempfile.gettempdir())
    for folder in folders:
        if shutil.disk_usage(folder).free < size:
            continue
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue  # nothing may be written here
        return folder
    raise LedgerNoRoom(path, size, folders)
