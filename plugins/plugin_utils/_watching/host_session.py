# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Asking one Hyper-V host again and again over one session. Blocks: belongs in a thread, one call at a time."""

from __future__ import annotations

import threading
import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible.errors import AnsibleError

from .._ansible.connection import UnsupportedConnection, open_session
from .._ansible.failure import Failure, failure_of
from .._ansible.inventory_connection import connection_of
from .._avma.events import CLOCK_MARGIN, STEADY_MARGIN, Bookmark, LogOrigin, Reading
from .._avma.facts import HostFacts
from .._avma.host_verdict import HostVerdict, judge_host
from .._avma.tables import Tables
from .._avma.text import safe_text
from .._windows.eventlog import read_new, read_origin
from .._windows.host import read_node
from .._windows.hyperv import MachinesNotShown, NoHyperv, Vm, read_vms
from .._wsman.errors import AccessDenied, InvalidClassOrQuery, InvalidNamespace, WsManError
from .._wsman.session import Session
from .arguments import WatchedHost
from .positions import EVENTS

# Making a connection loads plugins, and with Kerberos runs kinit, which sets the environment of the process: one after the other.
_one_at_a_time = threading.Lock()
# What a time service may take back between two looks; less than STEADY_MARGIN.
_CORRECTED = timedelta(minutes=1)


@dataclass(frozen=True)
class HostSnapshot:
    """What one look at a host has shown. With ``failure`` the rest may be missing, and what is there is good all the same.

    ``vms`` None: not asked, as there was no event, or the host refused to say.
    """

    origin: LogOrigin | None = None
    reading: Reading | None = None
    vms: tuple[Vm, ...] | None = None
    facts: HostFacts | None = None
    verdict: HostVerdict | None = None
    failure: Failure | None = None

    @property
    def more(self) -> bool:
        """Whether the limit has cut, so that there is something to read at once."""
        return self.reading is not None and self.reading.more


@dataclass(frozen=True)
class _ReadTo:
    """A log was read whole up to ``bookmark`` when the host's clock showed ``now``, and the controller's own, which is never set, ``clock``."""

    bookmark: Bookmark
    now: datetime
    clock: float

    def goes_on(self, begin: Bookmark, now: datetime, clock: float) -> bool:
        """Whether a reading from ``begin`` follows this one, and the host's clock was not set back in between."""
        return begin == self.bookmark and now - self.now > timedelta(seconds=clock - self.clock) - _CORRECTED


class HostSession:
    """The session of a host, made when it is needed and again after each failure."""

    def __init__(
        self,
        host: WatchedHost,
        timeout: int,
        tables: Tables,
        open: Callable[[t.Any], Session] = open_session,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._timeout = timeout
        self._tables = tables
        self._open = open
        self._clock = clock
        self._read_to: _ReadTo | None = None
        # Kept until there is another one: it owns the file of a Kerberos ticket, which other hosts of the process use too.
        self._connection: t.Any = None
        self._session: Session | None = None

    def look(self, start: Bookmark | None, since: timedelta, *, limit: int, licence: bool) -> HostSnapshot:
        """Read what is new since ``start``, or of the time ``since`` where there is no start, and the licence if it is asked for.

        Three requests for the events, one more if there are any or none is in the log, three for the licence. Errors are in the snapshot.
        """
        seen: dict[str, t.Any] = {}
        try:
            session = self._connected()
            origin, reading = self._read_events(session, start, since, limit)
            # Where the connection breaks now, the events are read again: a rule cannot do much with one that names no machine.
            vms = _vms_if_told(session) if reading.events else None
            seen.update(origin=origin, reading=reading, vms=vms)
            if licence:
                facts = read_node(session)
                seen["verdict"] = judge_host(facts, self._tables)
                seen["facts"] = facts
        except WsManError as error:
            self.close()
            seen["failure"] = failure_of(error, self._host.name)
        except (AnsibleError, UnsupportedConnection) as error:
            self.close()
            reason = safe_text(f"{error}".rstrip(". "), limit=600)
            seen["failure"] = Failure(msg=f"{self._host.name}: {reason}.", kind="connection_not_made")
        return HostSnapshot(**seen)

    def _read_events(self, session: Session, start: Bookmark | None, since: timedelta, limit: int) -> tuple[LogOrigin, Reading]:
        origin, clock = read_origin(session), self._clock()
        now = origin.now or datetime.now(timezone.utc)
        begin = start or Bookmark(log=origin.id, events=EVENTS, time=now - since)
        steady = self._read_to is not None and self._read_to.goes_on(begin, now, clock)
        reading = read_new(session, origin, begin, limit=limit, margin=STEADY_MARGIN if steady else CLOCK_MARGIN)
        self._read_to = _ReadTo(reading.bookmark, now, clock) if reading.complete else None
        return origin, reading

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _connected(self) -> Session:
        if self._session is None:
            with _one_at_a_time:
                self._connection = connection_of(self._host.name, self._host.variables, timeout=self._timeout)
                self._session = self._open(self._connection)
        return self._session


def _vms_if_told(session: Session) -> tuple[Vm, ...] | None:
    """None where the host refuses for good, or shows none though one has just been activated: its events are worth telling without names."""
    try:
        return read_vms(session) or None
    except (AccessDenied, InvalidNamespace, InvalidClassOrQuery, MachinesNotShown, NoHyperv):
        return None
