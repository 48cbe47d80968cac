# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Software Protection service does when it is told to: install a key, activate, remove a key, rearm.

Methods fail by raising ``CimError`` with the HRESULT, as COM clients of SoftwareLicensingService and SoftwareLicensingProduct see it
(the public text of slmgr.vbs). How such a failure looks over WS-Management is the protocol's matter.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from . import avma, keys, licence
from .errors import (
    SL_E_BLOCKED_PRODUCT_KEY,
    SL_E_CHPA_DMAK_LIMIT_EXCEEDED,
    SL_E_EUL_NOT_AVAILABLE,
    SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM,
    SL_E_INVALID_PRODUCT_KEY,
    SL_E_MISMATCHED_PRODUCT_SKU,
    SL_E_NOT_SUPPORTED,
    SL_E_PKEY_NOT_INSTALLED,
    SL_E_VL_BINDING_SERVICE_UNAVAILABLE,
    SL_I_OOB_GRACE_PERIOD,
    SL_REMAPPING_SP_PUB_TS_MAX_REARM_REACHED,
    WININET_E_NAME_NOT_RESOLVED,
    failure,
)
from .guest import Guest
from .windows import Windows

if TYPE_CHECKING:
    from .fleet import Fleet


def install_key(fleet: Fleet, windows: Windows, text: str) -> None:
    """SoftwareLicensingService.InstallProductKey. The key is there afterwards, the product is not activated.

    - not of a key's form, or unknown: 0xC004F050 (firm: "invalid product key")
    - an evaluation edition takes no key at all: 0xC004F069 (Microsoft, "upgrade and conversion options"; field reports)
    - key of another release: 0xC004F050, or 0xC004E016 by a switch (both are published for it)
    - key of another edition: 0xC004F069 (firm: "product SKU not found")
    - key blocked: 0xC004F051 (firm)

    Installing the key that is there already starts over as well. That is the harsher of two readings; neither was seen.
    """
    _refuse_if_busy(windows, "InstallProductKey")
    text = text.strip().upper()
    key = fleet.keys.find(text)
    if key is None or not keys.well_formed(text):
        raise failure(SL_E_INVALID_PRODUCT_KEY)
    if windows.edition.evaluation:
        raise failure(SL_E_MISMATCHED_PRODUCT_SKU)
    # A key of the scenario may be for a release that has no generic keys.
    if key.release not in (windows.release.keys, windows.release.name):
        raise failure(fleet.rules.licensing.wrong_version)
    if key.edition is not windows.edition.kind or key.channel not in licence.channels_of(windows.release, windows.edition):
        raise failure(SL_E_MISMATCHED_PRODUCT_SKU)
    if key.blocked:
        raise failure(SL_E_BLOCKED_PRODUCT_KEY)
    windows.licence.use_key(key)
    windows.licence.installations += 1
    _begin(fleet, windows)


def _refuse_if_busy(windows: Windows, method: str) -> None:
    """The service stops when idle, and one activation excludes another: 0xC004F075 and 0xC004E028 (firm), at times nobody can foretell."""
    codes = windows.licensing_refusals.get(method)
    if codes:
        raise failure(codes.pop(0))


def _begin(fleet: Fleet, windows: Windows) -> None:
    """State of a product that has a key and was never activated with it (not documented: a switch)."""
    rules, state = fleet.rules.licensing, windows.licence
    if rules.after_install == "notification":
        state.status, state.reason = licence.NOTIFICATION, SL_E_EUL_NOT_AVAILABLE
    elif rules.after_install == "grace":
        state.status, state.reason = licence.OOB_GRACE, SL_I_OOB_GRACE_PERIOD
        state.expires = fleet.clock.now() + timedelta(minutes=rules.grace_minutes)
    else:
        state.status, state.reason = licence.UNLICENSED, 0


def activate(fleet: Fleet, windows: Windows, channel: str) -> None:
    """SoftwareLicensingProduct.Activate on the product of ``channel``. Returns when it is licensed, raises otherwise."""
    _refuse_if_busy(windows, "Activate")
    state = windows.licence
    if state.channel != channel or state.channel is None:
        raise failure(SL_E_PKEY_NOT_INSTALLED)
    code = _attempt(fleet, windows, channel)
    if code:
        if state.status == licence.NOTIFICATION:
            state.reason = code
        raise failure(code)


def _attempt(fleet: Fleet, windows: Windows, channel: str) -> int:
    rules, state = fleet.rules.licensing, windows.licence
    now = fleet.clock.now()
    if channel == keys.AVMA:
        # On metal there is no host to ask (assumed: as on a foreign hypervisor).
        return avma.request(fleet, windows) if isinstance(windows, Guest) else SL_E_IA_INVALID_VIRTUALIZATION_PLATFORM
    if channel == keys.KMS_CLIENT:
        if not kms_reachable(fleet, windows) and state.activated_through != "active_directory":  # firm: no KMS could be contacted
            return SL_E_VL_BINDING_SERVICE_UNAVAILABLE
        state.become_licensed(now + timedelta(minutes=rules.kms_lease_minutes))
        state.kms_discovered = None if windows.kms_settings.machine else "kms." + (windows.domain or "example.com")
        return 0
    if channel == keys.EVALUATION:
        return 0 if state.status == licence.LICENSED else SL_E_NOT_SUPPORTED
    if state.status == licence.LICENSED:  # slmgr skips these; a second activation counts nothing
        return 0
    if not rules.internet:
        return WININET_E_NAME_NOT_RESOLVED
    if state.key is not None and state.key.activations is not None:
        if state.key.activations <= 0:  # firm: the MAK has exceeded its limit
            return SL_E_CHPA_DMAK_LIMIT_EXCEEDED
        state.key.activations -= 1
    state.become_licensed()
    return 0


def kms_reachable(fleet: Fleet, windows: Windows) -> bool:
    """Whether a KMS answers this machine."""
    return fleet.rules.licensing.kms_reachable if windows.kms_reachable is None else windows.kms_reachable


def uninstall_key(windows: Windows, channel: str) -> None:
    """SoftwareLicensingProduct.UninstallProductKey: unlicensed at once."""
    if windows.licence.channel != channel:
        raise failure(SL_E_PKEY_NOT_INSTALLED)
    windows.licence.remove_key()


def clear_key_from_registry(windows: Windows) -> None:
    """SoftwareLicensingService.ClearProductKeyFromRegistry: hides the key from readers of the registry, changes no licence."""
    windows.licence.key_in_registry = False


def refresh(fleet: Fleet, windows: Windows) -> None:
    """SoftwareLicensingService.RefreshLicenseStatus: what time has done becomes visible."""
    windows.licence.settle(fleet.clock.now())


def rearm(fleet: Fleet, windows: Windows) -> None:
    """SoftwareLicensingService.ReArmWindows: grace starts over, a limited number of times."""
    state = windows.licence
    if state.rearms_left <= 0:
        raise failure(SL_REMAPPING_SP_PUB_TS_MAX_REARM_REACHED)
    state.rearms_left -= 1
    if state.channel is not None and not windows.edition.evaluation:
        _begin(fleet, windows)
