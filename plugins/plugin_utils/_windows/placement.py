# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Where a guest runs: the values that its Hyper-V host writes into the guest's registry through Data Exchange.

Nothing is changed by what stands there, so a registry that refuses, or a value of an unexpected type, leaves the placement unknown.
Source: Microsoft, "Data Exchange: using key-value pairs to share information between the host and guest on Hyper-V".
"""

from __future__ import annotations

from .._avma.computer_names import without_domain
from .._avma.facts import GuestPlacement
from .._avma.vm_matching import normalise_id
from .._wsman.cim import Call, Cim
from .._wsman.errors import Fault, MethodFailed
from .registry import names_call, read_string, string_call, value_names

PARAMETERS_KEY = r"SOFTWARE\Microsoft\Virtual Machine\Guest\Parameters"
_HOST_VALUES = ("PhysicalHostNameFullyQualified", "PhysicalHostName")
_VM_VALUES = ("VirtualMachineId", "VirtualMachineName")


def host_name_calls() -> tuple[Call, ...]:
    """What ``read_host_name`` may ask."""
    return tuple(string_call(PARAMETERS_KEY, name) for name in _HOST_VALUES)


def placement_calls() -> tuple[Call, ...]:
    """What ``read_placement`` may ask, with the names as Hyper-V writes them."""
    return (names_call(PARAMETERS_KEY), *(string_call(PARAMETERS_KEY, name) for name in _HOST_VALUES + _VM_VALUES))


def vm_id_call() -> Call:
    """What ``read_vm_id`` asks."""
    return string_call(PARAMETERS_KEY, "VirtualMachineId")


def read_vm_id(session: Cim) -> str | None:
    """The ID of the virtual machine as Hyper-V wrote it there. One request."""
    return normalise_id(_value(session, "VirtualMachineId"))


def read_host_name(session: Cim) -> GuestPlacement:
    """Only the host's name: one request, two where the fully qualified name is not there."""
    fqdn = _value(session, "PhysicalHostNameFullyQualified")
    name = without_domain(fqdn) if fqdn else _value(session, "PhysicalHostName")
    return GuestPlacement(host_name=name or None, host_fqdn=fqdn or None)


def read_placement(session: Cim) -> GuestPlacement:
    """Host and virtual machine: one request for the names, one for each value that is there."""
    try:
        names = {name.lower(): name for name in value_names(session, PARAMETERS_KEY) or ()}
    except (Fault, MethodFailed):
        return GuestPlacement()

    def value(wanted: str) -> str | None:
        name = names.get(wanted.lower())
        return _value(session, name) if name else None

    vm_id = value("VirtualMachineId")
    return GuestPlacement(
        host_name=value("PhysicalHostName"),
        host_fqdn=value("PhysicalHostNameFullyQualified"),
        vm_id=normalise_id(vm_id),
        vm_name=value("VirtualMachineName"),
    )


def _value(session: Cim, name: str) -> str | None:
    try:
        return read_string(session, PARAMETERS_KEY, name) or None
    except (Fault, MethodFailed):
        return None
