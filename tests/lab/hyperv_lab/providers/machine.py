# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated computer behind the seam to the protocol half of the lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from ..cim import schema
from ..cim.provider import Account, LoggedEvent, Machine, MethodResult
from ..cim.types import CimClass, Instance, Value
from ..world.accounts import LabAccount
from ..world.errors import WBEM_E_INVALID_METHOD, WBEM_E_PROVIDER_NOT_CAPABLE, failure
from ..world.eventlog import APPLICATION
from ..world.fleet import Fleet
from ..world.guest import Guest
from ..world.host import Host
from ..world.windows import Windows
from . import failover_cluster
from .associations import ComputerAssociations, HyperVAssociations
from .attached_devices import AttachedDevices, Checkpoints, VirtualSwitches
from .base import Provider
from .chassis import SystemEnclosure
from .computer_systems import ComputerSystems
from .devices import PnpDevices
from .eventlog import EventLogAssociations, EventLogEntries, EventLogFiles, logged
from .features import OptionalFeatures, ServerFeatures
from .files import DataFiles
from .integration_components import IntegrationComponents, IntegrationComponentSettings
from .jobs import AffectedJobElements, Jobs
from .licensing import LicensingProduct, LicensingService
from .management_service import ManagementService
from .namespaces import Namespaces
from .operating_system import Bios, ComputerSystem, ComputerSystemProduct, OperatingSystem, Processor
from .registry import StdRegProv
from .restricted import RestrictedMachine
from .services import Services
from .settings import ResourceSettings, SettingAssociations, SystemSettings
from .virtualization import NAMESPACE as VIRTUALIZATION

_CIMV2: tuple[type[Provider], ...] = (
    OperatingSystem,
    ComputerSystem,
    ComputerSystemProduct,
    SystemEnclosure,
    Bios,
    Processor,
    ComputerAssociations,
    LicensingProduct,
    LicensingService,
    StdRegProv,
    EventLogEntries,
    EventLogFiles,
    EventLogAssociations,
    DataFiles,
    Services,
    ServerFeatures,
    OptionalFeatures,
    PnpDevices,
)
_HYPER_V: tuple[type[Provider], ...] = (
    ComputerSystems,
    SystemSettings,
    ResourceSettings,
    SettingAssociations,
    AttachedDevices,
    VirtualSwitches,
    Checkpoints,
    IntegrationComponents,
    IntegrationComponentSettings,
    ManagementService,
    Jobs,
    AffectedJobElements,
    HyperVAssociations,
)
_WITHOUT_CLASSES = "root"
_PROVIDERS: dict[str, tuple[type[Provider], ...]] = {
    "root/cimv2": _CIMV2,
    "root/default": (StdRegProv,),
    VIRTUALIZATION: _HYPER_V,
    failover_cluster.NAMESPACE: (failover_cluster.FailoverCluster,),
}

# Software Protection wants an elevated administrator for its methods, whatever the namespace grants (slerror.h, SL_E_LUA_ACCESSDENIED).
_ELEVATED = frozenset({"SoftwareLicensingProduct", "SoftwareLicensingService"})

# What came later than the first release that has the namespace: build it came with, members.
_SINCE: tuple[tuple[int, tuple[str, ...]], ...] = (
    (
        9600,  # AVMA came with 2012 R2
        (
            "SoftwareLicensingProduct.IAID",
            "SoftwareLicensingProduct.AutomaticVMActivationHostMachineName",
            "SoftwareLicensingProduct.AutomaticVMActivationHostDigitalPid2",
            "SoftwareLicensingProduct.AutomaticVMActivationLastActivationTime",
        ),
    ),
    (
        14393,
        (
            "Msvm_VirtualSystemManagementService.ModifyGuestServiceSettings",
            "Msvm_SummaryInformation.HostComputerSystemName",
            "Msvm_SummaryInformationBase.HostComputerSystemName",
            "SoftwareLicensingService.SubscriptionType",
            "SoftwareLicensingService.SubscriptionStatus",
            "SoftwareLicensingService.SubscriptionEdition",
            "SoftwareLicensingService.SubscriptionExpiry",
        ),
    ),
    (15063, ("Msvm_KvpExchangeComponentSettingData.DisableHostKVPItems",)),
    (
        17763,
        (
            "Msvm_ComputerSystem.HwThreadsPerCoreRealized",
            "Msvm_ComputerSystem.ManagementVtlImageFileName",
            "Msvm_ComputerSystem.ManagementVtlImageVersion",
        ),
    ),
)


@cache
def _missing(build: int) -> frozenset[str]:
    return frozenset(member for since, members in _SINCE if build < since for member in members)


@cache
def _provider_types(namespace: str) -> Mapping[str, type[Provider]]:
    providers: tuple[type[Provider], ...] = (Namespaces, *_PROVIDERS.get(namespace, ()))
    return {name.lower(): provider for provider in providers for name in provider.serves}


def namespaces_of(fleet: Fleet, windows: Windows) -> list[str]:
    """Each namespace with its parents: who has root/virtualization/v2 has root/virtualization too (duplicati issue 3012 shows both)."""
    names = ["root/cimv2", "root/default"]
    if isinstance(windows, Host):
        if windows.hyperv or windows.hyperv_removed:
            names.append(VIRTUALIZATION)
        if fleet.cluster_of(windows) is not None:
            names.append(failover_cluster.NAMESPACE)
    parents = {name[: name.index("/", start)] for name in names for start in range(1, len(name)) if "/" in name[start:]}
    return sorted(parents | {*names})


class SimulatedMachine:
    """Implements ``cim.provider.Machine`` for a host or a guest."""

    def __init__(self, fleet: Fleet, windows: Windows) -> None:
        self._providers: dict[type[Provider], Provider] = {}
        self.rebind(fleet, windows)

    def rebind(self, fleet: Fleet, windows: Windows) -> None:
        """Stands for a computer of another fleet from now on, after a reset."""
        self.fleet = fleet
        self.windows = windows
        self.name = windows.name
        self.language = windows.language
        self._providers.clear()

    @property
    def listening(self) -> bool:
        """Whether anything answers at the machine's address: a VM that does not run has no listener, one without a network and a host without power neither."""
        if isinstance(self.windows, Guest):
            return self.windows.network and self.fleet.placement(self.windows)[1].running
        return not isinstance(self.windows, Host) or self.windows.powered

    def namespaces(self) -> Iterable[str]:
        return namespaces_of(self.fleet, self.windows)

    def may_read(self, account: Account, namespace: str) -> bool:
        if namespace.lower() in self.windows.denied_namespaces:
            return False
        known = self._account(account)
        return known.may_read(self.name, namespace) if known is not None else account.administrator

    def seen_by(self, account: Account) -> Machine:
        known = self._account(account)
        if known is None or (known.hyperv_rows == "all" and known.event_log == "readable"):
            return self
        return RestrictedMachine(self, known)

    def _account(self, account: Account) -> LabAccount | None:
        return self.fleet.accounts.get(account.name.rpartition("\\")[2].partition("@")[0].lower())

    def classes(self, namespace: str) -> Mapping[str, CimClass]:
        if namespace.lower() not in self.namespaces():
            return {}
        if namespace.lower() == VIRTUALIZATION and isinstance(self.windows, Host) and not self.windows.hyperv:
            return schema.load(_WITHOUT_CLASSES)  # the role was removed, and its namespace stayed behind
        return schema.load(namespace.lower(), _missing(self.windows.release.build))

    def instances(self, cls: CimClass) -> Iterable[Instance]:
        self._end_jobs()
        provider = self._provider(cls)
        return provider.instances(cls) if provider is not None else ()

    def find(self, cls: CimClass, keys: Mapping[str, str]) -> Instance | None:
        self._end_jobs()
        provider = self._provider(cls)
        return provider.find(cls, keys) if provider is not None else None

    def put(self, instance: Instance, changes: Mapping[str, Value]) -> Instance:
        provider = self._provider(instance.cls)
        if provider is None:
            raise failure(WBEM_E_PROVIDER_NOT_CAPABLE, operation="PutInstance")
        return provider.put(instance, changes)

    def authorise(self, account: Account, cls: CimClass, method: str) -> None:
        if cls.name in _ELEVATED and not account.administrator:
            raise failure(self.fleet.rules.licensing.user_refusal)

    def invoke(self, cls: CimClass, method: str, target: Instance | None, arguments: Mapping[str, Value]) -> MethodResult:
        known = next((name for name in cls.methods if name.lower() == method.lower()), None)
        provider = self._provider(cls)
        if known is None or provider is None:
            raise failure(WBEM_E_INVALID_METHOD)
        self._end_jobs()
        return provider.invoke(cls, known, target, arguments)

    def _end_jobs(self) -> None:
        """What a job does shows when its time has come, whether or not somebody looks at the job."""
        host = self.fleet.placement(self.windows)[0] if isinstance(self.windows, Guest) else self.windows
        if isinstance(host, Host):
            host.jobs.settle(self.fleet.clock.now())

    def serves_events(self) -> bool:
        return self.windows.event_service != "absent"

    def may_read_events(self, account: Account, channel: str) -> bool:
        if self.windows.event_service != "served" or channel.lower() != APPLICATION.lower():
            return False
        known = self._account(account)
        return account.administrator if known is None else known.event_log == "readable"

    def log_state(self, channel: str) -> tuple[int, int]:
        return self.windows.log.generation, self.windows.log.newest

    def events_after(self, channel: str, record: int) -> Iterable[LoggedEvent]:
        return (logged(event, self.windows) for event in self.windows.log.read() if event.record > record)

    def _provider(self, cls: CimClass) -> Provider | None:
        kind = _provider_types(cls.namespace).get(cls.name.lower())
        if kind is None:
            return None
        if kind not in self._providers:
            self._providers[kind] = kind(self.fleet, self.windows)
        return self._providers[kind]
