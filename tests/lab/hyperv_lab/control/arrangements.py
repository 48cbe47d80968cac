# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to the world from outside: what a test or a demonstration arranges. Each is a model with ``apply``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..scenarios.description import ReleaseName, StateName
from ..world import licence, licensing, servicing
from ..world.eventlog import QUALIFIERS, SOURCE
from ..world.failover import bring_back, fail_over
from ..world.fleet import Fleet
from ..world.registry import string_values
from ..world.releases import RELEASES
from ..world.rules import Rules
from ..world.vm import DirectTrip, VmState


class _Arrangement(BaseModel, ABC):
    model_config = ConfigDict(extra="forbid")

    @abstractmethod
    def apply(self, fleet: Fleet) -> None:
        """Change the world; ValueError, UnknownMachine or CimError if it cannot be."""


class VmPower(_Arrangement):
    """Starts, stops, saves or pauses a VM."""

    do: Literal["vm_state"]
    vm: str
    state: StateName

    def apply(self, fleet: Fleet) -> None:
        _host, vm = fleet.vm(self.vm)
        fleet.set_state(vm, VmState[self.state.upper()])


class Migrate(_Arrangement):
    """Live migration to another host."""

    do: Literal["migrate"]
    vm: str
    host: str

    def apply(self, fleet: Fleet) -> None:
        _host, vm = fleet.vm(self.vm)
        fleet.migrate(vm, fleet.host(self.host))


class FailOver(_Arrangement):
    """A node of a cluster dies: its VMs start again on the others. ``back`` true brings it back."""

    do: Literal["fail_over"]
    host: str
    back: bool = False

    def apply(self, fleet: Fleet) -> None:
        (bring_back if self.back else fail_over)(fleet, fleet.host(self.host))


class Network(_Arrangement):
    """The network of a guest. Its host reaches it without."""

    do: Literal["network"]
    guest: str
    connected: bool

    def apply(self, fleet: Fleet) -> None:
        fleet.set_network(fleet.guest(self.guest), self.connected)


class PowerShellDirect(_Arrangement):
    """What meets whoever comes to a machine by PowerShell Direct. ``trips``: how many, and the next ones nothing; None: all."""

    do: Literal["powershell_direct"]
    vm: str
    trip: DirectTrip
    trips: Annotated[int | None, Field(ge=1)] = None

    def apply(self, fleet: Fleet) -> None:
        _host, vm = fleet.vm(self.vm)
        vm.direct, vm.direct_trips = self.trip, self.trips


class DataExchange(_Arrangement):
    """The host's setting of the Data Exchange integration service."""

    do: Literal["data_exchange"]
    vm: str
    enabled: bool

    def apply(self, fleet: Fleet) -> None:
        host, vm = fleet.vm(self.vm)
        fleet.set_component(host, vm, "kvp", self.enabled)


class KvpService(_Arrangement):
    """The guest's side of Data Exchange."""

    do: Literal["kvp_service"]
    guest: str
    state: Literal["running", "stopped", "disabled"]

    def apply(self, fleet: Fleet) -> None:
        fleet.set_kvp_service(fleet.guest(self.guest), self.state == "running", disabled=self.state == "disabled")


class SetLicence(_Arrangement):
    """State of the licence of a host or guest, whatever its key."""

    do: Literal["licence"]
    machine: str
    status: Literal["licensed", "notification", "grace", "unlicensed"]
    reason: int = 0
    minutes: int | None = None

    def apply(self, fleet: Fleet) -> None:
        state = fleet.windows(self.machine).licence
        state.status = {
            "licensed": licence.LICENSED,
            "notification": licence.NOTIFICATION,
            "grace": licence.OOB_GRACE,
            "unlicensed": licence.UNLICENSED,
        }[self.status]
        state.reason = self.reason
        state.expires = fleet.clock.now() + timedelta(minutes=self.minutes) if self.minutes else None


class InstallKey(_Arrangement):
    """A key, as if somebody had installed it by hand. Fails as Windows would."""

    do: Literal["install_key"]
    machine: str
    key: str = Field(repr=False)

    def apply(self, fleet: Fleet) -> None:
        licensing.install_key(fleet, fleet.windows(self.machine), self.key)


class ActivationId(_Arrangement):
    """A guest that was copied from another together with its activation, and so tells the same ID. How long Windows lets that be is not known."""

    do: Literal["activation_id"]
    guest: str
    of: str

    def apply(self, fleet: Fleet) -> None:
        fleet.guest(self.guest).licence.iaid = fleet.guest(self.of).licence.iaid


class Throttle(_Arrangement):
    """So many requests for activation the host refuses next."""

    do: Literal["throttle"]
    host: str
    requests: int = Field(ge=0)

    def apply(self, fleet: Fleet) -> None:
        fleet.host(self.host).throttle = self.requests


class Bound(_Arrangement):
    """Whether the host still knows the VM's activation."""

    do: Literal["bound"]
    vm: str
    bound: bool

    def apply(self, fleet: Fleet) -> None:
        fleet.vm(self.vm)[1].bound = self.bound


class GuestPlatform(_Arrangement):
    """The virtualisation that a guest finds itself on."""

    do: Literal["platform"]
    guest: str
    hypervisor: Literal["hyper-v", "azure", "other"] = "hyper-v"
    activation_device: bool = True
    activation_driver: bool = True

    def apply(self, fleet: Fleet) -> None:
        guest = fleet.guest(self.guest)
        guest.hypervisor, guest.activation_device, guest.activation_driver = self.hypervisor, self.activation_device, self.activation_driver


class GuestItem(_Arrangement):
    """A key-value pair in the guest's pool. ``data`` null removes it."""

    do: Literal["guest_item"]
    vm: str
    name: str
    data: str | None

    def apply(self, fleet: Fleet) -> None:
        _host, vm = fleet.vm(self.vm)
        if vm.guest is None:
            raise ValueError(f"VM {self.vm!r} is empty: it has no key-value pairs of its own")
        pool = vm.guest.pools.guest
        if self.data is None:
            pool.pop(self.name.lower(), None)
        else:
            pool.update(string_values({self.name: self.data}))


class FalseItem(_Arrangement):
    """An intrinsic key-value pair that lies. ``data`` null lets the truth through again."""

    do: Literal["false_item"]
    vm: str
    name: str
    data: str | None

    def apply(self, fleet: Fleet) -> None:
        _host, vm = fleet.vm(self.vm)
        if vm.guest is None:
            raise ValueError(f"VM {self.vm!r} is empty: it has no key-value pairs of its own")
        if self.data is None:
            vm.guest.false_items.pop(self.name, None)
        else:
            vm.guest.false_items[self.name] = self.data


class HostItem(_Arrangement):
    """A key-value pair from the host to the guest. ``data`` null removes it."""

    do: Literal["host_item"]
    vm: str
    name: str
    data: str | None

    def apply(self, fleet: Fleet) -> None:
        host, vm = fleet.vm(self.vm)
        if self.data is None:
            vm.host_items.pop(self.name, None)
        else:
            vm.host_items[self.name] = self.data
        fleet.deliver(host, vm)


class Notes(_Arrangement):
    """The notes of a VM, as Hyper-V Manager keeps them."""

    do: Literal["notes"]
    vm: str
    text: str

    def apply(self, fleet: Fleet) -> None:
        fleet.vm(self.vm)[1].notes = self.text


class WriteEvent(_Arrangement):
    """An event in a machine's Application log, of any shape."""

    do: Literal["event"]
    machine: str
    id: int = Field(ge=0, le=65535)
    strings: list[str] = []
    message: str = ""
    source: str = SOURCE
    qualifiers: int = QUALIFIERS
    minutes_ago: int = Field(default=0, ge=0)

    def apply(self, fleet: Fleet) -> None:
        time = fleet.clock.now() - timedelta(minutes=self.minutes_ago)
        log = fleet.windows(self.machine).log
        log.write(self.id, time, tuple(self.strings), self.message, source=self.source, qualifiers=self.qualifiers)


class ClearLog(_Arrangement):
    """Somebody clears a machine's Application log. ``renumber``: records begin at 1 again."""

    do: Literal["clear_log"]
    machine: str
    renumber: bool = True

    def apply(self, fleet: Fleet) -> None:
        fleet.windows(self.machine).log.clear(renumber=self.renumber)


class LimitLog(_Arrangement):
    """A machine's Application log holds so many events from now on and drops its oldest for new ones."""

    do: Literal["limit_log"]
    machine: str
    events: int = Field(ge=1)

    def apply(self, fleet: Fleet) -> None:
        fleet.windows(self.machine).log.limit = self.events


class EventService(_Arrangement):
    """The event service of one machine, for every account."""

    do: Literal["event_service"]
    machine: str
    state: Literal["served", "denied", "absent"]

    def apply(self, fleet: Fleet) -> None:
        fleet.windows(self.machine).event_service = self.state


class SetRule(_Arrangement):
    """One switch of the rules, such as ``jobs.fails``."""

    do: Literal["rule"]
    section: Literal["licensing", "events", "jobs", "data_exchange"]
    name: str
    value: Any

    def apply(self, fleet: Fleet) -> None:
        section = getattr(fleet.rules, self.section)
        known = [field.name for field in fields(section)]
        if self.name not in known:
            raise ValueError(f"{self.section} has no rule {self.name!r}; it has {', '.join(known)}")
        current = {field.name: getattr(section, field.name) for field in fields(section)}
        checked = _RULES.validate_python({self.section: {**current, self.name: self.value}})
        setattr(section, self.name, getattr(getattr(checked, self.section), self.name))


class DenyNamespace(_Arrangement):
    """WMI namespace security of one machine, against every account."""

    do: Literal["deny_namespace"]
    machine: str
    namespace: str
    denied: bool = True

    def apply(self, fleet: Fleet) -> None:
        windows = fleet.windows(self.machine)
        names = {self.namespace.lower()}
        windows.denied_namespaces = windows.denied_namespaces | names if self.denied else windows.denied_namespaces - names


class HyperVRole(_Arrangement):
    do: Literal["hyperv_role"]
    host: str
    installed: bool

    def apply(self, fleet: Fleet) -> None:
        fleet.host(self.host).hyperv = self.installed


class NodeState(_Arrangement):
    do: Literal["node_state"]
    host: str
    state: Literal["up", "down", "paused", "joining"]

    def apply(self, fleet: Fleet) -> None:
        fleet.host(self.host).node_state = ("up", "down", "paused", "joining").index(self.state)


class Kms(_Arrangement):
    """Whether a machine reaches a KMS. Null: as the rules say."""

    do: Literal["kms"]
    machine: str
    reachable: bool | None

    def apply(self, fleet: Fleet) -> None:
        fleet.windows(self.machine).kms_reachable = self.reachable


class SetEdition(_Arrangement):
    """DISM /Online /Set-Edition and the restart: an evaluation becomes a licensed edition. Refused as DISM would."""

    do: Literal["set_edition"]
    machine: str
    edition: str  # as DISM calls it, such as ServerStandardCor
    key: str = Field(repr=False)

    def apply(self, fleet: Fleet) -> None:
        servicing.set_edition(fleet, fleet.windows(self.machine), self.edition, self.key)


class Upgrade(_Arrangement):
    """An upgrade in place by Setup. Refused as Setup would."""

    do: Literal["upgrade"]
    machine: str
    release: ReleaseName
    key: str = Field(repr=False)

    def apply(self, fleet: Fleet) -> None:
        servicing.upgrade(fleet, fleet.windows(self.machine), RELEASES[self.release], self.key)


Arrangement = Annotated[
    VmPower
    | Migrate
    | FailOver
    | Network
    | PowerShellDirect
    | DataExchange
    | KvpService
    | SetLicence
    | InstallKey
    | ActivationId
    | Throttle
    | Bound
    | GuestPlatform
    | GuestItem
    | FalseItem
    | HostItem
    | Notes
    | WriteEvent
    | ClearLog
    | LimitLog
    | EventService
    | SetRule
    | DenyNamespace
    | HyperVRole
    | NodeState
    | Kms
    | SetEdition
    | Upgrade,
    Field(discriminator="do"),
]

_RULES = TypeAdapter(Rules)
arrangements: TypeAdapter[list[Arrangement]] = TypeAdapter(list[Arrangement])
