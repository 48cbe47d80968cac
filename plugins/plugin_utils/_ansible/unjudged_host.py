# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The verdict on a guest's host where no earlier task of this run has given one: the host is asked from the guest's task, or the guest waits.

A limit, a retry file, a tag or a slice takes hosts out of a run. That must not take the protection from their guests.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from ansible.errors import AnsibleError

from .._avma.cluster_verdict import cluster_as_told
from .._avma.computer_names import is_address, same_computer, short_name
from .._avma.facts import GuestPlacement
from .._avma.host_of_guest import host_of_guest
from .._avma.host_verdict import judge_host
from .._avma.host_view import HostView, host_view
from .._avma.tables import Tables
from .._avma.text import safe_text
from .._windows.host import read_host
from .._wsman.errors import WsManError
from .action import Task
from .connection import UnsupportedConnection, open_session
from .failure import failure_of
from .guest_place import places_of
from .inventory_connection import Inventory, connection_of
from .options import OptionError
from .parallel_sessions import preserved_ticket_cache
from .results import readiness_result

ASK, DEFER, ACTIVATE = "ask", "defer", "activate"
UNJUDGED_OPTIONS: dict[str, t.Any] = {
    "unjudged_host": {"type": "str", "choices": [ASK, DEFER, ACTIVATE], "default": ACTIVATE},
    "hosts_group": {"type": "str", "default": "hyperv_hosts"},
    "host_name": {"type": "str"},
}


def stated_host(task: Task, name: str) -> str:
    """The host that the user names, as the inventory writes it: Windows people write either case. Raises OptionError."""
    machines = [str(machine) for machine in (task.variables.get("groups") or {}).get("all", ())]
    found = next((machine for machine in machines if machine.casefold() == name.strip().casefold()), None)
    if found is None:
        near = get_close_matches(name.casefold(), [machine.casefold() for machine in machines], 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise OptionError(
            f"host_name (in playbooks avma_host): the inventory has no machine {safe_text(name)!r}.{hint} Give the host's name in the inventory"
        )
    return found


def host_of_this_run(task: Task, name: str, tables: Tables) -> HostView | None:
    """What an earlier task of this run has registered of the host, None where it was not asked."""
    result = Inventory(task.variables).results(name).get("host_result")
    if not isinstance(result, Mapping) or result.get("skipped"):
        return None
    readiness = result.get("readiness")
    return host_view(readiness if readiness is not None else {"unjudged": name, "reason": result.get("msg")}, tables)


class UnjudgedHost:
    """Of one guest. ``policy`` is one of UNJUDGED_OPTIONS; ``stated``: the host's name in the inventory, where the user says it."""

    def __init__(self, task: Task, play_context: t.Any, tables: Tables, *, policy: str, group: str, stated: str | None) -> None:
        self._task = task
        self._inventory = Inventory(task.variables)
        self._play_context = play_context
        self._tables = tables
        self._policy = policy
        self._group = group
        self._stated = stated

    def view(self, placement: GuestPlacement | None) -> HostView | None:
        """The host as it is now. One with a problem where the guest is to wait; None where nobody has to know."""
        if self._policy == ACTIVATE:
            return None
        told = placement.host_name if placement else None
        name = self._stated or self._by_name(placement) or self._by_survey()
        if name is None:
            return self._left_out(told)
        if self._policy == DEFER:
            return _waits(told or name, "it was not asked in this run", f"Add {name} to the limit")
        return self._asked(name, placement)

    def _left_out(self, told: str | None) -> HostView:
        if told is None:
            return _waits(None, "the guest does not report which host it runs on, and no host that was asked shows it", self._add_all())
        return _waits(told, f"no host of the inventory's group {self._group} has that name", self._add_all())

    def _add_all(self) -> str:
        return f"Add {self._group} to the limit, and the host to that group of the inventory"

    def _members(self) -> Sequence[str]:
        groups: Mapping[str, Sequence[str]] = self._task.variables.get("groups") or {}
        return [str(name) for name in groups.get(self._group, ())]

    def _by_name(self, placement: GuestPlacement | None) -> str | None:
        """The host of the inventory whose name or address is the one that Hyper-V wrote into the guest's registry."""
        if placement is None or not placement.host_name:
            return None
        wanted = [name for name in (placement.host_fqdn, placement.host_name) if name]
        short = {short_name(name) for name in wanted}
        found: dict[str, None] = {}
        for name in self._members():
            address = self._inventory.results(name).get("ansible_host")
            for known in (name, str(address or "")):
                if known and not is_address(known) and short_name(known) in short and any(same_computer(known, one) for one in wanted):
                    found[name] = None
        return next(iter(found)) if len(found) == 1 else None

    def _by_survey(self) -> str | None:
        """The host that the inventory plugin or a survey of this run names."""
        places = places_of(self._task.variables, self._task.machine, None, self._members())
        hosts = getattr(places, "hosts", ())
        return hosts[0].name if hosts else None

    def _asked(self, name: str, placement: GuestPlacement | None) -> HostView:
        told = placement.host_name if placement else None
        try:
            found = self._ask(name)
        except WsManError as error:
            return _waits(told or name, failure_of(error, name).msg.rstrip(". "), f"Add {name} to the limit")
        except (UnsupportedConnection, AnsibleError) as error:
            return _waits(told or name, safe_text(str(error), limit=400).rstrip(". "), f"Add {name} to the limit")
        if self._stated or told is None or host_of_guest(placement, [found], self._tables) is not None:
            return host_view(found, self._tables)
        return _waits(told, f"{name}, which the inventory names, is another computer", self._add_all())

    def _ask(self, name: str) -> Mapping[str, t.Any]:
        """What host_info would say of the host, small. The connection is kept until the session is closed: it owns a file of tickets."""
        with preserved_ticket_cache():
            connection = connection_of(name, self._inventory.variables(name), play_context=self._play_context)
            session = open_session(connection)
            try:
                facts = read_host(session)
            finally:
                session.close()
        cluster = cluster_as_told(facts.cluster, tables=self._tables) if facts.cluster is not None else None
        return readiness_result(facts, judge_host(facts, self._tables), cluster, tables=self._tables)


def _waits(name: str | None, reason: str, what: str) -> HostView:
    return HostView(name or "", None, None, problem=reason, to_do=what)
