# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What can go wrong with a ledger, in sentences that name the file, the cause and the remedy."""

from __future__ import annotations

from collections.abc import Iterable


class LedgerError(Exception):
    """The ledger could not be used. Nothing in it was changed."""


class LedgerDamaged(LedgerError):
    def __init__(self, path: str, cause: str) -> None:
        super().__init__(
            f"the ledger {path} is damaged or no SQLite file ({cause}). It was left as it is. Put a copy from a backup in its place, "
            "or move it away, save what 'sqlite3 FILE .recover' finds, and let a new one be made."
        )


class LedgerForeign(LedgerError):
    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is an SQLite file of another program. It was left as it is. Give the ledger a file of its own.")


class LedgerTooNew(LedgerError):
    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"the ledger {path} has version {found}, and this collection knows versions up to {known}. It was left as it is. Update the collection."
        )


class LedgerMissing(LedgerError):
    def __init__(self, path: str) -> None:
        super().__init__(f"there is no ledger {path}. Record something first, or check the path (in AWX: the volume that is mounted).")


class LedgerBusy(LedgerError):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__(
            f"the ledger {path} was in use by other jobs for {seconds:.0f} seconds. Run again. If no other job runs, the file system may not "
            "support locks: keep the ledger on a local disk or on NFS version 4."
        )


class LedgerInUse(LedgerError):
    def __init__(self, path: str, times: int) -> None:
        super().__init__(
            f"the ledger {path} was written by other jobs {times} times while it was being copied for the check. Run the check when fewer jobs "
            "write, or check a copy of the file made by SQLite's '.backup'."
        )


class LedgerNoRoom(LedgerError):
    def __init__(self, path: str, size: int, folders: Iterable[str]) -> None:
        super().__init__(
            f"the ledger {path} is checked on a copy, so that other jobs can write meanwhile, and there is no room for {size / 1e6:.0f} MB in "
            f"{' or '.join(dict.fromkeys(folders))}. Make room there, or let TMPDIR name a folder that has it."
        )


class LedgerNotWritable(LedgerError):
    def __init__(self, path: str, cause: str) -> None:
        super().__init__(
            f"the ledger {path} cannot be opened or written ({cause}). Check that its folder is there, that the job's user may write into "
            "it, and that the disk has room. In AWX mount a volume into the execution environment."
        )
