# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world that happens: a counted fleet of the lab, what is done to it, and what was true of each machine when.

The truth is read from the world itself and by the lab's own words: nothing here knows the collection.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections import defaultdict
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hyperv_lab.cim.provider import CimError
from hyperv_lab.control.arrangements import arrangements
from hyperv_lab.scenarios.building import build
from hyperv_lab.scenarios.counted import counted
from hyperv_lab.world import keys, licence, licensing
from hyperv_lab.world.eventlog import HOST_EVENT
from hyperv_lab.world.fleet import Fleet
from hyperv_lab.world.guest import Guest, LinuxGuest
from hyperv_lab.world.host import Host
from hyperv_lab.world.vm import Vm

BEGIN = datetime(2026, 11, 2, 8, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Moment:
    """What is true of one machine. ``channel`` None: no key, or no Windows."""

    windows: bool
    channel: str | None
    licensed: bool
    expires: datetime | None
    state: str
    host: str
    name: str

    @property
    def activated(self) -> bool:
        return self.licensed and self.channel == keys.AVMA


@dataclass(frozen=True)
class Shape:
    """``events``: what the insertion strings look like. ``past``: events that each host has logged before."""

    hosts: int
    machines: int
    clusters: int
    seed: int
    events: str
    past: int


class World:
    def __init__(self, shape: Shape) -> None:
        per_host = max(1, shape.machines // shape.hosts)
        scenario = counted(min(shape.clusters, shape.hosts), shape.hosts, per_host, shape.seed, past_activations=shape.past)
        scenario.clock.start, scenario.clock.frozen = BEGIN, True
        scenario.rules.events.shape = shape.events  # type: ignore[assignment]
        self.fleet: Fleet = build(scenario, "127.99.0.0")
        self.successes: dict[str, set[datetime]] = defaultdict(set)
        self.lied: set[str] = set()  # whose Data Exchange says what is not so
        self._moments: dict[str, tuple[list[datetime], list[Moment]]] = defaultdict(lambda: ([], []))
        self._read: dict[str, int] = defaultdict(int)
        self._checkpoints: dict[str, Any] = {}
        self._lies_of_the_scenario()
        self._note()

    @property
    def now(self) -> datetime:
        return self.fleet.clock.now()

    def ids(self) -> list[str]:
        return [vm.id for _host, vm in self.fleet.vms()]

    def at(self, identifier: str, time: datetime) -> Moment | None:
        """What was true then; a report knows times to the second. None: it is before the world began."""
        times, moments = self._moments[identifier]
        number = bisect_right(times, time + _SECOND / 2)
        return moments[number - 1] if number else None

    def during(self, identifier: str, begin: datetime, end: datetime) -> list[Moment]:
        times, moments = self._moments[identifier]
        first, last = bisect_right(times, begin), bisect_right(times, end)
        return moments[max(0, first - 1) : last]

    # -- what happens

    def do(self, step: dict[str, Any]) -> None:
        """One step. What the lab refuses, as Windows would, does not happen."""
        self.fleet.clock.advance(_SECOND)
        kind = step["do"]
        with contextlib.suppress(ValueError, KeyError, CimError):
            getattr(self, f"_{kind}")(**{name: value for name, value in step.items() if name != "do"})
        self._note()

    def _wait(self, hours: int) -> None:
        left = timedelta(hours=hours)
        while left > timedelta():
            part = min(left, _DAY)
            self.fleet.advance(part)
            self._note()
            left -= part

    def _host(self, number: int) -> Host:
        return self.fleet.hosts[number % len(self.fleet.hosts)]

    def _vm(self, number: int) -> Vm:
        vms = sorted((vm for _host, vm in self.fleet.vms()), key=lambda vm: vm.id)
        return vms[number % len(vms)]

    def _guest(self, number: int) -> Guest:
        guests = sorted(self.fleet.guests(), key=lambda guest: guest.name)
        return guests[number % len(guests)]

    def _arrange(self, **values: Any) -> None:
        (arrangement,) = arrangements.validate_python([values])
        arrangement.apply(self.fleet)

    def _power(self, vm: int, state: str) -> None:
        self._arrange(do="vm_state", vm=self._vm(vm).id, state=state)

    def _move(self, vm: int, host: int) -> None:
        self._arrange(do="migrate", vm=self._vm(vm).id, host=self._host(host).name)

    def _fail(self, host: int, back: bool) -> None:
        self._arrange(do="fail_over", host=self._host(host).name, back=back)

    def _network(self, guest: int, connected: bool) -> None:
        self._arrange(do="network", guest=self._guest(guest).name, connected=connected)

    def _exchange(self, vm: int, enabled: bool) -> None:
        self._arrange(do="data_exchange", vm=self._vm(vm).id, enabled=enabled)

    def _service(self, guest: int, state: str) -> None:
        self._arrange(do="kvp_service", guest=self._guest(guest).name, state=state)

    def _key(self, guest: int, channel: str) -> None:
        """Somebody puts in another key and activates with it."""
        found = self._guest(guest)
        key = self.fleet.keys.generic(channel, found.release.keys, found.edition.kind)
        if key is None:
            key = keys.ProductKey(_made_up(guest, channel), channel, found.release.keys or found.release.name, found.edition.kind)
            self.fleet.keys.add(key)
        licensing.install_key(self.fleet, found, key.text)
        licensing.activate(self.fleet, found, channel)

    def _ask(self, guest: int) -> None:
        found = self._guest(guest)
        if self.fleet.placement(found)[1].running and found.licence.channel:
            licensing.activate(self.fleet, found, found.licence.channel)

    def _host_licence(self, host: int, status: str) -> None:
        self._arrange(do="licence", machine=self._host(host).name, status=status)

    def _loses(self, guest: int) -> None:
        """A guest whose licence is gone, as after a change of hardware."""
        self._arrange(do="licence", machine=self._guest(guest).name, status="notification", reason=0xC004F009)

    def _throttle(self, host: int, requests: int) -> None:
        self._arrange(do="throttle", host=self._host(host).name, requests=requests)

    def _bound(self, vm: int, bound: bool) -> None:
        self._arrange(do="bound", vm=self._vm(vm).id, bound=bound)

    def _device(self, guest: int, present: bool) -> None:
        self._arrange(do="platform", guest=self._guest(guest).name, activation_device=present)

    def _cleared(self, host: int, renumber: bool) -> None:
        self._arrange(do="clear_log", machine=self._host(host).name, renumber=renumber)
        self._read[self._host(host).name] = 0

    def _full(self, host: int, events: int) -> None:
        self._arrange(do="limit_log", machine=self._host(host).name, events=events)

    def _noise(self, host: int, text: str) -> None:
        self._arrange(do="event", machine=self._host(host).name, id=HOST_EVENT, strings=[text])

    def _claim(self, vm: int, name: str, data: str | None) -> None:
        self._arrange(do="guest_item", vm=self._vm(vm).id, name=name, data=data)

    def _lie(self, vm: int, name: str, data: str) -> None:
        self._arrange(do="false_item", vm=self._vm(vm).id, name=name, data=data)
        self.lied.add(self._vm(vm).id)

    def _clone(self, guest: int, of: int) -> None:
        self._arrange(do="activation_id", guest=self._guest(guest).name, of=self._guest(of).name)

    def _rename(self, vm: int, name: str) -> None:
        """As Hyper-V Manager does it: any machine may get the name of another."""
        self._vm(vm).name = name

    def _checkpoint(self, guest: int) -> None:
        found = self._guest(guest)
        self._checkpoints[found.name] = copy(found.licence)

    def _restore(self, guest: int) -> None:
        """The guest is as it was, its licence included; what its host has logged since stays."""
        found = self._guest(guest)
        if found.name in self._checkpoints:
            found.licence = copy(self._checkpoints[found.name])

    def _set_rule(self, section: str, name: str, value: Any) -> None:
        self._arrange(do="rule", section=section, name=name, value=value)

    # -- what is so

    def _lies_of_the_scenario(self) -> None:
        for host, vm in self.fleet.vms():
            if vm.guest is not None and vm.guest.false_items:
                self.lied.add(vm.id)
            if not isinstance(vm.guest, Guest):
                continue
            if vm.guest.licence.last_activation is not None:
                self.successes[vm.id].add(_whole(vm.guest.licence.last_activation))
            for event in host.log.read():
                if event.id == HOST_EVENT and "0x00000000" in f"{event.strings}{event.message}":
                    self._logged(event.time, f"{','.join(event.strings)},{event.message}")

    def _logged(self, time: datetime, text: str) -> None:
        for _host, vm in self.fleet.vms():
            if vm.id.lower() in text.lower() or (isinstance(vm.guest, Guest) and vm.guest.fqdn.lower() in text.lower()):
                self.successes[vm.id].add(_whole(time))

    def _note(self) -> None:
        """What is true now."""
        now = self.now
        for host, vm in self.fleet.vms():
            guest = vm.guest
            state = guest.licence if isinstance(guest, Guest) else None
            if state is not None:
                state.settle(now)
                if state.last_activation is not None:
                    self.successes[vm.id].add(_whole(state.last_activation))
                # Where a guest does not tell it (a rule of the lab), the lease does.
                if state.channel == keys.AVMA and state.expires is not None:
                    self.successes[vm.id].add(_whole(state.expires - timedelta(minutes=self.fleet.rules.licensing.lease_minutes)))
            moment = Moment(
                windows=isinstance(guest, Guest),
                channel=state.channel if state else None,
                licensed=state is not None and state.status == licence.LICENSED,
                expires=state.expires if state else None,
                state=vm.state.name.lower(),
                host=host.name,
                name=vm.name,
            )
            times, moments = self._moments[vm.id]
            if times and times[-1] == now:
                moments[-1] = moment
            elif not moments or moments[-1] != moment:
                times.append(now)
                moments.append(moment)

    def kind(self, identifier: str) -> type[object] | None:
        guest = self.fleet.vm(identifier)[1].guest
        return Guest if isinstance(guest, Guest) else LinuxGuest if isinstance(guest, LinuxGuest) else None


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def _made_up(number: int, channel: str) -> str:
    letters = "BCDFGHJKMPQRTVWXY2346789"
    text = "".join(letters[(number * 7 + index * 5 + sum(map(ord, channel))) % len(letters)] for index in range(25))
    return "-".join(text[start : start + 5] for start in range(0, 25, 5))
