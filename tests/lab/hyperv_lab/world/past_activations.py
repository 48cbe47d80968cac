# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has logged of its guests before the lab began, made when its log is read: tens of thousands of events cost nothing until then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .errors import SL_E_IA_THROTTLE_LIMIT_EXCEEDED
from .eventlog import HOST_EVENT, INFORMATION, QUALIFIERS, SOURCE, Event, Exchange, host_event
from .rules import EventShape

# Many guests that ask at once are told to wait (slerror.h); how many do is nobody's number.
_REFUSED = 17


@dataclass(frozen=True)
class Asking:
    """A guest that has asked its host: its names, its machine and the SKU that it was activated for.

    ``activated``: it was activated up to now. Otherwise its host has refused it all the while, for too many requests as far as the log tells.
    """

    guest_name: str
    vm_id: str
    vm_name: str
    sku_id: str
    iaid: str
    activated: bool


@dataclass(frozen=True)
class PastActivations:
    """``count`` events, evenly from ``begin`` up to ``end``; the guests take turns."""

    host_name: str
    guests: tuple[Asking, ...]
    begin: datetime
    end: datetime
    count: int
    shape: EventShape
    minutes: int

    def event(self, number: int, record: int) -> Event:
        """``number`` from 0 on, the oldest first."""
        asking = self.guests[number % len(self.guests)]
        refused = not asking.activated or number % _REFUSED == _REFUSED - 1
        time = self.begin + (self.end - self.begin) * number / self.count
        exchange = Exchange(
            code=SL_E_IA_THROTTLE_LIMIT_EXCEEDED if refused else 0,
            host_name=self.host_name,
            guest_name=asking.guest_name,
            vm_id=asking.vm_id,
            vm_name=asking.vm_name,
            iaid=asking.iaid,
            sku_id=asking.sku_id,
            time=time,
            minutes=0 if refused else self.minutes,
        )
        strings, message = host_event(self.shape, exchange)
        return Event(record, HOST_EVENT, QUALIFIERS, SOURCE, INFORMATION, time, strings, message)
