# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Editions of Windows by ``OperatingSystemSKU`` of Win32_OperatingSystem, which is also ``OSEditionId`` in Data Exchange.

Sources: winnt.h (PRODUCT_* numbers); Microsoft, Win32_OperatingSystem; Microsoft, upgrade and conversion options (EditionID names).
EditionID names are less sure than the numbers: a Core image of build 17763 has been seen with ``ServerDatacenterACor``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Edition(str, Enum):
    """What AVMA and its keys distinguish. Values are the words shown to users."""

    DATACENTER = "Datacenter"
    STANDARD = "Standard"
    ESSENTIALS = "Essentials"
    DATACENTER_AZURE = "Datacenter: Azure Edition"
    ENTERPRISE = "Enterprise"
    FOUNDATION = "Foundation"
    NANO = "Nano Server"
    HYPER_V_SERVER = "Hyper-V Server"
    AZURE_LOCAL = "Azure Local"
    CLIENT = "Client"
    OTHER = "Other"


@dataclass(frozen=True)
class Sku:
    """One PRODUCT_* number. ``core`` is None where the number does not show it: since 2016 Core and Desktop Experience share 7 and 8."""

    number: int
    edition: Edition
    core: bool | None
    evaluation: bool
    edition_id: str | None
    meaning: str
    source: str


_WINNT = "winnt.h"
_WIN32 = "winnt.h; Microsoft, Win32_OperatingSystem"

# PRODUCT_UNLICENSED: Windows does not know its own edition. Nothing may be concluded from it.
UNLICENSED_SKU = 0xABCDABCD

SKUS: tuple[Sku, ...] = (
    Sku(4, Edition.CLIENT, None, False, "Enterprise", "Enterprise (client)", _WIN32),
    Sku(7, Edition.STANDARD, None, False, "ServerStandard", "Standard", _WIN32),
    Sku(8, Edition.DATACENTER, None, False, "ServerDatacenter", "Datacenter", _WIN32),
    Sku(10, Edition.ENTERPRISE, None, False, "ServerEnterprise", "Enterprise (server)", _WIN32),
    Sku(12, Edition.DATACENTER, True, False, "ServerDatacenterCor", "Datacenter, Server Core", _WIN32),
    Sku(13, Edition.STANDARD, True, False, "ServerStandardCor", "Standard, Server Core", _WIN32),
    Sku(14, Edition.ENTERPRISE, True, False, "ServerEnterpriseCor", "Enterprise (server), Server Core", _WIN32),
    Sku(27, Edition.CLIENT, None, False, "EnterpriseN", "Enterprise N (client)", _WIN32),
    Sku(33, Edition.FOUNDATION, None, False, "ServerFoundation", "Foundation", _WIN32),
    Sku(36, Edition.OTHER, False, False, "ServerStandardV", "Standard without Hyper-V", _WIN32),
    Sku(37, Edition.OTHER, False, False, "ServerDatacenterV", "Datacenter without Hyper-V", _WIN32),
    Sku(39, Edition.OTHER, True, False, "ServerDatacenterVCor", "Datacenter without Hyper-V, Server Core", _WIN32),
    Sku(40, Edition.OTHER, True, False, "ServerStandardVCor", "Standard without Hyper-V, Server Core", _WIN32),
    Sku(42, Edition.HYPER_V_SERVER, True, False, "ServerHyperCore", "Microsoft Hyper-V Server", _WIN32),
    Sku(48, Edition.CLIENT, None, False, "Professional", "Professional (client)", _WIN32),
    Sku(49, Edition.CLIENT, None, False, "ProfessionalN", "Professional N (client)", _WIN32),
    Sku(50, Edition.ESSENTIALS, None, False, "ServerSolution", "Essentials", _WIN32),
    Sku(72, Edition.CLIENT, None, True, "EnterpriseEval", "Enterprise evaluation (client)", _WIN32),
    Sku(79, Edition.STANDARD, None, True, "ServerStandardEval", "Standard evaluation", _WIN32),
    Sku(80, Edition.DATACENTER, None, True, "ServerDatacenterEval", "Datacenter evaluation", _WIN32),
    Sku(98, Edition.CLIENT, None, False, "CoreN", "Home N (client)", _WIN32),
    Sku(100, Edition.CLIENT, None, False, "CoreSingleLanguage", "Home Single Language (client)", _WIN32),
    Sku(101, Edition.CLIENT, None, False, "Core", "Home (client)", _WIN32),
    Sku(109, Edition.NANO, True, False, None, "Nano Server", _WIN32),
    Sku(121, Edition.CLIENT, None, False, "Education", "Education (client)", _WINNT),
    Sku(122, Edition.CLIENT, None, False, "EducationN", "Education N (client)", _WINNT),
    Sku(125, Edition.CLIENT, None, False, "EnterpriseS", "Enterprise LTSC (client)", _WINNT),
    Sku(126, Edition.CLIENT, None, False, "EnterpriseSN", "Enterprise N LTSC (client)", _WINNT),
    Sku(143, Edition.NANO, True, False, "ServerDatacenterNano", "Datacenter, Nano Server", _WIN32),
    Sku(144, Edition.NANO, True, False, "ServerStandardNano", "Standard, Nano Server", _WIN32),
    Sku(145, Edition.DATACENTER, True, False, "ServerDatacenterACor", "Datacenter semi-annual, Server Core", _WIN32),
    Sku(146, Edition.STANDARD, True, False, "ServerStandardACor", "Standard semi-annual, Server Core", _WIN32),
    Sku(147, Edition.DATACENTER, True, False, "ServerDatacenterWSCor", "Datacenter WS, Server Core", _WIN32),
    Sku(148, Edition.STANDARD, True, False, "ServerStandardWSCor", "Standard WS, Server Core", _WIN32),
    Sku(159, Edition.DATACENTER, True, True, "ServerDatacenterEvalCor", "Datacenter evaluation, Server Core", _WIN32),
    Sku(160, Edition.STANDARD, True, True, "ServerStandardEvalCor", "Standard evaluation, Server Core", _WIN32),
    Sku(161, Edition.CLIENT, None, False, "ProfessionalWorkstation", "Pro for Workstations (client)", _WINNT),
    Sku(168, Edition.OTHER, True, False, "ServerAzureCor", "Azure Server Core", _WIN32),
    Sku(175, Edition.CLIENT, None, False, "ServerRdsh", "Enterprise multi-session (client)", _WIN32),
    Sku(188, Edition.CLIENT, None, False, "IoTEnterprise", "IoT Enterprise (client)", _WINNT),
    Sku(406, Edition.AZURE_LOCAL, True, False, "ServerAzureStackHCICor", "Azure Local, formerly Azure Stack HCI", _WIN32),
    Sku(407, Edition.DATACENTER_AZURE, False, False, "ServerTurbine", "Datacenter: Azure Edition", _WIN32),
    Sku(408, Edition.DATACENTER_AZURE, True, False, "ServerTurbineCor", "Datacenter: Azure Edition, Server Core", _WIN32),
    Sku(409, Edition.DATACENTER_AZURE, True, False, None, "Datacenter WS: Azure Edition, Server Core", _WINNT),
    Sku(UNLICENSED_SKU, Edition.OTHER, None, False, None, "unlicensed: Windows does not name its edition", _WINNT),
)

_BY_NUMBER = {sku.number: sku for sku in SKUS}

# Editions for which Microsoft publishes AVMA keys.
GUEST_EDITIONS = (Edition.DATACENTER, Edition.STANDARD, Edition.ESSENTIALS, Edition.DATACENTER_AZURE)


def sku_of(number: int | None) -> Sku | None:
    """The SKU of a PRODUCT_* number, None for one that is not in the table."""
    return None if number is None else _BY_NUMBER.get(number)


def edition_named(name: str) -> Edition | None:
    """The edition called ``name`` by its value, its member name or its EditionID. Case, blanks and punctuation do not matter."""
    wanted = _letters(name)
    for edition in Edition:
        if wanted in (_letters(edition.value), _letters(edition.name)):
            return edition
    return next((sku.edition for sku in SKUS if sku.edition_id and _letters(sku.edition_id) == wanted), None)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
