# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs inside a VM: Windows with its integration services, or Linux."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from . import registry
from .data_exchange import KvpPools, linux_items, windows_items
from .registry import Registry, Values, string_values
from .windows import Windows

KvpProtocol = Literal["current", "older", "incompatible"]
KvpService = Literal["running", "stopped", "disabled"]
Hypervisor = Literal["hyper-v", "azure", "other"]


@dataclass(slots=True, eq=False)
class Guest(Windows):
    ip_address: str = ""  # what KVP tells of a guest that has no address of its own in the lab
    product_type: int = 3  # 2 domain controller, 3 server, 1 workstation
    kvp_service: KvpService = "running"  # vmickvpexchange: Hyper-V starts it again if stopped, not if disabled
    kvp_protocol: KvpProtocol = "current"  # which version of Data Exchange its integration services speak
    hypervisor: Hypervisor = "hyper-v"
    network: bool = True  # False: nothing reaches its WinRM; the integration services do not need it
    activation_device: bool = True  # "Microsoft Hyper-V Activation Component"; old integration services lack it
    activation_driver: bool = True  # False: the device is there and unknown to the guest
    pools: KvpPools = field(default_factory=KvpPools)
    activation_items: dict[str, str] = field(default_factory=dict)
    false_items: dict[str, str] = field(default_factory=dict)  # what a guest's administrator made the service claim

    @property
    def kvp_answers(self) -> bool:
        return self.kvp_service == "running" and self.kvp_protocol != "incompatible"

    def intrinsic_items(self) -> dict[str, str]:
        items = windows_items(self)
        if self.activation_items and self.licence.iaid:
            items.update(self.activation_items)
        items.update(self.false_items)
        return items

    def _new_registry(self) -> Registry:
        # Named class: a slotted dataclass is a new class, which a bare super() does not know.
        hive = Windows._new_registry(self)
        machine = registry.VIRTUAL_MACHINE
        hive.mount(machine + r"\Guest", self.pools.guest)
        hive.mount(machine + r"\Guest\Parameters", self.pools.parameters)
        hive.mount(machine + r"\External", self.pools.external)
        hive.mount(machine + r"\Auto", self._auto)
        return hive

    def _auto(self) -> Values:
        return string_values(self.intrinsic_items()) if self.kvp_answers else {}


@dataclass(slots=True, eq=False)
class LinuxGuest:
    name: str
    distribution: str = "Ubuntu"
    distribution_version: str = "24.04"
    kernel: str = "6.8.0-45-generic"
    ip_address: str = ""
    kvp_service: KvpService = "running"
    kvp_protocol: KvpProtocol = "current"
    pools: KvpPools = field(default_factory=KvpPools)
    false_items: dict[str, str] = field(default_factory=dict)

    @property
    def kvp_answers(self) -> bool:
        return self.kvp_service == "running"

    def intrinsic_items(self) -> dict[str, str]:
        return {**linux_items(self), **self.false_items}
