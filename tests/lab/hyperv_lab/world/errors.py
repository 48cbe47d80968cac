# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HRESULTs that the lab's providers raise, with the texts that Windows has for them.

Names from the Windows SDK (slerror.h, wbemcli.h, winerror.h); texts from Microsoft's activation error pages.
"""

from __future__ import annotations

from ..cim.provider import CimError

WBEM_E_FAILED = 0x80041001
WBEM_E_NOT_FOUND = 0x80041002
WBEM_E_ACCESS_DENIED = 0x80041003
WBEM_E_INVALID_PARAMETER = 0x80041008
WBEM_E_PROVIDER_NOT_CAPABLE = 0x80041024
WBEM_E_INVALID_METHOD = 0x8004102E
WBEM_E_METHOD_NOT_IMPLEMENTED = 0x80041055
E_ACCESSDENIED = 0x80070005
WININET_E_NAME_NOT_RESOLVED = 0x80072EE7

SL_E_INVALID_PRODUCT_KEY = 0xC004F050
SL_E_MISMATCHED_PRODUCT_SKU = 0xC004F069
SL_E_PKEY_INVALID_CONFIG = 0xC004E016
SL_E_BLOCKED_PRODUCT_KEY = 0xC004F051
SL_E_PKEY_NOT_INSTALLED = 0xC004F014
SL_E_GRACE_TIME_EXPIRED = 0xC004F009
SL_E_EUL_NOT_AVAILABLE = 0xC004F034
SL_E_VL_BINDING_SERVICE_UNAVAILABLE = 0xC004F074
SL_E_CHPA_DMAK_LIMIT_EXCEEDED = 0xC004C020
SL_REMAPPING_SP_PUB_TS_MAX_REARM_REACHED = 0xC004D307
SL_E_NOT_SUPPORTED = 0xC004F016
SL_E_LUA_ACCESSDENIED = 0xC004F025
SL_E_ACTIVATION_IN_PROGRESS = 0xC004E028
SL_E_SERVICE_STOPPING = 0xC004F075
SL_I_OOB_GRACE_PERIOD = 0x4004F00C
SL_I_TIMEBASED_VALIDITY_PERIOD = 0x4004FC04

SL_E_IA_THROTTLE_LIMIT_EXCEEDED = 0xC004FD00
SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM = 0xC004FD01
SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED = 0xC004FD02
SL_E_IA_ID_MISMATCH = 0xC004FD03
SL_E_IA_MACHINE_NOT_BOUND = 0xC004FD04

TEXTS: dict[int, str] = {
    WBEM_E_FAILED: "Generic failure",
    WBEM_E_NOT_FOUND: "Not found",
    WBEM_E_ACCESS_DENIED: "Access denied",
    WBEM_E_INVALID_PARAMETER: "Invalid parameter",
    WBEM_E_PROVIDER_NOT_CAPABLE: "Provider is not capable of the attempted operation",
    WBEM_E_INVALID_METHOD: "Invalid method",
    WBEM_E_METHOD_NOT_IMPLEMENTED: "This method is not implemented in any class",
    E_ACCESSDENIED: "Access is denied.",
    WININET_E_NAME_NOT_RESOLVED: "The server name or address could not be resolved",
    SL_E_INVALID_PRODUCT_KEY: "The Software Licensing Service reported that the product key is invalid.",
    SL_E_MISMATCHED_PRODUCT_SKU: "The Software Licensing Service reported that the product SKU is not found.",
    SL_E_PKEY_INVALID_CONFIG: "The Software Licensing Service reported that the product key is invalid for this version of Windows.",
    SL_E_BLOCKED_PRODUCT_KEY: "The Software Licensing Service reported that the product key is blocked.",
    SL_E_PKEY_NOT_INSTALLED: "The Software Licensing Service reported that the product key is not available.",
    SL_E_VL_BINDING_SERVICE_UNAVAILABLE: (
        "The Software Licensing Service reported that the product could not be activated. No Key Management Service (KMS) could be contacted. "
        "Please see the Application Event Log for additional information."
    ),
    SL_E_CHPA_DMAK_LIMIT_EXCEEDED: "The activation server reported that the Multiple Activation Key has exceeded its limit.",
    SL_REMAPPING_SP_PUB_TS_MAX_REARM_REACHED: "The Software Licensing Service reported that the limit of rearms has been reached.",
    SL_E_ACTIVATION_IN_PROGRESS: "The Software Licensing Service reported that license consumption is in progress.",
    SL_E_SERVICE_STOPPING: "The Software Licensing Service reported that the operation cannot be completed because the service is stopping.",
    SL_E_LUA_ACCESSDENIED: "Access denied: the requested action requires elevated privileges.",
    SL_E_NOT_SUPPORTED: "The Software Licensing Service reported that the request is not supported.",
    SL_E_IA_THROTTLE_LIMIT_EXCEEDED: (
        "The Software Licensing Service determined that the virtual machine could not be activated because of too many requests."
    ),
    SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM: (
        "The Software Licensing Service reported that the product could not be activated. The virtualization platform is not supported."
    ),
    SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED: (
        "The Software Licensing Service reported that the product could not be activated. The host machine is not activated."
    ),
    SL_E_IA_ID_MISMATCH: (
        "The Software Licensing Service reported that the product could not be activated. "
        "The host machine can not activate the edition on the virtual machine."
    ),
    SL_E_IA_MACHINE_NOT_BOUND: "The Software Licensing Service reported that the virtual machine is not bound to the host machine.",
}


def failure(hresult: int, *, operation: str = "ExecMethod", provider: str = "", parameter_info: str = "") -> CimError:
    """The error a provider raises for ``hresult``. A code without a text of its own gets the one Windows shows then."""
    message = TEXTS.get(hresult, f"Unknown error 0x{hresult:X}")
    return CimError(hresult, message, operation=operation, provider=provider, parameter_info=parameter_info)
