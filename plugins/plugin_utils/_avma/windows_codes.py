# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""The codes that Windows' software licensing answers with, what they mean and what to do.

Names are those of slerror.h and winerror.h; remedies follow Microsoft's page on activation error codes and reports from the field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SLERR = "slerror.h"
_CODES_PAGE = "slerror.h; Microsoft, Windows activation error codes"
_WINERROR = "winerror.h; Microsoft, Windows activation error codes"


@dataclass(frozen=True)
class ErrorEntry:
    """One code. ``meaning`` is short; ``cause`` says what is probably behind it; ``transient`` means that trying again later may help."""

    code: int
    symbol: str
    meaning: str
    cause: str
    remedy: str
    transient: bool = False
    source: str = _CODES_PAGE


_CHECK_KEY = "Use the AVMA key of the guest's own release and edition."
_NOTHING = "Nothing to do."
_RECOVER = "Restart the service 'sppsvc'; if that does not help, rebuild the licence store and activate again."
_HOST_KMS = "Repair KMS for the machine, then run 'slmgr /ato' on it."

_AVMA = (
    ErrorEntry(
        0xC004FD00,
        "SL_E_IA_THROTTLE_LIMIT_EXCEEDED",
        "too many requests for activation by the host",
        "many guests asked the host at the same time",
        "Wait some minutes, then run again.",
        transient=True,
    ),
    ErrorEntry(
        0xC004FD01,
        "SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM",
        "not on a supported Hyper-V",
        "the machine is not a guest of Hyper-V, runs in Azure, or its host is older than Windows Server 2012 R2",
        "Activate the machine by KMS or MAK; in Azure use the KMS client key.",
        source="slerror.h; Microsoft, Windows VM activation errors 0xC004FD01 and 0xC004FD02",
    ),
    ErrorEntry(
        0xC004FD02,
        "SL_E_IA_PARENT_PARTITION_NOT_ACTIVATED",
        "the host is not activated",
        "the host was never activated, is in grace, or its own activation lapsed (a host on KMS after 180 days); in Azure AVMA is not supported",
        "Activate the host (in a cluster each node), then run again.",
        source="slerror.h; Microsoft, Windows VM activation errors 0xC004FD01 and 0xC004FD02",
    ),
    ErrorEntry(
        0xC004FD03,
        "SL_E_IA_ID_MISMATCH",
        "the host cannot activate this edition of the guest",
        "the host is not Datacenter, the guest is newer than the host, or it runs Datacenter: Azure Edition",
        "Move the guest to a Datacenter host of its own release or a newer one, or activate it by KMS or MAK.",
    ),
    ErrorEntry(
        0xC004FD04,
        "SL_E_IA_MACHINE_NOT_BOUND",
        "not, or no longer, activated by AVMA",
        "the last activation by a host is not valid any more",
        "Read event 12310 on the host and run again to ask for activation again.",
    ),
)

_KEYS = (
    ErrorEntry(
        0xC004F050,
        "SL_E_INVALID_PRODUCT_KEY",
        "the product key is not valid for this Windows",
        "a typing error, or a key of another release or edition",
        _CHECK_KEY,
    ),
    ErrorEntry(
        0xC004F069,
        "SL_E_MISMATCHED_PRODUCT_SKU",
        "the edition of the product key is not installed",
        "a key of another edition; typical of an evaluation installation",
        _CHECK_KEY + " Convert an evaluation installation with 'DISM /Online /Set-Edition' first.",
    ),
    ErrorEntry(
        0xC004E016,
        "SL_E_PKEY_INVALID_CONFIG",
        "the product key is not in this Windows' key configuration",
        "a key of another release, or a damaged licence store",
        _CHECK_KEY,
    ),
    ErrorEntry(
        0xC004E017, "SL_E_PKEY_INVALID_UNIQUEID", "the product key's data is not valid", "a wrong or damaged key", _CHECK_KEY, source=_SLERR
    ),
    ErrorEntry(
        0xC004E018,
        "SL_E_PKEY_INVALID_ALGORITHM",
        "the product key's algorithm is not valid",
        "a key that this Windows cannot read",
        _CHECK_KEY,
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004E019,
        "SL_E_PKEY_INTERNAL_ERROR",
        "the product key could not be worked on",
        "a key that this Windows cannot read, or a damaged licence store",
        _CHECK_KEY,
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004E01C,
        "SL_E_PKEY_INVALID_KEYCHANGE1",
        "changing to this product key is not allowed here",
        "an evaluation installation takes no other key",
        "Convert the installation with 'DISM /Online /Set-Edition' first.",
    ),
    ErrorEntry(
        0xC004E01D,
        "SL_E_PKEY_INVALID_KEYCHANGE2",
        "changing to this product key is not allowed here",
        "an evaluation installation takes no other key",
        "Convert the installation with 'DISM /Online /Set-Edition' first.",
    ),
    ErrorEntry(
        0xC004E01E,
        "SL_E_PKEY_INVALID_KEYCHANGE3",
        "changing to this product key is not allowed here",
        "an evaluation installation takes no other key",
        "Convert the installation with 'DISM /Online /Set-Edition' first.",
    ),
    ErrorEntry(
        0xC004F00B,
        "SL_E_NO_PID_CONFIG_DATA",
        "there is no key configuration data",
        "the licence store is damaged or not complete",
        _RECOVER,
        source=_SLERR,
    ),
    ErrorEntry(0xC004F010, "SL_E_INVALID_PKEY", "the product key is not valid", "a typing error, or a key of another product", _CHECK_KEY),
    ErrorEntry(
        0xC004F012,
        "SL_E_VALUE_NOT_FOUND",
        "a value was not found",
        "licence data is missing or damaged, or there is no key of that kind",
        _RECOVER,
    ),
    ErrorEntry(
        0xC004F014, "SL_E_PKEY_NOT_INSTALLED", "no product key is installed", "the key was removed or never put in", "Install the AVMA key."
    ),
    ErrorEntry(
        0xC004F015,
        "SL_E_PRODUCT_SKU_NOT_INSTALLED",
        "the licence of that edition is not installed",
        "the key belongs to an edition that this installation is not",
        _CHECK_KEY,
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004F016,
        "SL_E_NOT_SUPPORTED",
        "the request is not supported",
        "this edition or release does not do it, such as an evaluation that is to be activated",
        "Check edition and release with 'DISM /Online /Get-CurrentEdition', and convert an evaluation first.",
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004F033,
        "SL_E_PRODUCT_KEY_INSTALLATION_NOT_ALLOWED",
        "installing a product key is not allowed",
        "the edition or a policy forbids it",
        "Check the edition with 'DISM /Online /Get-CurrentEdition' and the policies for licensing.",
    ),
    ErrorEntry(
        0xC004F051,
        "SL_E_BLOCKED_PRODUCT_KEY",
        "the product key is blocked",
        "Microsoft has blocked the key",
        "Use another key; published AVMA keys are not blocked.",
    ),
    ErrorEntry(
        0xC004F061,
        "SL_E_PKEY_INVALID_UPGRADE",
        "the product key is for upgrades only",
        "Windows was not installed as an upgrade",
        _CHECK_KEY,
    ),
    ErrorEntry(
        0xC004F06A,
        "SL_E_OPERATION_NOT_ALLOWED",
        "the operation is not allowed",
        "the state of the licence or a policy forbids it",
        "Check the guest with 'slmgr /dlv'.",
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004F07D,
        "SL_E_INVALID_PRODUCT_KEY_TYPE",
        "the kind of product key is wrong",
        "a key of another channel",
        _CHECK_KEY,
        source=_SLERR,
    ),
    ErrorEntry(0xC004F210, "SL_E_EDITION_MISMATCHED", "the edition is another one", "the key belongs to another edition", _CHECK_KEY),
    ErrorEntry(
        0xC004F213,
        "SL_E_NO_PRODUCT_KEY_FOUND",
        "no product key was found",
        "neither Windows nor the firmware holds one",
        "Install the AVMA key.",
    ),
    ErrorEntry(
        0x8004E026,
        "SL_E_INVALID_USE_OF_ADD_ON_PKEY",
        "the product key is for an add-on",
        "a key of an add-on was given for Windows",
        _CHECK_KEY,
        source=_SLERR,
    ),
    ErrorEntry(0x80070490, "ERROR_NOT_FOUND", "the product key did not work", "a key of another edition", _CHECK_KEY, source=_WINERROR),
)

_STATES = (
    ErrorEntry(
        0xC004F009,
        "SL_E_GRACE_TIME_EXPIRED",
        "the time to activate has run out",
        "activation never came, or its validity ended and was not renewed",
        "Activate again; check the host if it is an AVMA guest.",
    ),
    ErrorEntry(
        0xC004F00A,
        "SL_E_MISMATCHED_APPID",
        "the application ID does not match",
        "the licence belongs to another product",
        _RECOVER,
        source=_SLERR,
    ),
    ErrorEntry(
        0x4004F00C,
        "SL_I_OOB_GRACE_PERIOD",
        "within the first period of grace",
        "Windows was installed and not activated yet",
        "Activate before it ends.",
        source=_SLERR,
    ),
    ErrorEntry(
        0x4004F00D,
        "SL_I_OOT_GRACE_PERIOD",
        "within the grace period after a change of hardware",
        "the hardware changed too much, or KMS was not reached",
        "Activate again before it ends.",
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004F00F,
        "SL_E_OUT_OF_TOLERANCE",
        "the hardware is not the one that was activated",
        "the hardware changed too much",
        "Activate again.",
    ),
    ErrorEntry(
        0xC004F013,
        "SL_E_RIGHT_NOT_GRANTED",
        "the right is not granted",
        "the licence does not grant it",
        "Check the edition and its licence.",
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004F034,
        "SL_E_EUL_NOT_AVAILABLE",
        "there is no activated licence for this product yet",
        "Windows has a key and has not been activated",
        "Activate it, an AVMA guest with guest_key.",
    ),
    ErrorEntry(
        0x4004F040,
        "SL_E_VL_INFO_PRODUCT_USER_RIGHT",
        "activated; the rights of use should be checked",
        "information of Windows after an activation",
        _NOTHING,
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004F056,
        "SL_E_VL_MACHINE_NOT_BOUND",
        "not activated by KMS",
        "the machine has a KMS client key and no KMS host activated it",
        "Install the AVMA key, or repair KMS.",
    ),
    ErrorEntry(
        0xC004F064,
        "SL_E_NONGENUINE_GRACE_TIME_EXPIRED",
        "the grace period after failed validation has run out",
        "Windows is not seen as genuine",
        "Activate with a valid key.",
    ),
    ErrorEntry(
        0x4004F065,
        "SL_I_NONGENUINE_GRACE_PERIOD",
        "within the grace period after failed validation",
        "Windows is not seen as genuine",
        "Activate with a valid key.",
    ),
    ErrorEntry(
        0xC004F080,
        "SL_E_LICENSE_NOT_BOUND",
        "the licence is not bound to this machine",
        "it was never activated here",
        "Activate it.",
        source=_SLERR,
    ),
    ErrorEntry(0xC004F200, "SL_E_NOT_GENUINE", "Windows is not seen as genuine", "validation failed", "Activate with a valid key."),
    ErrorEntry(0xC004F211, "SL_E_HWID_CHANGED", "the hardware ID has changed", "the hardware changed too much", "Activate again."),
    ErrorEntry(
        0x4004F401,
        "SL_I_STORE_BASED_ACTIVATION",
        "activated by a digital licence",
        "information of Windows about how it was activated",
        _NOTHING,
        source=_SLERR,
    ),
    ErrorEntry(
        0x4004FC04,
        "SL_I_TIMEBASED_VALIDITY_PERIOD",
        "within a validity that is limited in time",
        "normal for an activation that is renewed, and for an evaluation",
        _NOTHING,
        source=_SLERR,
    ),
    ErrorEntry(
        0x4004FC05,
        "SL_I_PERPETUAL_OOB_GRACE_PERIOD",
        "within a first period of grace without an end",
        "the product need not be activated yet",
        _NOTHING,
        source=_SLERR,
    ),
    ErrorEntry(
        0x4004FC06,
        "SL_I_TIMEBASED_EXTENDED_GRACE_PERIOD",
        "within an extended period of grace",
        "the validity ended and was not renewed",
        "Activate again before it ends.",
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004FC07,
        "SL_E_VALIDITY_PERIOD_EXPIRED",
        "the validity has run out",
        "an evaluation ended, or an activation was not renewed",
        "Activate again; convert an evaluation first.",
        source=_SLERR,
    ),
    ErrorEntry(
        0xC004FE00,
        "SL_E_TAMPER_RECOVERY_REQUIRES_ACTIVATION",
        "the licence store was damaged and must be recovered",
        "the licence store was changed from outside, or damaged",
        _RECOVER,
    ),
)

_ACCESS = (
    ErrorEntry(
        0x80070005,
        "E_ACCESSDENIED",
        "access is denied",
        "the account is not an elevated administrator; over the network UAC filters the rights of local accounts",
        "Use a domain account that is administrator of the machine, or switch UAC's remote filter off for local accounts.",
        source=_WINERROR,
    ),
    ErrorEntry(
        0xC004F025,
        "SL_E_LUA_ACCESSDENIED",
        "access is denied: an elevated administrator is needed",
        "the account is not an elevated administrator; over the network UAC filters the rights of local accounts",
        "Use a domain account that is administrator of the machine, or switch UAC's remote filter off for local accounts.",
    ),
    ErrorEntry(
        0xC004E028,
        "SL_E_ACTIVATION_IN_PROGRESS",
        "activation is in progress",
        "another activation of the same product runs",
        "Wait, then run again.",
        transient=True,
    ),
    ErrorEntry(
        0xC004F075,
        "SL_E_SERVICE_STOPPING",
        "the licensing service is stopping",
        "the service 'sppsvc' stops when idle and starts again by itself",
        "Wait, then run again.",
        transient=True,
    ),
    ErrorEntry(
        0xC004E003,
        "SL_E_EVALUATION_FAILED",
        "evaluating the licence failed",
        "often missing rights on the licence store, or third-party software that changed it",
        _RECOVER,
    ),
    ErrorEntry(
        0xC004E015,
        "SL_E_EUL_CONSUMPTION_FAILED",
        "using the licence failed",
        "often missing rights on the licence store",
        _RECOVER,
    ),
    ErrorEntry(
        0xC004D307,
        "SL_REMAPPING_SP_PUB_TS_MAX_REARM_REACHED",
        "the number of rearms is used up",
        "the period of grace was extended as often as allowed",
        "Activate, or install again.",
    ),
)

_HOST = (
    ErrorEntry(
        0xC004F038,
        "SL_E_VL_NOT_ENOUGH_COUNT",
        "the KMS host has too few clients",
        "a KMS host activates servers from five clients on",
        _HOST_KMS,
    ),
    ErrorEntry(0xC004F039, "SL_E_VL_BINDING_SERVICE_NOT_ENABLED", "KMS is not enabled", "the KMS host does not serve", _HOST_KMS),
    ErrorEntry(
        0xC004F041,
        "SL_E_VL_KEY_MANAGEMENT_SERVICE_NOT_ACTIVATED",
        "the KMS host is not activated",
        "the KMS host itself needs activation",
        _HOST_KMS,
    ),
    ErrorEntry(
        0xC004F042,
        "SL_E_VL_KEY_MANAGEMENT_SERVICE_ID_MISMATCH",
        "the KMS host does not serve this product",
        "the KMS host's key is older than the product or of another group",
        _HOST_KMS,
    ),
    ErrorEntry(
        0xC004F06C,
        "SL_E_VL_INVALID_TIMESTAMP",
        "the clocks of KMS client and host differ too much",
        "the clock of one of them is wrong",
        "Put the clock right, then activate again.",
    ),
    ErrorEntry(
        0xC004F074,
        "SL_E_VL_BINDING_SERVICE_UNAVAILABLE",
        "no KMS host could be reached",
        "the KMS host is down, or its name or port is not reachable. On a guest: it has a KMS client key",
        "Make its KMS host reachable (TCP 1688), then run 'slmgr /ato'. A guest that is to use AVMA gets the AVMA key instead.",
    ),
    ErrorEntry(
        0x8007232B,
        "DNS_ERROR_RCODE_NAME_ERROR",
        "DNS does not know a KMS host",
        "the machine has a KMS client key, and DNS has no record _vlmcs._tcp for its domain",
        "Give DNS the record, or the machine its KMS host with 'slmgr /skms'. A guest that is to use AVMA gets the AVMA key instead.",
        source=_WINERROR,
    ),
    ErrorEntry(
        0x8007251D,
        "DNS_INFO_NO_RECORDS",
        "DNS has no record of a KMS host",
        "the machine has a KMS client key, and DNS has no record _vlmcs._tcp for its domain",
        "Give DNS the record, or the machine its KMS host with 'slmgr /skms'. A guest that is to use AVMA gets the AVMA key instead.",
        source=_WINERROR,
    ),
    ErrorEntry(
        0x80072EE7,
        "WININET_E_NAME_NOT_RESOLVED",
        "Microsoft's activation server could not be found",
        "the machine has a MAK or retail key, and no way to the internet",
        "Open the way to the internet, or activate by telephone or a proxy (VAMT). AVMA needs no network.",
        source=_WINERROR,
    ),
    ErrorEntry(
        0xC004F035,
        "SL_E_VL_NOT_WINDOWS_SLP",
        "the firmware is not licensed for volume activation",
        "an upgrade licence on hardware without a qualifying Windows",
        "Use a licence that the hardware qualifies for.",
    ),
    ErrorEntry(
        0xC004F057,
        "SL_E_SLP_MISSING_ACPI_SLIC",
        "the firmware has no licence table",
        "an OEM key on other hardware",
        "Use the hardware maker's key on its own hardware, or a volume key.",
    ),
    ErrorEntry(
        0xC004F058,
        "SL_E_SLP_MISSING_SLP_MARKER",
        "the firmware has no marker for Windows",
        "an OEM key on other hardware",
        "Use the hardware maker's key on its own hardware, or a volume key.",
    ),
    ErrorEntry(
        0xC004F059,
        "SL_E_SLP_BAD_FORMAT",
        "the firmware's licence data is damaged",
        "faulty firmware",
        "Update the firmware, or use a volume key.",
    ),
    ErrorEntry(
        0xC004F063,
        "SL_E_SLP_OEM_CERT_MISSING",
        "the OEM certificate is missing",
        "an OEM installation without its certificate",
        "Install the hardware maker's certificate, or use a volume key.",
    ),
    ErrorEntry(
        0xC004C001,
        "SL_E_CHPA_PRODUCT_KEY_OUT_OF_RANGE",
        "Microsoft's server finds the key not valid",
        "a wrong key",
        "Use a valid key.",
    ),
    ErrorEntry(
        0xC004C003, "SL_E_CHPA_PRODUCT_KEY_BLOCKED", "Microsoft's server finds the key blocked", "a blocked key", "Use another key."
    ),
    ErrorEntry(
        0xC004C008,
        "SL_E_CHPA_MAXIMUM_UNLOCK_EXCEEDED",
        "the key has been used too often",
        "the key's activations are used up",
        "Use another key, or ask Microsoft's activation centre.",
    ),
    ErrorEntry(
        0xC004C020,
        "SL_E_CHPA_DMAK_LIMIT_EXCEEDED",
        "the MAK's limit is reached",
        "the MAK's activations are used up",
        "Ask Microsoft to raise the limit of the MAK.",
    ),
)

# What stands in the way of an activation that is not AVMA's own: KMS, OEM and MAK, as a Hyper-V host is activated.
OF_A_HOST = _HOST

ERRORS: tuple[ErrorEntry, ...] = (*_AVMA, *_KEYS, *_STATES, *_ACCESS, *_HOST)

_BY_CODE = {entry.code: entry for entry in ERRORS}
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,16}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}")


def unsigned_code(code: int | str) -> int:
    """A code as unsigned 32 bit. Takes negative and 64-bit sign-extended numbers, and text in decimal or with 0x. Raises ValueError."""
    if isinstance(code, str):
        text = code.strip()
        if _HEX.fullmatch(text):
            return int(text, 16) & 0xFFFFFFFF
        if not _DECIMAL.fullmatch(text):
            raise ValueError("the code is neither a decimal number nor a hexadecimal one that begins with 0x")
        code = int(text)
    return code & 0xFFFFFFFF


def error_of(code: int | str | None) -> ErrorEntry | None:
    """The entry of a code in any notation, None for a code that is not in the catalogue."""
    return None if code is None else _BY_CODE.get(unsigned_code(code))


def format_code(code: int | str) -> str:
    """ "0xC004FD02", as Microsoft writes it."""
    return f"0x{unsigned_code(code):08X}"


def describe_code(code: int | str) -> str:
    """Code, symbol and meaning; only the code if it is not in the catalogue."""
    entry = error_of(code)
    return f"{format_code(code)} {entry.symbol}: {entry.meaning}" if entry else format_code(code)
