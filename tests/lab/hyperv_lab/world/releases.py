# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases and editions of Windows Server as Windows itself numbers them.

Sources: builds from microsoft/hcsshim ``osversion``; SKU numbers from winnt.h ``PRODUCT_*`` and Microsoft's
Win32_OperatingSystem page; EditionID from Microsoft's "upgrade and conversion options" (firm for the common editions, an
assumption for Azure Edition and Azure Local).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EditionKind(StrEnum):
    """What is licensed, whatever the installation option (with desktop or Core)."""

    STANDARD = "standard"
    DATACENTER = "datacenter"
    ESSENTIALS = "essentials"
    AZURE_EDITION = "azure_edition"
    FOUNDATION = "foundation"
    HYPERV_SERVER = "hyperv_server"
    AZURE_LOCAL = "azure_local"
    NANO = "nano"
    CLIENT = "client"


@dataclass(frozen=True)
class Release:
    name: str  # as scenarios write it: "2012r2", "2022", "1809"
    build: int
    version: str  # Win32_OperatingSystem.Version
    product: str  # the product's name without its edition
    keys: str | None  # the release whose keys it takes; None: no AVMA keys are published for it
    display: str | None = None  # DisplayVersion in the registry
    cluster_level: int | None = (
        None  # ClusterFunctionalLevel of a cluster of it (Microsoft, cluster functional level); None: that of the release before
    )
    entitles: bool = False  # there are host keys of it that entitle Azure Local (Microsoft, "Activate Windows Server VMs on Azure Local")

    @property
    def kernel(self) -> tuple[int, int]:
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


@dataclass(frozen=True)
class Edition:
    name: str  # as scenarios write it
    kind: EditionKind
    sku: int  # OperatingSystemSKU and KVP's OSEditionId
    edition_id: str  # registry EditionID
    label: str  # as it ends the product's name
    core: bool = False
    evaluation: bool = False
    suite_mask: int = 272  # 0x110 terminal services for administration; 0x80 Datacenter

    @property
    def family(self) -> str:
        """SoftwareLicensingProduct.LicenseFamily: the edition, whatever the installation option (slmgr output of Core servers)."""
        return self.edition_id


def _release(name: str, build: int, product: str, keys: str | None, version: str | None = None, **more: Any) -> Release:
    return Release(name, build, version or f"10.0.{build}", product, keys, **more)


RELEASES: dict[str, Release] = {
    release.name: release
    for release in (
        _release("2012", 9200, "Windows Server 2012", None, "6.2.9200"),
        _release("2012r2", 9600, "Windows Server 2012 R2", "2012r2", "6.3.9600", cluster_level=8),
        _release("2016", 14393, "Windows Server 2016", "2016", display="1607", cluster_level=9),
        _release("1709", 16299, "Windows Server", "2016", display="1709"),
        _release("1803", 17134, "Windows Server", "2016", display="1803"),
        _release("2019", 17763, "Windows Server 2019", "2019", display="1809", cluster_level=10, entitles=True),
        _release("1809", 17763, "Windows Server", "2019", display="1809"),
        _release("1903", 18362, "Windows Server", "2019", display="1903"),
        _release("1909", 18363, "Windows Server", "2019", display="1909"),
        _release("20h2", 19042, "Windows Server", None, display="20H2"),
        _release("2022", 20348, "Windows Server 2022", "2022", display="21H2", cluster_level=11, entitles=True),
        _release("23h2", 25398, "Windows Server", None, display="23H2"),
        _release("2025", 26100, "Windows Server 2025", "2025", display="24H2", cluster_level=12, entitles=True),
    )
}

# What an Azure Local host can be entitled with: a Windows Server subscription, or host keys of a release.
SUBSCRIPTION = "subscription"
ENTITLEMENTS = (SUBSCRIPTION, *(release.name for release in RELEASES.values() if release.entitles))

_DATACENTER = 400  # 272 | 0x80

EDITIONS: dict[str, Edition] = {
    edition.name: edition
    for edition in (
        Edition("standard", EditionKind.STANDARD, 7, "ServerStandard", "Standard"),
        Edition("standard_core", EditionKind.STANDARD, 13, "ServerStandard", "Standard", core=True),
        Edition("standard_eval", EditionKind.STANDARD, 79, "ServerStandardEval", "Standard Evaluation", evaluation=True),
        Edition("standard_eval_core", EditionKind.STANDARD, 160, "ServerStandardEval", "Standard Evaluation", core=True, evaluation=True),
        Edition("standard_sac", EditionKind.STANDARD, 146, "ServerStandardACor", "Standard", core=True),
        Edition("datacenter", EditionKind.DATACENTER, 8, "ServerDatacenter", "Datacenter", suite_mask=_DATACENTER),
        Edition("datacenter_core", EditionKind.DATACENTER, 12, "ServerDatacenter", "Datacenter", core=True, suite_mask=_DATACENTER),
        Edition(
            "datacenter_eval",
            EditionKind.DATACENTER,
            80,
            "ServerDatacenterEval",
            "Datacenter Evaluation",
            evaluation=True,
            suite_mask=_DATACENTER,
        ),
        Edition(
            "datacenter_eval_core",
            EditionKind.DATACENTER,
            159,
            "ServerDatacenterEval",
            "Datacenter Evaluation",
            core=True,
            evaluation=True,
            suite_mask=_DATACENTER,
        ),
        Edition("datacenter_sac", EditionKind.DATACENTER, 145, "ServerDatacenterACor", "Datacenter", core=True, suite_mask=_DATACENTER),
        Edition("essentials", EditionKind.ESSENTIALS, 50, "ServerSolution", "Essentials"),
        Edition("foundation", EditionKind.FOUNDATION, 33, "ServerFoundation", "Foundation"),
        Edition("nano", EditionKind.NANO, 143, "ServerDatacenterNano", "Datacenter", core=True, suite_mask=_DATACENTER),
        Edition("hyperv_server", EditionKind.HYPERV_SERVER, 42, "ServerHyperCore", "Hyper-V Server", core=True),
        Edition("azure_edition", EditionKind.AZURE_EDITION, 407, "ServerTurbine", "Datacenter Azure Edition", suite_mask=_DATACENTER),
        Edition(
            "azure_edition_core",
            EditionKind.AZURE_EDITION,
            408,
            "ServerTurbine",
            "Datacenter Azure Edition",
            core=True,
            suite_mask=_DATACENTER,
        ),
        Edition("azure_local", EditionKind.AZURE_LOCAL, 406, "ServerAzureStackHCICor", "Azure Stack HCI", core=True),
        Edition("pro", EditionKind.CLIENT, 48, "Professional", "Pro", suite_mask=256),
    )
}
