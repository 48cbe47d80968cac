# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What was observed, as values: hosts, virtual machines, guests, licences.

Facts carry no judgement. The gateways in ``_windows`` fill them from CIM, the verdicts in ``_avma`` read them. ``None``
always means "could not be determined", never "no": a verdict that needs a fact that is ``None`` is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Channel(str, Enum):
    """How a Windows product was licensed. Values are the words shown to users.

    Read from ``SoftwareLicensingProduct.Description`` and ``ProductKeyChannel``.
    """

    AVMA = "avma"
    KMS_CLIENT = "kms_client"
    KMS_HOST = "kms_host"
    MAK = "mak"
    OEM = "oem"
    RETAIL = "retail"
    EVALUATION = "evaluation"
    UNKNOWN = "unknown"


class VolumeActivation(str, Enum):
    """What activates a client of volume activation. Values are the words shown to users."""

    KMS = "kms"
    ACTIVE_DIRECTORY = "active_directory"
    TOKEN = "token"


class LicenceStatus(str, Enum):
    """``SoftwareLicensingProduct.LicenseStatus`` by name."""

    UNLICENSED = "unlicensed"  # 0
    LICENSED = "licensed"  # 1
    OUT_OF_BOX_GRACE = "out_of_box_grace"  # 2
    OUT_OF_TOLERANCE_GRACE = "out_of_tolerance_grace"  # 3
    NON_GENUINE_GRACE = "non_genuine_grace"  # 4
    NOTIFICATION = "notification"  # 5
    EXTENDED_GRACE = "extended_grace"  # 6
    UNKNOWN = "unknown"  # a number that Microsoft has not documented


class VmState(str, Enum):
    """``Msvm_ComputerSystem.EnabledState`` by name."""

    RUNNING = "running"  # 2
    OFF = "off"  # 3
    SHUTTING_DOWN = "shutting_down"  # 4
    SAVED = "saved"  # 6
    PAUSED = "paused"  # 9
    STARTING = "starting"  # 10
    OTHER = "other"


class KvpHealth(str, Enum):
    """Whether Data Exchange works, as the host sees it."""

    OK = "ok"
    DISABLED = "disabled"  # switched off by the host's setting
    DEGRADED = "degraded"  # works, by an older version of the protocol (3)
    PROTOCOL_MISMATCH = "protocol_mismatch"  # guest and host have no version of the protocol in common (7)
    NO_CONTACT = "no_contact"  # the guest's service has not answered yet (12)
    LOST = "lost"  # it answered once and has stopped (13)
    NOT_RUNNING = "not_running"  # the VM is off, saved or paused
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class OsFacts:
    """``Win32_OperatingSystem`` of a machine."""

    name: str | None = None  # CSName
    caption: str | None = None  # localised: for display only
    version: str | None = None
    build: int | None = None
    sku: int | None = None  # OperatingSystemSKU, a PRODUCT_* number
    product_type: int | None = None  # 1 workstation, 2 domain controller, 3 server
    suite_mask: int | None = None
    language: int | None = None  # LCID
    last_boot: datetime | None = None


@dataclass(frozen=True)
class ComputerFacts:
    """``Win32_ComputerSystem`` of a machine."""

    name: str | None = None
    dns_name: str | None = None
    domain: str | None = None
    part_of_domain: bool | None = None
    manufacturer: str | None = None
    model: str | None = None
    hypervisor_present: bool | None = None
    asset_tag: str | None = None  # of the chassis; asked only where it matters


@dataclass(frozen=True)
class AvmaBinding:
    """What a guest says of its last activation by AVMA. Every field may be None although the guest is activated."""

    iaid: str | None = None
    host_name: str | None = None
    host_pid: str | None = None
    last_activation: datetime | None = None  # 1601-01-01 ("never") is None


@dataclass(frozen=True)
class KmsSettings:
    """Which KMS host a Windows is set to use, and which one it found. None where nothing is set."""

    machine: str | None = None  # set by hand or by policy
    port: int | None = None
    lookup_domain: str | None = None  # where DNS is asked for one
    discovered: str | None = None  # found by DNS


@dataclass(frozen=True)
class LicenceFacts:
    """One ``SoftwareLicensingProduct`` of Windows that has a key (never an add-on)."""

    product_id: str  # the instance's key ID, needed to invoke Activate
    channel: Channel
    status: LicenceStatus
    status_code: int | None
    reason: int | None = None  # HRESULT as unsigned 32 bit
    name: str | None = None
    description: str | None = None
    family: str | None = None
    channel_raw: str | None = None  # ProductKeyChannel
    partial_product_key: str | None = None  # last five characters
    minutes_remaining: int | None = None  # GracePeriodRemaining; 0 is "not limited in time"
    evaluation_end: datetime | None = None
    kms: KmsSettings = field(default_factory=KmsSettings)
    avma: AvmaBinding = field(default_factory=AvmaBinding)
    through: VolumeActivation | None = None  # of a KMS client; None: it does not say

    @property
    def licensed(self) -> bool:
        return self.status is LicenceStatus.LICENSED


@dataclass(frozen=True)
class ClusterNode:
    name: str
    state: str  # up, down, paused, joining, unknown
    build: int | None = None  # as the cluster knows it, also of a node that is down


@dataclass(frozen=True)
class ClusterFacts:
    name: str | None
    nodes: tuple[ClusterNode, ...] = ()


@dataclass(frozen=True)
class HostFacts:
    """All that one Hyper-V host reports about itself."""

    os: OsFacts
    licence: LicenceFacts | None  # None: no Windows product has a key
    hyperv: bool | None  # the Hyper-V management service answers
    computer: ComputerFacts = field(default_factory=ComputerFacts)
    cluster: ClusterFacts | None = None  # None: not a member
    cluster_known: bool = True  # False: the cluster could not be asked (no right, error)


@dataclass(frozen=True)
class KvpItem:
    """One key-value pair as some guest administrator or host wrote it: hostile until shown otherwise."""

    name: str
    data: str


@dataclass(frozen=True)
class KvpFacts:
    """Data Exchange of one VM as its host sees it."""

    setting_id: str | None = None  # InstanceID of the setting data, never built by hand
    enabled: bool | None = None
    health: KvpHealth = KvpHealth.UNKNOWN
    intrinsic: tuple[KvpItem, ...] = ()  # written by the guest's integration service
    guest: tuple[KvpItem, ...] = ()  # written by whoever administers the guest
    host: tuple[KvpItem, ...] = ()  # written by the host
    guest_items_left_out: bool = False  # some machine of the host has more of them than an answer holds


@dataclass(frozen=True)
class VmFacts:
    """One virtual machine of a host."""

    id: str  # GUID, upper case, no braces
    name: str
    state: VmState
    state_code: int | None
    kvp: KvpFacts
    notes: str | None = None  # hostile as well; None: not asked or not told


@dataclass(frozen=True)
class GuestPlacement:
    """Where a guest runs, from its own registry (``Guest\\Parameters``, written by the host)."""

    host_name: str | None = None  # PhysicalHostName, upper case NetBIOS name
    host_fqdn: str | None = None  # PhysicalHostNameFullyQualified
    vm_id: str | None = None
    vm_name: str | None = None


@dataclass(frozen=True)
class ActivationDevice:
    """The device by which a guest asks its host for activation ("Microsoft Hyper-V Activation Component")."""

    present: bool
    problem: int | None = None  # ConfigManagerErrorCode; 0 is a device that works


@dataclass(frozen=True)
class DataExchangeService:
    """The guest's side of Data Exchange, the service ``vmickvpexchange``. None: Windows did not say."""

    installed: bool
    running: bool | None = None
    disabled: bool | None = None


@dataclass(frozen=True)
class IntegrationFacts:
    """What a guest has of Hyper-V's integration services. None: it could not be asked."""

    device: ActivationDevice | None = None
    data_exchange: DataExchangeService | None = None


@dataclass(frozen=True)
class GuestFacts:
    """All that a guest reports about itself. ``licences`` holds each Windows product that has a key, the primary first."""

    os: OsFacts
    licences: tuple[LicenceFacts, ...]
    placement: GuestPlacement | None = None  # None: not asked; an empty one: asked, nothing there
    computer: ComputerFacts | None = None
    kms: KmsSettings | None = None  # those of the whole licensing service; None: not asked, or not told
    integration: IntegrationFacts | None = None  # None: not asked

    @property
    def primary(self) -> LicenceFacts | None:
        return self.licences[0] if self.licences else None
