# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Software Protection knows of one Windows: which key it has and how far that key carries.

Sources: Microsoft, SoftwareLicensingProduct (properties, LicenseStatus); the public text of slmgr.vbs (how they are read).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from . import keys
from .errors import SL_E_GRACE_TIME_EXPIRED, SL_I_TIMEBASED_VALIDITY_PERIOD
from .keys import ProductKey
from .releases import Edition, EditionKind, Release

WINDOWS_APPLICATION = "55c92734-d682-4d71-983e-d6ec3f16059f"

UNLICENSED, LICENSED, OOB_GRACE, OOT_GRACE, NON_GENUINE_GRACE, NOTIFICATION, EXTENDED_GRACE = range(7)

# Activation IDs of the lab's products are derived, not Microsoft's: clients must read them, never know them.
_ACTIVATION_IDS = uuid.UUID("6f1f7f60-1f0b-5b52-9d4e-0d6f8f6ad9a4")

# How a channel's name appears in SoftwareLicensingProduct.Description. Firm but for AVMA's: only VIRTUAL_MACHINE_ACTIVATION is known of it.
_DESCRIBED = {
    keys.AVMA: "VIRTUAL_MACHINE_ACTIVATION",
    keys.KMS_CLIENT: "VOLUME_KMSCLIENT",
    keys.KMS_HOST: "VOLUME_KMS",
    keys.MAK: "VOLUME_MAK",
    keys.RETAIL: "RETAIL",
    keys.EVALUATION: "TIMEBASED_EVAL",
    "OEM:SLP": "OEM_SLP",
    "OEM:COA": "OEM_COA",
    "OEM:DM": "OEM_DM",
    "OEM:NONSLP": "OEM_NONSLP",
}

_VOLUME = (keys.KMS_CLIENT, keys.MAK, keys.AVMA)


@dataclass(slots=True)
class Licence:
    """State of the one product of Windows that can have a key. All times are UTC."""

    release: Release
    edition: Edition
    channel: str | None = None  # ProductKeyChannel; None: no key installed
    partial_key: str | None = None
    status: int = UNLICENSED
    reason: int = 0  # HRESULT, unsigned
    expires: datetime | None = None  # end of the lease, grace or evaluation
    evaluation_end: datetime | None = None
    iaid: str | None = None
    host_name: str | None = None
    host_pid: str | None = None
    last_activation: datetime | None = None
    kms_discovered: str | None = None  # the KMS host that DNS gave; one that is set by hand stands in the registry
    rearms_left: int = 5
    key_in_registry: bool = True
    installations: int = 0  # keys that were installed since the scenario began, the same key again included
    key: ProductKey | None = field(default=None, repr=False)
    second_channel: str | None = None  # of a second product of Windows that has a key too
    second_licensed: bool = False
    activated_through: str | None = None  # kms, active_directory or token; None: by KMS, where it was
    shown_channel: str | None = None  # instead of the channel, for a licence that no table knows
    addon_partial_key: str | None = None  # of an add-on product (extended security updates), which is not Windows itself

    def settle(self, now: datetime) -> None:
        """Lets time that has run out take its effect: notification, with 0xC004F009 as the reason."""
        if self.expires is not None and now >= self.expires and self.status in (LICENSED, OOB_GRACE):
            self.status, self.reason, self.expires = NOTIFICATION, SL_E_GRACE_TIME_EXPIRED, None

    def minutes_remaining(self, now: datetime) -> int:
        """GracePeriodRemaining. 0 where nothing runs out."""
        if self.expires is None:
            return 0
        return max(0, int((self.expires - now) / timedelta(minutes=1)))

    def use_key(self, key: ProductKey) -> None:
        """Puts a key in and forgets all that an earlier one had brought. Never activates."""
        self.remove_key()
        self.channel, self.partial_key, self.key = key.channel, key.partial, key
        self.key_in_registry = True

    def remove_key(self) -> None:
        self.channel = self.partial_key = self.key = None
        self.status, self.reason, self.expires = UNLICENSED, 0, None
        self.activated_through = self.shown_channel = None
        self.iaid = self.host_name = self.host_pid = self.last_activation = self.kms_discovered = None

    def become_licensed(self, expires: datetime | None = None, reason: int = 0) -> None:
        self.status, self.reason, self.expires = LICENSED, reason, expires

    def begin_evaluation(self, end: datetime, now: datetime) -> None:
        self.channel, self.partial_key = keys.EVALUATION, "EVAL0"
        self.evaluation_end = end
        if end > now:
            self.become_licensed(end, SL_I_TIMEBASED_VALIDITY_PERIOD)
        else:
            self.status, self.reason, self.expires = NOTIFICATION, SL_E_GRACE_TIME_EXPIRED, None


def channels_of(release: Release, edition: Edition) -> tuple[str, ...]:
    """Channels for which a Windows of this edition has licence files, each a row of SoftwareLicensingProduct without a key."""
    if edition.evaluation:
        return (keys.EVALUATION,)
    kind = edition.kind
    if kind is EditionKind.CLIENT:
        return (keys.KMS_CLIENT, keys.MAK, keys.RETAIL, "OEM:DM", "OEM:NONSLP")
    if kind is EditionKind.FOUNDATION:
        return keys.OEM_CHANNELS
    if kind is EditionKind.NANO:
        return (keys.KMS_CLIENT, keys.MAK)
    if kind in (EditionKind.HYPERV_SERVER, EditionKind.AZURE_LOCAL):
        return (keys.RETAIL, keys.MAK)
    volume = _VOLUME if release.kernel >= (6, 3) else _VOLUME[:2]  # AVMA came with 2012 R2
    if kind is EditionKind.AZURE_EDITION:
        return volume
    extra = () if kind is EditionKind.ESSENTIALS else (keys.KMS_HOST,)
    return (*volume, *extra, keys.RETAIL, *keys.OEM_CHANNELS)


def activation_id(release: Release, edition: Edition, channel: str) -> str:
    """SoftwareLicensingProduct.ID of a product: the same on every machine of that edition, as on Windows."""
    return str(uuid.uuid5(_ACTIVATION_IDS, f"{release.name}/{edition.edition_id}/{channel}"))


def product_name(edition: Edition) -> str:
    return f"Windows(R), {edition.family} edition"


def product_description(channel: str) -> str:
    return f"Windows(R) Operating System, {_DESCRIBED[channel]} channel"


def product_ids(name: str, release: Release, channel: str) -> tuple[str, str]:
    """ProductKeyID and ProductKeyID2 in Windows' form, unique per machine, channel and release; made up."""
    number = uuid.uuid5(_ACTIVATION_IDS, f"pid/{name}/{channel}").int
    group, serial, site = number % 100000, number // 100000 % 1000000, number // 10**11 % 1000
    day = number // 10**14 % 366 + 1
    dotted = f"{group:05d}-{site:05d}-{serial % 1000:03d}-{serial:06d}-03-1033-{release.build}.0000-{day:03d}2024"
    return f"{group:05d}-{site:05d}-{serial % 100000:05d}-AA{site:03d}", dotted
