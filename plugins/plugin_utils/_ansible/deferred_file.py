# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The file of deferred guests on the controller, and the one with the reasons beside it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .._avma.deferred import DeferredGuest, names_in, names_text, reasons_text, still_deferred
from .._whole_file import make_folder_of, replace

REASONS_SUFFIX = ".reasons"


@dataclass(frozen=True)
class Kept:
    """The names in the file ``before`` and ``after``."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    changed: bool


class DeferredFile:
    """``path`` on the controller. OSError and UnicodeError are left to the caller."""

    def __init__(self, path: str) -> None:
        self.path = path

    def keep(self, run: Collection[str], deferred: Sequence[DeferredGuest], inventory: Collection[str], *, dry_run: bool) -> Kept:
        """Bring the file up to date after a run of the guests ``run``; without a deferred guest there is no file.

        The reasons are written first: a reader who sees a name finds its reason. Runs that end together wait for each other: each reads what the
        other has written.
        """
        nothing = not deferred and not os.path.isdir(os.path.dirname(os.path.abspath(self.path)))
        if dry_run or nothing:
            return self._keep(run, deferred, inventory, dry_run=True)
        with _locked(self.path):
            return self._keep(run, deferred, inventory, dry_run=False)

    def _keep(self, run: Collection[str], deferred: Sequence[DeferredGuest], inventory: Collection[str], *, dry_run: bool) -> Kept:
        names, reasons = _read(self.path), _read(self.path + REASONS_SUFFIX)
        before = names_in(names or "")
        after = still_deferred(before, run, deferred, inventory)
        wanted_names = names_text(after) if after else None
        wanted_reasons = reasons_text(after, deferred, reasons or "") if after else None
        if not dry_run:
            _replace(self.path + REASONS_SUFFIX, reasons, wanted_reasons)
            _replace(self.path, names, wanted_names)
        return Kept(before, after, names != wanted_names)


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """A lock on the folder: the file itself is replaced at each writing, and a file for the lock alone would stay behind."""
    make_folder_of(path)
    descriptor = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # which gives the lock back


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _replace(path: str, before: str | None, text: str | None) -> None:
    """Write ``text``; None removes the file."""
    if text == before:
        return
    if text is None:
        os.unlink(path)
        return
    replace(path, text.encode())
