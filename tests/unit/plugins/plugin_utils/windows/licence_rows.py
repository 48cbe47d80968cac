# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of SoftwareLicensingProduct and the queries that ask for them."""

from __future__ import annotations

from ansible_collections.hyperv.avma.plugins.plugin_utils._wsman.instance import Instance
from ansible_collections.hyperv.avma.tests.unit.plugins.plugin_utils.windows.wire import Value, projected

_NAMES = (
    "ID, Name, Description, LicenseFamily, LicenseIsAddon, LicenseStatus, LicenseStatusReason, PartialProductKey, ProductKeyChannel, "
    "GracePeriodRemaining, EvaluationEndDate, KeyManagementServiceMachine, KeyManagementServicePort, "
    "DiscoveredKeyManagementServiceMachineName"
)
_AVMA = (
    "IAID, AutomaticVMActivationHostMachineName, AutomaticVMActivationHostDigitalPid2, AutomaticVMActivationLastActivationTime, "
    "KeyManagementServiceLookupDomain, VLActivationType, ADActivationObjectName"
)
_FROM = (
    "FROM SoftwareLicensingProduct WHERE ApplicationID = '55c92734-d682-4d71-983e-d6ec3f16059f' "
    "AND PartialProductKey <> NULL AND LicenseIsAddon = FALSE"
)
FULL_QUERY = f"SELECT {_NAMES}, {_AVMA} {_FROM}"
SHORT_QUERY = f"SELECT {_NAMES} {_FROM}"
NEVER = "1601-01-01T00:00:00Z"

_DEFAULTS: dict[str, Value] = {
    "ID": "21db6ba4-9a7b-4a14-9e29-64a60c59301d",
    "Name": "Windows(R), ServerStandard edition",
    "Description": "Windows(R) Operating System, VOLUME_KMSCLIENT channel",
    "LicenseFamily": "ServerStandard",
    "LicenseIsAddon": False,
    "LicenseStatus": 0,
    "LicenseStatusReason": 0xC004F056,
    "PartialProductKey": "VMK7H",
    "ProductKeyChannel": "Volume:GVLK",
    "GracePeriodRemaining": 0,
    "EvaluationEndDate": NEVER,
    "KeyManagementServiceMachine": "",
    "KeyManagementServicePort": 0,
    "DiscoveredKeyManagementServiceMachineName": "",
    "KeyManagementServiceLookupDomain": "",
    "IAID": None,
    "AutomaticVMActivationHostMachineName": None,
    "AutomaticVMActivationHostDigitalPid2": None,
    "AutomaticVMActivationLastActivationTime": NEVER,
    "VLActivationType": 0,
    "ADActivationObjectName": None,
}

AVMA_DESCRIPTION = "Windows(R) Operating System, VIRTUAL_MACHINE_ACTIVATION channel"


def product(**changed: Value) -> Instance:
    """A row of a KMS client that is not licensed, but for what is changed."""
    return projected(**{**_DEFAULTS, **changed})


def avma_product(**changed: Value) -> Instance:
    """A row with the AVMA key of Windows Server 2022 Standard."""
    return product(
        **{"Description": AVMA_DESCRIPTION, "ProductKeyChannel": "VT:IA", "PartialProductKey": "78VHK", "ID": "avma-id", **changed}
    )
