# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key-value pairs between guest and host (Hyper-V Data Exchange): the pools and the items that the integration service writes.

Source: Microsoft, "Msvm_KvpExchangeDataItem" and "Data Exchange"; for Linux the kernel's ``hv_kvp_daemon``, which sends fewer items.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from .registry import REG_SZ, Values

if TYPE_CHECKING:
    from .guest import Guest, LinuxGuest


class Source(int, Enum):
    """Msvm_KvpExchangeDataItem.Source."""

    HOST = 0
    GUEST = 1
    INTRINSIC = 2
    HOST_ONLY = 4


@dataclass(slots=True)
class KvpPools:
    """The guest's side of the pools, as registry values (Windows) or pool files (Linux)."""

    guest: Values = field(default_factory=dict)  # written in the guest, read by the host
    external: Values = field(default_factory=dict)  # written by the host through AddKvpItems
    parameters: Values = field(default_factory=dict)  # written by the host by itself (Guest\\Parameters)

    def guest_items(self) -> dict[str, str]:
        """What reaches the host: text values only."""
        return {value.name: value.data for value in self.guest.values() if value.kind == REG_SZ and isinstance(value.data, str)}


def windows_items(guest: Guest) -> dict[str, str]:
    """Intrinsic items of Windows. All are text, numbers in decimal."""
    release, edition = guest.release, guest.edition
    major, minor = release.kernel
    address = guest.address or guest.ip_address  # where it answers, so that a client can follow what it reads here
    return {
        "FullyQualifiedDomainName": guest.fqdn,
        "OSName": guest.product_name,
        "OSVersion": release.version,
        "CSDVersion": "",
        "OSMajorVersion": str(major),
        "OSMinorVersion": str(minor),
        "OSBuildNumber": str(release.build),
        "OSPlatformId": "2",
        "ServicePackMajor": "0",
        "ServicePackMinor": "0",
        "SuiteMask": str(edition.suite_mask),
        "ProductType": str(guest.product_type),
        "OSEditionId": str(edition.sku),
        "ProcessorArchitecture": "9",
        "IntegrationServicesVersion": release.version,
        "NetworkAddressIPv4": address,
        "NetworkAddressIPv6": "",
        "RDPAddressIPv4": address,
        "RDPAddressIPv6": "",
    }


def linux_items(guest: LinuxGuest) -> dict[str, str]:
    """Intrinsic items of Linux: no edition, no product type, and a major version that is no whole number."""
    return {
        "FullyQualifiedDomainName": guest.name,
        "IntegrationServicesVersion": "3.1",
        "NetworkAddressIPv4": guest.ip_address,
        "NetworkAddressIPv6": "",
        "OSBuildNumber": guest.kernel,
        "OSName": guest.distribution,
        "OSMajorVersion": guest.distribution_version,
        "OSMinorVersion": "",
        "OSVersion": guest.kernel,
        "ProcessorArchitecture": "x86_64",
    }
