# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Operating system and computer: ``Win32_OperatingSystem`` and ``Win32_ComputerSystem``."""

from __future__ import annotations

from .._avma.facts import ComputerFacts, OsFacts
from .._wsman.cim import Cim, Query
from .._wsman.instance import Instance
from .namespaces import CIMV2
from .rows import number_of, only_row

# Named properties: the whole instance is 4 KB, these are 0.5 KB.
OS = Query(
    CIMV2,
    "SELECT BuildNumber, Caption, CSName, LastBootUpTime, OperatingSystemSKU, OSLanguage, ProductType, SuiteMask, Version FROM Win32_OperatingSystem",
)
COMPUTER = Query(CIMV2, "SELECT DNSHostName, Domain, HypervisorPresent, Manufacturer, Model, Name, PartOfDomain FROM Win32_ComputerSystem")


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
