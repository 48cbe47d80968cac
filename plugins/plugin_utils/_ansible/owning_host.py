# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The Hyper-V host that has a guest's machine now, asked over a session of its own within the guest's task."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleError

from .._avma.direct import why_not_direct_host
from .._avma.findings import Finding, finding
from .._avma.text import safe_text
from .._avma.vm_matching import liveliness
from .._windows.hyperv import Vm, find_vms
from .._windows.system import read_os
from .._wsman.errors import WsManError
from .._wsman.session import Session
from .connection import UnsupportedConnection, open_session
from .failure import failure_of
from .guest_place import GuestPlaces, HostPlace
from .inventory_connection import Inventory, connection_of
from .parallel_sessions import preserved_ticket_cache


@dataclass(frozen=True)
class Owner:
    """``session`` is open as long as its search is; ``host`` is the inventory's name."""

    session: Session
    vm: Vm
    host: str


class OwnerSearch:
    """A context: what it opens is closed at its end. The process has its own Kerberos tickets again then."""

    def __init__(self, variables: t.Mapping[str, t.Any], play_context: t.Any) -> None:
        self._inventory = Inventory(variables)
        self._play_context = play_context
        self._tickets = preserved_ticket_cache()
        self._sessions: list[Session] = []
        self._connections: list[t.Any] = []  # they own the files of Kerberos tickets

    def __enter__(self) -> OwnerSearch:
        self._tickets.__enter__()
        return self

    def __exit__(self, *raised: t.Any) -> None:
        for session in self._sessions:
            session.close()
        self._tickets.__exit__(*raised)

    def find(self, places: GuestPlaces, guest: str) -> Owner | Finding:
        """The first host that has the machine running, else the first that has it at all; a finding where none has, or none can help."""
        elsewhere: Owner | None = None
        problem: Finding | None = None
        for place in places.hosts:
            found = self._ask(places, place, guest)
            if isinstance(found, Finding):
                problem = problem or found
            elif found is not None and found.vm.running:
                return found
            elif found is not None and (elsewhere is None or liveliness(found.vm.state.value) < liveliness(elsewhere.vm.state.value)):
                # Of a machine that moves, and of a replica, two hosts have one: the one that runs counts.
                elsewhere = found
        return elsewhere or problem or finding("DIRECT_HOST_UNKNOWN", guest, vm=places.vm)

    def _ask(self, places: GuestPlaces, place: HostPlace, guest: str) -> Owner | Finding | None:
        """The machine as this host has it now, None if it has none of that ID. A host that is known to be too old is not asked."""
        if too_old := why_not_direct_host(place.build, place.name):
            return too_old
        try:
            session = self._open(place.name)
            vms = find_vms(session, places.vm)
            if not vms:
                return None
            build = place.build if place.build is not None else read_os(session).build
        except WsManError as error:
            return _unreached(guest, place.name, failure_of(error, place.name).msg)
        except (UnsupportedConnection, AnsibleError) as error:
            return _unreached(guest, place.name, safe_text(str(error), limit=400))
        return why_not_direct_host(build, place.name) or Owner(session, vms[0], place.name)

    def _open(self, host: str) -> Session:
        connection = connection_of(host, self._inventory.variables(host), play_context=self._play_context)
        self._connections.append(connection)
        session = open_session(connection)
        self._sessions.append(session)
        return session


def _unreached(guest: str, host: str, reason: str) -> Finding:
    return finding("DIRECT_HOST_UNREACHABLE", guest, host=host, reason=reason.rstrip(". "))
