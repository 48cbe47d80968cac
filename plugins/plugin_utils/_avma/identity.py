# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Which operating system a guest runs: surely, from its own CIM, or as a hint, from Data Exchange.

What a guest writes into Data Exchange may be anything (Microsoft: KVP data is not secured), so nothing here raises on it, and the
result says how far it can be trusted. Names of products are localised and free text; they only serve to recognise Linux, which states nothing better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from .editions import UNLICENSED_SKU, Edition, Sku, sku_of
from .facts import KvpItem, OsFacts
from .releases import Release
from .tables import Tables
from .text import safe_text


class OsKind(str, Enum):
    WINDOWS_SERVER = "windows_server"
    WINDOWS_CLIENT = "windows_client"
    LINUX = "linux"
    OTHER = "other"
    UNKNOWN = "unknown"


TRUST_GUEST = "guest"  # Win32_OperatingSystem, asked in the guest
TRUST_KVP = "kvp"  # what the guest wrote into Data Exchange


@dataclass(frozen=True)
class GuestIdentity:
    """Operating system of a guest. ``trust`` is "guest" or "kvp". None means that it was not said, or is in no table."""

    kind: OsKind
    name: str | None = None
    build: int | None = None
    release: Release | None = None
    sku: int | None = None
    edition: Edition | None = None
    core: bool | None = None
    evaluation: bool = False
    trust: str = TRUST_GUEST


# Win32_OperatingSystem.ProductType: 1 workstation, 2 domain controller, 3 server. (Microsoft, Win32_OperatingSystem)
_WORKSTATION = 1
_SERVERS = (2, 3)
# OSPlatformId of every Windows since NT. (Microsoft, Msvm_KvpExchangeDataItem)
_WINDOWS_NT = 2

# ASCII digits only, and few: int() takes other scripts' digits, and time that grows with the square of the length.
_NUMBER = re.compile(r"[0-9]{1,10}")
# What hv_kvp_daemon of Linux sends as OSBuildNumber is the kernel's release, e.g. 6.8.0-31-generic. (Linux kernel, tools/hv)
_KERNEL = re.compile(r"[0-9]{1,3}\.[0-9]{1,5}")
# Names from /etc/os-release of distributions with Hyper-V's daemons. (Microsoft, supported Linux virtual machines for Hyper-V)
_LINUX_NAMES = (
    "linux",
    "ubuntu",
    "debian",
    "centos",
    "red hat",
    "redhat",
    "rhel",
    "fedora",
    "suse",
    "sles",
    "rocky",
    "oracle",
    "mariner",
    "flatcar",
    "gentoo",
    "nixos",
    "kali",
)
_BSD = "bsd"


def identify_os(os: OsFacts, tables: Tables) -> GuestIdentity:
    """The identity of a guest that was asked itself. That it has Win32_OperatingSystem already says that it is Windows."""
    return _windows(os.name, os.build, os.sku, os.product_type, TRUST_GUEST, tables)


def identify_kvp(items: Iterable[KvpItem], tables: Tables) -> GuestIdentity:
    """The identity that a guest's intrinsic Data Exchange items claim. Never raises; of items with one name the first counts."""
    values: dict[str, str] = {}
    for item in items:
        values.setdefault(str(item.name), str(item.data))
    name = safe_text(values.get("FullyQualifiedDomainName")) or None
    sku = _number(values.get("OSEditionId"))
    product_type = _number(values.get("ProductType"))
    build = _number(values.get("OSBuildNumber"))
    if sku is not None or product_type is not None or _number(values.get("OSPlatformId")) == _WINDOWS_NT:
        return _windows(name, build, sku, product_type, TRUST_KVP, tables)
    return GuestIdentity(_kind_without_windows(values), name, trust=TRUST_KVP)


def _windows(
    name: str | None, build: int | None, sku_number: int | None, product_type: int | None, trust: str, tables: Tables
) -> GuestIdentity:
    sku = None if sku_number == UNLICENSED_SKU else sku_of(sku_number)
    # Azure Local shares builds with Windows Server and is not a release of it.
    release = None if sku is not None and sku.edition is Edition.AZURE_LOCAL else tables.release_of(build)
    return GuestIdentity(
        kind=_windows_kind(sku, product_type),
        name=safe_text(name) or None,
        build=build,
        release=release,
        sku=sku_number,
        edition=sku.edition if sku else None,
        core=sku.core if sku else None,
        evaluation=bool(sku and sku.evaluation),
        trust=trust,
    )


def _windows_kind(sku: Sku | None, product_type: int | None) -> OsKind:
    if product_type == _WORKSTATION or (sku is not None and sku.edition is Edition.CLIENT):
        return OsKind.WINDOWS_CLIENT
    if product_type in _SERVERS or sku is not None:
        return OsKind.WINDOWS_SERVER
    return OsKind.UNKNOWN


def _kind_without_windows(values: dict[str, str]) -> OsKind:
    # Windows always sends OSEditionId, ProductType and OSPlatformId; Linux' daemon sends none of them. (Linux kernel, tools/hv)
    name = safe_text(values.get("OSName")).casefold()
    if not name or "windows" in name:
        return OsKind.UNKNOWN
    if any(distribution in name for distribution in _LINUX_NAMES):
        return OsKind.LINUX
    if _BSD in name:
        return OsKind.OTHER
    kernel = _KERNEL.match(values.get("OSBuildNumber", "")[:16])
    return OsKind.LINUX if kernel else OsKind.UNKNOWN


def _number(text: str | None) -> int | None:
    stripped = (text or "")[:64].strip()
    return int(stripped) if _NUMBER.fullmatch(stripped) else None
