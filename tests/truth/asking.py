# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a world by the code that the modules run, over WS-Management, in one process: a message is handed to the lab's service and not sent."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from ansible_collections.hyperv.avma.plugins.action import event_info
from ansible_collections.hyperv.avma.plugins.action import report as report_action
from ansible_collections.hyperv.avma.plugins.plugin_utils._ansible.results import guest_licences_result, guest_result
from ansible_collections.hyperv.avma.plugins.plugin_utils._avma.tables import PUBLISHED
from ansible_collections.hyperv.avma.plugins.plugin_utils._inventory.survey import read_answer
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.building import build
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.document import Document, document_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.rows import rows_of
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.ledger.store import Ledger
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.material import GuestMaterial, HostMaterial, Material, Settings
from ansible_collections.hyperv.avma.plugins.plugin_utils._report.summary import Summary, summarise
from ansible_collections.hyperv.avma.plugins.plugin_utils._windows.guest import read_guest
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.errors import ConnectionFailed, WsManError
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.retry import RetryPolicy
from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.session import Session
from hyperv_lab.providers.machine import SimulatedMachine
from hyperv_lab.world.windows import Windows
from hyperv_lab.wsman.service import WsmanService
from hyperv_lab.wsman.settings import ServiceSettings

from .world import World

_Answer = Callable[[Session], dict[str, Any]]


@dataclass(frozen=True)
class Asking:
    """``guests``: the share of them that is asked; 0 is hosts alone. ``away``: numbers of hosts that do not answer. ``rough``: the share of
    messages that get no answer. ``controller``: by how much its clock is ahead of the world's."""

    guests: float = 1.0
    away: tuple[int, ...] = ()
    rough: float = 0.0
    ledger: bool = True
    limit: int = 0
    controller: timedelta = timedelta()
    known_ids: bool = False


@dataclass(frozen=True)
class Asked:
    asking: Asking
    now: datetime  # of the world
    document: Document
    summary: Summary
    inventory: dict[str, dict[str, Any]] = field(default_factory=dict)  # of each machine by its ID
    reachable: frozenset[str] = frozenset()  # IDs of Windows guests that were asked and can answer


class _Direct:
    """Hands messages to the service of a machine."""

    read_timeout = None

    def __init__(self, world: World, windows: Windows, rough: float, chance: random.Random, *, away: bool) -> None:
        self.endpoint = f"http://{windows.name}:5985/wsman"
        self._machine = SimulatedMachine(world.fleet, windows)
        self._service = WsmanService(self._machine, ServiceSettings())
        self._account = next(iter(world.fleet.accounts.values()))
        self._rough, self._chance, self._away = rough, chance, away

    def send(self, message: str, allowance: object = None) -> bytes:
        if self._away or not self._machine.listening or self._chance.random() < self._rough:
            raise ConnectionFailed(self.endpoint, "connection refused")
        received = self._service.receive(message.encode("utf-8"))
        return self._service.answer(received, self._account, self._machine.name).body.encode("utf-8")

    def shell(self) -> Any:
        raise AssertionError("nothing that is asked here needs a shell")

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


class Controller:
    """Who asks a world, again and again, and keeps a ledger between. ``folder``: for the ledger."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._ledger = folder / "ledger.sqlite"

    def ask(self, asking: Asking, seed: int) -> Asked:
        world, chance = self._world, random.Random(seed)
        now = world.now + asking.controller
        hosts = [self._host(host, number, asking, chance, now) for number, host in enumerate(world.fleet.hosts)]
        guests, reachable = self._guests(asking, chance)
        ledger = None
        settings = Settings(now=now, observed=now, since=now - timedelta(days=90))
        if asking.ledger:
            kept = Ledger(str(self._ledger))
            kept.record(rows_of([host.events for host in hosts], [], now))
            ledger = report_action._ledger(str(self._ledger), settings)
        material = Material(tuple(hosts), tuple(guests), ledger)
        return Asked(
            asking,
            world.now,
            document_of(build(material, settings)),
            summarise(guests, hosts),
            {vm["id"]: {**vm, "host": host.name} for host in hosts for vm in host.kvp.get("vms", ())},
            frozenset(reachable),
        )

    def _host(self, windows: Windows, number: int, asking: Asking, chance: random.Random, now: datetime) -> HostMaterial:
        away = number in asking.away

        def survey(session: Session) -> dict[str, Any]:
            info, vms = read_answer(session, items=True, tables=PUBLISHED)
            return {"info": info, "kvp": {"host": {"name": windows.name}, "vms": list(vms)}}

        answer = self._asked(windows, asking, chance, survey, away=away)
        if "info" not in answer:
            return HostMaterial(windows.name, answer)
        known = Ledger(str(self._ledger)).bookmarks() if asking.ledger else {}
        options = event_info.Options("30d", None, known.get(windows.name), event_info._EVENTS["auto"], asking.limit)

        def events(session: Session) -> dict[str, Any]:
            task = SimpleNamespace(machine=windows.name)
            return event_info.ActionModule.converse(None, task, options, session)  # type: ignore[arg-type]

        with mock.patch.object(event_info, "utc_now", return_value=now, create=True):
            return HostMaterial(windows.name, answer["info"], answer["kvp"], self._asked(windows, asking, chance, events, away=away))

    def _guests(self, asking: Asking, chance: random.Random) -> tuple[list[GuestMaterial], set[str]]:
        found, reachable = [], set()
        for windows in self._world.fleet.guests():
            if chance.random() >= asking.guests:
                continue
            vm = self._world.fleet.placement(windows)[1]

            def facts(session: Session) -> dict[str, Any]:
                read = read_guest(session)
                return {"guest": {**guest_result(read, PUBLISHED), **guest_licences_result(read)}, "findings": []}

            result = self._asked(windows, asking, chance, facts)
            if vm.running and windows.network:
                reachable.add(vm.id)
            found.append(GuestMaterial(windows.name, result, vm.id if asking.known_ids else None))
        return found, reachable

    def _asked(self, windows: Windows, asking: Asking, chance: random.Random, ask: _Answer, *, away: bool = False) -> dict[str, Any]:
        transport = _Direct(self._world, windows, asking.rough, chance, away=away)
        session = Session(transport, retry=RetryPolicy(attempts=2), sleep=lambda _seconds: None)
        try:
            return ask(session)
        except WsManError as error:
            return {"failed": True, "unreachable": isinstance(error, ConnectionFailed), "msg": str(error)}
