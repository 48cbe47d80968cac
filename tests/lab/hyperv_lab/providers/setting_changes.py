# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings of a virtual machine can be changed, and what a request to change them really asks for.

A client sends back the whole instance with one value changed, or the key and the changed value alone (r4sd/go-wsman). What a method reports
done is there when it is read again; what it cannot do it refuses, with the return values of Microsoft's class reference. Which properties
are writable stands there too; which of them want a machine that is off is known from Hyper-V's own cmdlets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..cim import schema
from ..cim.cimxml import InvalidCimXml, parse_instance
from ..cim.types import Instance, Scalar, Value
from ..world.vm import Vm, VmState
from .virtualization import COMPONENTS, INVALID_PARAMETER, INVALID_STATE, KVP, NAMESPACE, NOT_SUPPORTED


class Refused(Exception):
    """The method answers with this return value and changes nothing."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Writable(NamedTuple):
    """Properties of one class of settings that can be changed: at any time, and while the machine is off."""

    always: frozenset[str]
    off: frozenset[str] = frozenset()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYSTEM = Writable(
    _names(
        "ElementName Notes AutomaticStartupAction AutomaticStartupActionDelay AutomaticStartupActionSequenceNumber AutomaticShutdownAction "
        "AutomaticRecoveryAction AutomaticCriticalErrorAction AutomaticCriticalErrorActionTimeout AutomaticSnapshotsEnabled "
        "AdditionalRecoveryInformation BootOrder BootSourceOrder DebugChannelId DebugPort DebugPortEnabled IncrementalBackupEnabled "
        "NetworkBootPreferredProtocol PauseAfterBootFailure BIOSNumLock AllowReducedFcRedundancy SnapshotDataRoot SwapFileDataRoot "
        "UserSnapshotType LockOnDisconnect EnhancedSessionTransportType"
    ),
    _names(
        "BIOSGUID BIOSSerialNumber BaseBoardSerialNumber ChassisSerialNumber ChassisAssetTag SecureBootEnabled SecureBootTemplateId "
        "VirtualNumaEnabled ConsoleMode GuestControlledCacheTypes LowMmioGapSize HighMmioGapSize AllowFullSCSICommandSet"
    ),
)
CHECKPOINT = Writable(_names("ElementName Notes"))
_RESOURCES = {
    "Msvm_MemorySettingData": Writable(
        _names("VirtualQuantity Reservation Limit Weight TargetMemoryBuffer"),
        _names("DynamicMemoryEnabled MaxMemoryBlocksPerNumaNode HugePagesEnabled SgxEnabled SgxSize"),
    ),
    "Msvm_ProcessorSettingData": Writable(
        _names("Reservation Limit Weight CpuGroupId"),
        _names(
            "VirtualQuantity LimitCPUID LimitProcessorFeatures HwThreadsPerCore MaxProcessorsPerNumaNode MaxNumaNodesPerSocket "
            "EnableHostResourceProtection HideHypervisorPresent ExposeVirtualizationExtensions"
        ),
    ),
    "Msvm_StorageAllocationSettingData": Writable(
        _names("HostResource IOPSLimit IOPSReservation StorageQoSPolicyID"),
        _names("CachingMode IgnoreFlushes WriteHardeningMethod PersistentReservationsSupported"),
    ),
    "Msvm_SyntheticEthernetPortSettingData": Writable(_names("ElementName ClusterMonitored"), _names("Address StaticMacAddress")),
    "Msvm_EthernetPortAllocationSettingData": Writable(
        _names("HostResource EnabledState RequiredFeatures RequiredFeatureHints TestReplicaPoolID TestReplicaSwitchName")
    ),
    "Msvm_SerialPortSettingData": Writable(_names("Connection DebuggerMode")),
    "Msvm_ResourceAllocationSettingData": Writable(_names("HostResource")),
    **{component.setting_class: Writable(_names("EnabledState")) for component in COMPONENTS},
    KVP.setting_class: Writable(_names("EnabledState DisableHostKVPItems")),
}


def writable(class_name: str) -> Writable:
    """Refused for a class of which nothing can be changed."""
    if class_name not in _RESOURCES:
        raise Refused(NOT_SUPPORTED)
    always, off = _RESOURCES[class_name]
    return Writable(always | {"ElementName"}, off)  # go-wsman renames settings so


def changes(sent: Instance, current: Instance, allowed: Writable, vm: Vm) -> dict[str, Value]:
    """The properties of ``sent`` that differ from what is there. Refused when one of them cannot be changed, or not now."""
    changed: dict[str, Value] = {
        name: value
        for name, value in sent.values.items()
        if value is not None and name not in current.cls.keys and not _same(value, current.values.get(name))
    }
    if not changed.keys() <= allowed.always | allowed.off:
        raise Refused(INVALID_PARAMETER)
    if changed.keys() & allowed.off and vm.state is not VmState.OFF:
        raise Refused(INVALID_STATE)
    return changed


def _same(sent: Value, current: Value) -> bool:
    """An empty text, an empty array and NULL are one; embedded instances are compared by what they hold."""
    return _plain(sent) == _plain(current)


def _plain(value: Value) -> object:
    if isinstance(value, list):
        return [_scalar(item) for item in value if item not in (None, "")] or None
    return None if value == "" else _scalar(value)


def _scalar(value: Scalar) -> object:
    if isinstance(value, str) and value.lstrip().startswith("<INSTANCE"):
        try:
            value = parse_instance(value, schema.load(NAMESPACE))
        except InvalidCimXml:
            return value
    if isinstance(value, Instance):
        return value.cls.name, sorted((name, str(item)) for name, item in value.values.items() if item is not None)
    return value


def check_range(changed: Mapping[str, Value], lowest: int, highest: int) -> None:
    """Refused for a quantity that the capabilities do not allow."""
    quantity = changed.get("VirtualQuantity")
    if quantity is not None and not (isinstance(quantity, int) and lowest <= quantity <= highest):
        raise Refused(INVALID_PARAMETER)
