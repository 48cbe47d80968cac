# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Operating system, computer and chassis: ``Win32_OperatingSystem``, ``Win32_ComputerSystem`` and ``Win32_SystemEnclosure``."""

from __future__ import annotations

from .._avma.facts import ComputerFacts, OsFacts
from .._wsman.cim import Cim, Query
from .._wsman.errors import Fault
from .._wsman.instance import Instance
from .namespaces import CIMV2
from .rows import number_of, only_row

# Named properties: the whole instance is 4 KB, these are 0.5 KB.
OS = Query(
    CIMV2,
    "SELECT BuildNumber, Caption, CSName, LastBootUpTime, OperatingSystemSKU, OSLanguage, ProductType, SuiteMask, Version FROM Win32_OperatingSystem",
)
COMPUTER = Query(CIMV2, "SELECT DNSHostName, Domain, HypervisorPresent, Manufacturer, Model, Name, PartOfDomain FROM Win32_ComputerSystem")
ASSET_TAG = Query(CIMV2, "SELECT SMBIOSAssetTag FROM Win32_SystemEnclosure")


def read_os(session: Cim) -> OsFacts:
    """The operating system. One request."""
    return os_facts(only_row(session.query(OS.namespace, OS.wql), "Win32_OperatingSystem"))


def os_facts(row: Instance) -> OsFacts:
    return OsFacts(
        name=row.text("CSName"),
        caption=row.text("Caption"),
        version=row.text("Version"),
        build=number_of(row.text("BuildNumber")),  # a string property
        sku=row.integer("OperatingSystemSKU"),
        product_type=row.integer("ProductType"),
        suite_mask=row.integer("SuiteMask"),
        language=row.integer("OSLanguage"),
        last_boot=row.timestamp("LastBootUpTime"),
    )


def read_computer(session: Cim) -> ComputerFacts:
    """The computer and the hypervisor it runs on, if any. One request."""
    row = only_row(session.query(COMPUTER.namespace, COMPUTER.wql), "Win32_ComputerSystem")
    return ComputerFacts(
        name=row.text("Name"),
        dns_name=row.text("DNSHostName"),
        domain=row.text("Domain"),
        part_of_domain=row.boolean("PartOfDomain"),
        manufacturer=row.text("Manufacturer"),
        model=row.text("Model"),
        hypervisor_present=row.boolean("HypervisorPresent"),
    )


def read_asset_tag(cim: Cim) -> str | None:
    """The chassis' asset tag, None where it has none or it could not be read: nothing hangs on it. One request."""
    try:
        for row in cim.query(ASSET_TAG.namespace, ASSET_TAG.wql):
            return (row.text("SMBIOSAssetTag") or "").strip() or None
    except Fault:
        return None
    return None
