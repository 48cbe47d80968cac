# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Where the watch of each host stands, and the file that keeps it over a restart."""

from __future__ import annotations

import fcntl
import json
import os
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as changed

from .._avma.events import HOST_EVENT, Bookmark, InvalidBookmark, read_bookmark
from .._whole_file import make_folder_of, replace

VERSION = 1
EVENTS = (HOST_EVENT,)
_MOST_BYTES = 16 * 1024 * 1024


class UnusableFile(Exception):
    """The file of bookmarks cannot be read, written or had for itself. The text names it and says what to do."""


@dataclass(frozen=True)
class Position:
    """What has been reported of a host: events up to ``bookmark``, its ``licence`` and its ``contact`` as they were last. None: nothing yet."""

    bookmark: Bookmark | None = None
    licence: dict[str, t.Any] | None = None
    contact: str | None = None  # "ok", the kind of the error, or EVENT_LOG_UNREADABLE

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "bookmark": None if self.bookmark is None else self.bookmark.as_dict(),
            "licence": self.licence,
            "contact": self.contact,
        }

    @staticmethod
    def of(kept: t.Any) -> Position:
        """What was kept. Raises ValueError."""
        if not isinstance(kept, Mapping) or not isinstance(kept.get("licence"), (dict, type(None))):
            raise ValueError("a host's entry is not a position")
        contact, bookmark = kept.get("contact"), kept.get("bookmark")
        if not isinstance(contact, (str, type(None))):
            raise ValueError("a host's contact is not a text")
        return Position(None if bookmark is None else read_bookmark(bookmark, EVENTS), kept.get("licence"), contact)


class Positions:
    """The positions of all hosts. ``path`` None: they are kept in memory only.

    The file belongs to one event source at a time: two would each overwrite what the other has reported. Hosts in it that are not watched now
    stay as they are, so that a host which is left out for a day goes on where it was.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._lock: int | None = None
        self._all: dict[str, Position] = {}
        self._saved: dict[str, Position] = {}
        if path is not None:
            self._lock = _lock(path)
            try:
                self._all = _read(path)
                self._saved = dict(self._all)
                _write(path, self._all)  # that it cannot be written shows now, and not when there is something to keep
            except BaseException:
                self.close()
                raise

    def of(self, host: str) -> Position:
        return self._all.get(host, Position())

    def move(self, host: str, **changes: t.Any) -> None:
        """The host stands elsewhere now. Nothing is written by this."""
        self._all[host] = changed(self.of(host), **changes)

    def save(self) -> None:
        """Write what has changed. Raises UnusableFile."""
        if self._path is not None and self._all != self._saved:
            now = dict(self._all)
            _write(self._path, now)
            self._saved = now

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)  # which gives the lock back
            self._lock = None


def _lock(path: str) -> int:
    try:
        make_folder_of(path)
        # beside the file, as the file itself is replaced at each writing
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnusableFile(f"bookmarks: {path}: {error.strerror or error}. Give a path in a folder that can be written") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise UnusableFile(f"bookmarks: {path}: another event source uses it. Give each source a file of its own") from error
    return descriptor


def _read(path: str) -> dict[str, Position]:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        raise UnusableFile(f"bookmarks: {path} cannot be read: {error}") from error
    try:
        if len(text) > _MOST_BYTES:
            raise ValueError("it is too large")
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("version") != VERSION or not isinstance(document.get("hosts"), dict):
            raise ValueError(f"it is not a file of bookmarks of version {VERSION}")
        return {host: Position.of(kept) for host, kept in document["hosts"].items()}
    except (ValueError, OverflowError, RecursionError, InvalidBookmark) as error:
        # To begin again by itself would lose what happened in between without a word.
        raise UnusableFile(f"bookmarks: {path}: {error}. Move it away to begin again with 'since'") from error


def _write(path: str, positions: Mapping[str, Position]) -> None:
    document = {"version": VERSION, "hosts": {host: position.as_dict() for host, position in sorted(positions.items())}}
    try:
        replace(path, json.dumps(document, indent=1).encode())
    except OSError as error:
        raise UnusableFile(
            f"bookmarks: {path} cannot be written: {error.strerror or error}. Make room or mend the folder's rights"
        ) from error
