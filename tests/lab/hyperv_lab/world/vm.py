# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine as its host knows it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from ..cim.types import Value
from .guest import Guest, LinuxGuest


class VmState(int, Enum):
    """Msvm_ComputerSystem.EnabledState (Microsoft; the same numbers in libvirt's hyperv driver)."""

    RUNNING = 2
    OFF = 3
    SHUTTING_DOWN = 4
    SAVED = 6
    PAUSED = 9
    STARTING = 10


class Contact(int, Enum):
    """OperationalStatus of an integration component of a running VM (Microsoft, Msvm_KvpExchangeComponent)."""

    OK = 2
    DEGRADED = 3  # works, by an older version of the protocol
    INCOMPATIBLE = 7  # the guest speaks no version of the protocol that the host does
    NO_CONTACT = 12
    LOST = 13


_COMPONENT_IDS = {
    "kvp": "2A34B1C2-FD73-4043-8A5B-DD2159BC743F",
    "heartbeat": "84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47",
    "shutdown": "9F8233AC-BE49-4C79-8EE3-E7E1985B2077",
    "time": "2497F4DE-E9FA-4204-80E4-4B75C46419C0",
    "vss": "5CED1297-4598-4915-A5FC-AD21BB4D02A4",
    "guest_interface": "6C09BB55-D683-4DA0-8931-C9BF705F6480",
}


def component_id(component: str) -> str:
    """GUID of an integration component, the same for every VM and every language."""
    return _COMPONENT_IDS[component]


@dataclass(slots=True)
class Checkpoint:
    id: str
    name: str
    created: datetime
    notes: str = ""


# What meets whoever comes by PowerShell Direct; powershell_direct/trips.py says what the script makes of it.
DirectTrip = Literal[
    "ordinary",
    "busy",
    "broker",
    "transport_version",
    "token",
    "negotiation",
    "cut_request",
    "constrained",
    "blocked",
    "never_opens",
    "flood",
    "too_long",
    "dead",
    "silent",
    "unreadable",
    "chatter",
]


@dataclass(slots=True, eq=False)
class Vm:
    id: str  # GUID, upper case, no braces
    name: str
    created: datetime
    guest: Guest | LinuxGuest | None = None  # None: nothing installed
    state: VmState = VmState.RUNNING
    changed: datetime | None = None  # last change of state
    generation: int = 2
    version: str = "9.0"
    direct: DirectTrip = "ordinary"
    direct_trips: int | None = None  # how many trips meet that, and the next ones nothing; None: all
    processors: int = 2
    memory_mb: int = 4096
    notes: str = ""
    settings: dict[str, Value] = field(default_factory=dict)  # of the machine as a whole, where changed
    resource_settings: dict[str, dict[str, Value]] = field(default_factory=dict)  # the same of its devices, by InstanceID
    checkpoints: list[Checkpoint] = field(default_factory=list)
    disabled_components: set[str] = field(default_factory=lambda: {"guest_interface"})
    host_items: dict[str, str] = field(default_factory=dict)  # HostExchangeItems
    host_only_items: dict[str, str] = field(default_factory=dict)
    hide_host_items: bool = False  # DisableHostKVPItems
    contact_since: datetime | None = None  # when guest and host could begin to exchange; None: they cannot
    had_contact: bool = False
    bound: bool = True  # False: the host does not know the guest's activation any more

    def begin_direct_trip(self) -> DirectTrip:
        """What meets the trip that begins now."""
        if self.direct_trips is not None:
            if not self.direct_trips:
                return "ordinary"
            self.direct_trips -= 1
        return self.direct

    @property
    def data_exchange(self) -> bool:
        """Whether the host's setting is on."""
        return "kvp" not in self.disabled_components

    @property
    def running(self) -> bool:
        return self.state is VmState.RUNNING

    @property
    def bios_guid(self) -> str:
        """Win32_ComputerSystemProduct.UUID in the guest."""
        changed = self.settings.get("BIOSGUID")
        return str(changed).strip("{}").upper() if changed else derived_guid("bios", self.id)

    @property
    def serial_number(self) -> str:
        """Hyper-V's made-up serial number of firmware and chassis: seven groups of digits."""
        return str(self.settings.get("BIOSSerialNumber") or digit_groups(derived_guid("bios", self.id)))

    @property
    def asset_tag(self) -> str:
        """Of the chassis, made up in the same form."""
        return str(self.settings.get("ChassisAssetTag") or digit_groups(derived_guid("chassis", self.id)))

    def update_contact(self, now: datetime) -> None:
        """To be called after anything that starts or stops the exchange."""
        works = self.running and self.data_exchange and self.guest is not None and self.guest.kvp_answers
        if not works:
            self.contact_since = None
        elif self.contact_since is None:
            self.contact_since = now
        if not self.running:
            self.had_contact = False

    def contact(self, now: datetime, delay: timedelta) -> Contact:
        """Health of Data Exchange of a running VM."""
        protocol = self.guest.kvp_protocol if self.guest is not None else "current"
        if self.contact_since is not None and now - self.contact_since >= delay:
            self.had_contact = True
            return Contact.DEGRADED if protocol == "older" else Contact.OK
        if protocol == "incompatible" and self.guest is not None and self.guest.kvp_service == "running":
            return Contact.INCOMPATIBLE
        if self.contact_since is None and self.had_contact:
            return Contact.LOST
        return Contact.NO_CONTACT


def configuration_version(build: int) -> str:
    """What a host makes of a new machine (Microsoft, "Supported virtual machine configuration versions"); one that came from an older host keeps its own."""
    for since, version in ((26100, "12.0"), (20348, "10.0"), (17763, "9.0"), (14393, "8.0")):
        if build >= since:
            return version
    return "5.0"


_VM_IDS = uuid.UUID("9f3e8a54-52d0-5d0c-8b0e-3f1f6cf8f0a1")


def derived_guid(*parts: str) -> str:
    """A GUID that is the same in every run of a scenario, upper case as Hyper-V writes them."""
    return str(uuid.uuid5(_VM_IDS, "/".join(parts))).upper()


def digit_groups(guid: str) -> str:
    """Digits made of a GUID in the form in which Hyper-V makes up serial numbers and asset tags."""
    digits = f"{uuid.UUID(guid).int % 10**26:026d}"
    return "-".join((*(digits[i : i + 4] for i in range(0, 24, 4)), digits[24:]))
