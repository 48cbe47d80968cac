# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Files that are replaced whole: a reader, and a start after a crash, finds the old file or the new one.

The mode of each file that the collection writes on the controller: one that is there keeps its own, a new one has ``NEW_FILE`` less what the umask
takes away, and a mode that the user asks for is exactly that. A link is replaced by a file, and what it points to is not looked at.
"""

from __future__ import annotations

import os
import secrets
import stat
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# For owner and group: names of tenants and machines are in all of these files, and secrets in none.
NEW_FILE = 0o640
NEW_FOLDER = 0o750


class Replacement:
    """A new file beside the one that it is for."""

    def __init__(self, target: str, temporary: str, file: t.BinaryIO) -> None:
        self._target = target
        self._temporary = temporary
        self.file = file

    def take_its_place(self) -> None:
        """From now on the new file is the one that is found."""
        self.file.flush()
        os.fsync(self.file.fileno())
        os.replace(self._temporary, self._target)


@contextmanager
def replacement(path: str, mode: int | None = None) -> Iterator[Replacement]:
    """A new file for ``path``, which is gone afterwards unless it took its place. ``mode``: as the user asks for it. OSError is left to the caller."""
    kept = mode if mode is not None else _mode_of(path)
    folder, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, NEW_FILE if kept is None else kept & NEW_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if kept is not None:
                os.fchmod(file.fileno(), kept)
            yield Replacement(path, temporary, file)
    finally:
        with suppress(FileNotFoundError):  # gone already where it took its place
            os.unlink(temporary)


def replace(path: str, content: bytes, mode: int | None = None) -> None:
    """Write ``content``, in a folder that is made if need be. OSError is left to the caller."""
    make_folder_of(path)
    with replacement(path, mode) as new:
        new.file.write(content)
        new.take_its_place()


def make_folder_of(path: str) -> None:
    os.makedirs(os.path.dirname(os.path.abspath(path)), mode=NEW_FOLDER, exist_ok=True)


def _mode_of(path: str) -> int | None:
    """The mode of the file that is there. None: there is none."""
    try:
        found = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    return stat.S_IMODE(found) if stat.S_ISREG(found) else None
