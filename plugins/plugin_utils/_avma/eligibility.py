# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Whether AVMA serves a guest at all, judged by its operating system. One set of rules for what a host sees and for what a guest says.

Source: Microsoft, Automatic Virtual Machine Activation (guest versions and editions); Microsoft, upgrade and conversion options (evaluation).
"""

from __future__ import annotations

from ...module_utils._product_keys import display_key, last_five
from .editions import GUEST_EDITIONS, UNLICENSED_SKU, Edition, sku_of
from .findings import Finding, finding
from .identity import TRUST_GUEST, GuestIdentity, OsKind
from .matrix import can_activate
from .releases import OLDEST_BUILD, Release
from .tables import Tables

_DOMAIN_CONTROLLER = 2
# DISM's names of the editions that an evaluation installation may become.
_DISM_EDITIONS = {Edition.DATACENTER: "ServerDatacenter", Edition.STANDARD: "ServerStandard"}

# How editions that AVMA does not serve are licensed. (Microsoft: Nano Server, Hyper-V Server, Windows Server Foundation, Azure Local billing)
_OTHER_WAYS = {
    Edition.NANO: "Activate it by KMS, or install Windows Server with Server Core instead.",
    Edition.HYPER_V_SERVER: "Nothing to do: Hyper-V Server is free and needs no activation.",
    Edition.FOUNDATION: "Activate it by the key that came with the hardware; that licence does not cover a virtual machine elsewhere.",
    Edition.AZURE_LOCAL: "Register it with Azure, which bills it; it needs no key.",
}


def why_not_this_kind(identity: GuestIdentity, name: str | None) -> Finding | None:
    """Why a guest is none of AVMA's: not Windows, a client, or not known. None for Windows Server."""
    if identity.kind is OsKind.LINUX:
        return finding("GUEST_IS_LINUX", name)
    if identity.kind is OsKind.OTHER:
        return finding("GUEST_IS_OTHER", name)
    if identity.kind is OsKind.WINDOWS_CLIENT:
        return finding("GUEST_IS_CLIENT", name, build=identity.build, sku=identity.sku)
    if identity.kind is OsKind.UNKNOWN:
        return _unknown(identity, name)
    return None


def _unknown(identity: GuestIdentity, name: str | None) -> Finding:
    if identity.trust == TRUST_GUEST:
        remedy = "Check the guest with 'Get-ComputerInfo OsName, OsOperatingSystemSKU'. If it is Windows Server, state the AVMA key of its edition in 'key'."
    else:
        remedy = "Ask the guest itself, with the module hyperv.avma.guest_info."
    return finding("GUEST_UNKNOWN", name, build=identity.build, sku=identity.sku, remedy=remedy)


def why_not_this_age(identity: GuestIdentity, name: str | None) -> Finding | None:
    """Why a Windows Server is too old. None if it is not, or if its build is not known."""
    if identity.build is not None and identity.build < OLDEST_BUILD:
        return finding("GUEST_TOO_OLD", name, build=identity.build)
    return None


def why_not_this_edition(identity: GuestIdentity, name: str | None) -> Finding | None:
    """Why no key can be for an edition. None for a served edition, for Azure Edition, and for one that is not known."""
    if identity.edition is None or identity.edition in GUEST_EDITIONS or identity.sku == UNLICENSED_SKU:
        return None
    remedy = _OTHER_WAYS.get(identity.edition, "Activate it by its own key, KMS or MAK.")
    sku = sku_of(identity.sku)
    edition = sku.meaning if sku is not None and identity.edition is Edition.OTHER else identity.edition.value
    return finding("GUEST_EDITION_NOT_SUPPORTED", name, edition=edition, sku=identity.sku, remedy=remedy)


def why_not_choose_key(identity: GuestIdentity, name: str | None, tables: Tables) -> Finding | None:
    """Why no key can be chosen for a Windows Server. None if there is one."""
    if identity.edition is None:
        return _unknown(identity, name)
    if identity.release is None:
        return finding("GUEST_BUILD_UNKNOWN", name, build=identity.build)
    if tables.avma_key(identity.release, identity.edition) is None:
        return finding("KEY_NEEDED", name, guest=product_name(identity))
    return None


def evaluation_finding(identity: GuestIdentity, name: str | None, product_type: int | None = None, *, tables: Tables) -> Finding:
    """The finding on an evaluation installation, with the way out of it."""
    remedy = evaluation_remedy(identity, product_type, tables)
    return finding("GUEST_IS_EVALUATION", name, remedy=remedy, release=_release_name(identity.release))


def evaluation_remedy(identity: GuestIdentity, product_type: int | None, tables: Tables) -> str:
    """How an evaluation installation becomes a licensed one. Datacenter stays Datacenter, Server Core stays Server Core."""
    if product_type == _DOMAIN_CONTROLLER:
        return "A domain controller cannot be converted: demote it first, or set up another server."
    if identity.edition is Edition.ESSENTIALS:
        return "Essentials needs no conversion: install its licensed key by hand with 'slmgr /ipk', then run again."
    edition = _DISM_EDITIONS.get(identity.edition) if identity.edition else None
    row = tables.avma_key(identity.release, identity.edition)
    target = f"{edition}{'Cor' if identity.core else ''}" if edition else "<target edition>"
    key = "<AVMA key>" if row is None else row.key if display_key(row.key) == row.key else f"<AVMA key ending in {last_five(row.key)}>"
    return (
        f"In the guest run 'DISM /Online /Set-Edition:{target} /ProductKey:{key} /AcceptEula' and restart; if it is refused,"
        " 'DISM /Online /Get-TargetEditions' lists what is offered. A domain controller cannot be converted."
    )


def why_not_this_host_release(
    identity: GuestIdentity, name: str | None, host_release: Release | None, host_name: str | None, tables: Tables
) -> Finding | None:
    """Why a host is too old for a guest. None if it is not, or if either release is unknown."""
    if host_release is None or identity.release is None or can_activate(host_release, identity.release, tables):
        return None
    return finding("GUEST_NEWER_THAN_HOST", name, guest_release=identity.release.label, host=host_name, host_release=host_release.label)


def product_name(identity: GuestIdentity) -> str:
    """Release and edition in words, as far as they are known."""
    release = identity.release.label if identity.release else f"Windows build {identity.build if identity.build is not None else 'unknown'}"
    return f"{release} {identity.edition.value if identity.edition else 'of unknown edition'}"


def _release_name(release: Release | None) -> str | None:
    return release.name if release else None
