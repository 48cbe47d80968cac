# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's time: runs like the wall clock from wherever it was set, or stands still."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

NEVER = datetime(1601, 1, 1, tzinfo=UTC)  # how WMI says "this has not happened" (SoftwareLicensingProduct, Msvm_ComputerSystem)


class Clock:
    """Virtual time in UTC.

    A frozen clock moves by ``advance`` and ``set`` alone, which makes a whole scenario repeatable.
    """

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        self._base = _aware(start) if start is not None else datetime.now(UTC)
        self._since = time.monotonic()
        self.frozen = frozen

    def now(self) -> datetime:
        if self.frozen:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    def set(self, moment: datetime) -> None:
        self._base = _aware(moment)
        self._since = time.monotonic()

    def advance(self, by: timedelta) -> datetime:
        """Moves time on (never back) and returns the new time."""
        if by < timedelta(0):
            raise ValueError(f"the clock cannot go back by {-by}: reset the lab to start over")
        self.set(self.now() + by)
        return self.now()

    def freeze(self, frozen: bool = True) -> None:
        self.set(self.now())
        self.frozen = frozen


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
