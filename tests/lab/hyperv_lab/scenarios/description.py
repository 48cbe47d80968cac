# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario file may say, with its defaults and checks. YAML and tests that build scenarios in Python use the same models."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..world import keys
from ..world.accounts import EventLogRight, HyperVRows
from ..world.releases import EDITIONS, ENTITLEMENTS, RELEASES, EditionKind
from ..world.rules import Rules
from ..world.vm import DirectTrip, VmState
from ..world.windows import LANGUAGES


def _one_of(what: str, allowed: Any) -> BeforeValidator:
    def check(value: object) -> str:
        text = str(value)  # YAML reads 2022 as a number
        if text not in allowed:
            raise ValueError(f"{text!r} is no {what}; choose from {', '.join(allowed)}")
        return text

    return BeforeValidator(check)


ReleaseName = Annotated[str, _one_of("release", RELEASES)]
EditionName = Annotated[str, _one_of("edition", EDITIONS)]
Language = Annotated[str, _one_of("language", LANGUAGES)]
Channel = Annotated[str, _one_of("channel", (*keys.CHANNELS, "none"))]
KindName = Annotated[str, _one_of("edition of a key", tuple(kind.value for kind in EditionKind))]
StateName = Annotated[str, _one_of("state of a VM", tuple(state.name.lower() for state in VmState))]
Entitlement = Annotated[str, _one_of("entitlement", ENTITLEMENTS)]
Status = Literal["licensed", "notification", "grace", "unlicensed"]
KeyText = Annotated[str, Field(pattern=r"^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LicenceDescription(_Model):
    channel: Channel = keys.KMS_CLIENT
    key: KeyText | None = None  # None: the generic key, or a made-up one where the channel has none
    status: Status = "notification"
    reason: int | None = None  # None: what the status goes with
    minutes: int | None = None  # left; None: as long as the channel gives
    activated_by: str | None = None  # AVMA: the host that did it, when it would not do it now
    second_channel: Channel | None = None  # a second product of Windows that has a key and, unless said below, is not licensed
    second_licensed: bool = False  # whether installing a key takes the licence from another product is not published
    # How a KMS client was activated (SoftwareLicensingProduct.VLActivationType): public copies of slmgr tell Active Directory so.
    activated_through: Literal["kms", "active_directory", "token"] | None = None
    # ProductKeyChannel of a licence that no table knows, such as pay-as-you-go by Azure Arc: what it is called there is not published.
    shown_channel: str | None = None
    addon_key: KeyText | None = None  # extended security updates: a second product with a key


class WindowsDescription(_Model):
    release: ReleaseName = "2022"
    edition: EditionName = "datacenter"
    language: Language = "en-US"
    domain: str | None = None  # None: the scenario's; "": a workgroup
    licence: LicenceDescription = Field(default_factory=LicenceDescription)
    denied_namespaces: list[str] = []
    kms_reachable: bool | None = None
    registry: dict[str, dict[str, str]] = {}  # key path -> text values
    # HRESULTs with which the next calls are refused, as a busy Software Protection service does
    licensing_refusals: dict[Literal["InstallProductKey", "Activate"], list[int]] = {}


class GuestDescription(WindowsDescription):
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,15}$")  # None: as the VM
    kvp_service: Literal["running", "stopped", "disabled"] = "running"
    kvp_protocol: Literal["current", "older", "incompatible"] = "current"
    hypervisor: Literal["hyper-v", "azure", "other"] = "hyper-v"
    activation_device: bool = True
    activation_driver: bool = True
    network: bool = True  # False: cut off, so that only its host reaches it
    product_type: Literal[1, 2, 3] = 3
    guest_items: dict[str, str] = {}  # what an administrator of the guest wrote into the pool
    false_items: dict[str, str] = {}  # intrinsic items that the guest lies about


class LinuxDescription(_Model):
    name: str | None = None
    distribution: str = "Ubuntu"
    version: str = "24.04"
    kernel: str = "6.8.0-45-generic"
    kvp_service: Literal["running", "stopped", "disabled"] = "running"
    guest_items: dict[str, str] = {}
    false_items: dict[str, str] = {}


class VmDescription(_Model):
    name: str = Field(min_length=1, max_length=100)
    id: Annotated[str | None, Field(pattern=r"^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$")] = None  # None: derived from its name
    state: StateName = "running"
    generation: Literal[1, 2] = 2
    version: Annotated[str | None, Field(pattern=r"^\d+\.\d+$")] = None  # of its configuration; None: what the host's release makes
    direct: DirectTrip = "ordinary"  # what meets whoever comes by PowerShell Direct
    data_exchange: bool = True
    processors: int = 2
    memory_mb: int = 4096
    notes: str = ""
    checkpoints: list[str] = []
    host_items: dict[str, str] = {}
    host_only_items: dict[str, str] = {}
    windows: GuestDescription | None = None
    linux: LinuxDescription | None = None

    @model_validator(mode="after")
    def _one_guest(self) -> VmDescription:
        if self.windows is not None and self.linux is not None:
            raise ValueError(f"VM {self.name!r} has both windows and linux: give one, or none for an empty VM")
        return self


class HostDescription(WindowsDescription):
    name: str = Field(pattern=r"^[A-Za-z0-9-]{1,15}$")
    licence: LicenceDescription = Field(default_factory=lambda: LicenceDescription(channel=keys.MAK, status="licensed"))
    hyperv: bool = True
    hyperv_removed: bool = False  # with hyperv false: the namespace stayed behind, without classes
    platform: Literal["metal", "hyper-v", "azure"] = "metal"
    entitlement: Entitlement | None = None
    synchronised: bool = True
    throttle: int = Field(default=0, ge=0)
    activations_at_once: int | None = Field(default=None, ge=1)
    node_state: Literal["up", "down", "paused", "joining"] = "up"
    past_activations: int = Field(default=0, ge=0)  # events 12310 that its Windows guests have left in its log within the last 60 days
    vms: list[VmDescription] = []


class ClusterDescription(_Model):
    name: str = Field(pattern=r"^[A-Za-z0-9-]{1,15}$")
    nodes: list[str] = Field(min_length=1)


class KeyDescription(_Model):
    key: KeyText
    channel: Channel
    release: ReleaseName
    edition: KindName
    blocked: bool = False
    activations: int | None = None


class AccountDescription(_Model):
    name: str = Field(pattern=r"^[^:\r\n]+$")
    password: str = Field(pattern=r"^[^:\r\n]*$", repr=False)
    domain: str | None = None
    administrator: bool = True
    remote_management: bool = True
    # A local administrator other than the built-in one, on machines whose LocalAccountTokenFilterPolicy is 0: over the network it has
    # the rights of a user (Microsoft, "User Account Control and remote restrictions").
    uac_filtered: bool = False
    # Given the rights on the WMI namespaces by hand: reads as an administrator does, and is no elevated one for the providers.
    wmi_rights: bool = False
    locked: bool = False
    hyperv_rows: HyperVRows = "all"
    event_log: EventLogRight = "readable"
    denied: list[str] = []
    machines: list[str] | None = None

    @model_validator(mode="after")
    def _local(self) -> AccountDescription:
        if self.uac_filtered and self.domain is not None:
            raise ValueError(f"account {self.name!r} is one of the domain {self.domain!r}: UAC filters local accounts only")
        return self


class ClockDescription(_Model):
    start: datetime | None = None  # None: now
    frozen: bool = False


def _default_accounts() -> list[AccountDescription]:
    return [AccountDescription(name="Administrator", password="Lab-Passw0rd!")]


class Scenario(_Model):
    """A whole scenario. ``rules`` holds the switches of ``world.rules``."""

    name: str
    domain: str | None = None
    clock: ClockDescription = Field(default_factory=ClockDescription)
    accounts: list[AccountDescription] = Field(default_factory=_default_accounts, min_length=1)
    rules: Rules = Field(default_factory=Rules)
    service: dict[str, Any] = {}  # settings of every machine's WinRM service, see wsman.settings.ServiceSettings
    keys: list[KeyDescription] = []
    clusters: list[ClusterDescription] = []
    hosts: list[HostDescription] = Field(min_length=1)

    @model_validator(mode="after")
    def _names(self) -> Scenario:
        hosts = [host.name.lower() for host in self.hosts]
        guests = [(vm.windows.name or vm.name).lower() for host in self.hosts for vm in host.vms if vm.windows is not None]
        seen: set[str] = set()
        for name in [*hosts, *guests]:
            if name in seen:
                raise ValueError(f"two machines are named {name!r}: computer names must differ")
            seen.add(name)
        for cluster in self.clusters:
            for node in cluster.nodes:
                if node.lower() not in hosts:
                    raise ValueError(f"cluster {cluster.name!r} has the node {node!r}, which is no host")
        return self
