# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""How a product was licensed, from what ``SoftwareLicensingProduct`` says. Nothing here depends on the language of Windows.

Source: slmgr.vbs, which looks for these words in ``Description``; ``VT:IA`` is what Windows' licensing library compares with.
The whole ``Description`` of an AVMA product has not been published, so only the word is looked for.
"""

from __future__ import annotations

from datetime import datetime

from .facts import Channel, LicenceStatus, VolumeActivation

# In this order: VOLUME_KMS is a part of VOLUME_KMSCLIENT.
_DESCRIPTION_WORDS: tuple[tuple[str, Channel], ...] = (
    ("VIRTUAL_MACHINE_ACTIVATION", Channel.AVMA),
    ("TIMEBASED_EVAL", Channel.EVALUATION),
    ("VOLUME_KMSCLIENT", Channel.KMS_CLIENT),
    ("VOLUME_KMS", Channel.KMS_HOST),
    ("VOLUME_MAK", Channel.MAK),
    ("OEM_SLP", Channel.OEM),
    ("OEM_COA", Channel.OEM),
    ("OEM_DM", Channel.OEM),
    ("OEM_NONSLP", Channel.OEM),
    ("RETAIL", Channel.RETAIL),
)

# The channels that Windows names beside these (Retail:TB:Promo, Retail:TB:Sub, Volume) belong to none of ours.
_KEY_CHANNELS: dict[str, Channel] = {
    "VT:IA": Channel.AVMA,
    "VOLUME:GVLK": Channel.KMS_CLIENT,
    "VOLUME:CSVLK": Channel.KMS_HOST,
    "VOLUME:MAK": Channel.MAK,
    "OEM:SLP": Channel.OEM,
    "OEM:COA": Channel.OEM,
    "OEM:DM": Channel.OEM,
    "OEM:NONSLP": Channel.OEM,
    "RETAIL": Channel.RETAIL,
    "RETAIL:TB:EVAL": Channel.EVALUATION,
}

_STATUSES: dict[int, LicenceStatus] = {
    0: LicenceStatus.UNLICENSED,
    1: LicenceStatus.LICENSED,
    2: LicenceStatus.OUT_OF_BOX_GRACE,
    3: LicenceStatus.OUT_OF_TOLERANCE_GRACE,
    4: LicenceStatus.NON_GENUINE_GRACE,
    5: LicenceStatus.NOTIFICATION,
    6: LicenceStatus.EXTENDED_GRACE,
}

# Windows states "never" as 1601-01-01, the origin of its clock.
_NEVER_YEAR = 1601


def channel_of(description: str | None, product_key_channel: str | None, evaluation_end: datetime | None) -> Channel:
    """The channel of a product. Either text may be missing; either of them shows AVMA, an end of evaluation wins over the rest."""
    by_key = _KEY_CHANNELS.get((product_key_channel or "").strip().upper(), Channel.UNKNOWN)
    by_description = _by_description(description)
    for channel in (Channel.AVMA, Channel.EVALUATION):
        if channel in (by_key, by_description):
            return channel
    if evaluation_end is not None and evaluation_end.year > _NEVER_YEAR:
        return Channel.EVALUATION
    return by_description if by_description is not Channel.UNKNOWN else by_key


def is_known_key_channel(product_key_channel: str | None) -> bool:
    """Whether ``ProductKeyChannel`` names one of our channels, or nothing."""
    return not (product_key_channel or "").strip() or (product_key_channel or "").strip().upper() in _KEY_CHANNELS


def _by_description(description: str | None) -> Channel:
    text = (description or "").upper()
    return next((channel for word, channel in _DESCRIPTION_WORDS if word in text), Channel.UNKNOWN)


def licence_status_of(code: int | None) -> LicenceStatus:
    """``LicenseStatus`` by name. Source: Microsoft, SoftwareLicensingProduct."""
    return LicenceStatus.UNKNOWN if code is None else _STATUSES.get(code, LicenceStatus.UNKNOWN)


# Microsoft, SoftwareLicensingProduct; slmgr.vbs compares with 1
_VOLUME_ACTIVATIONS = {1: VolumeActivation.ACTIVE_DIRECTORY, 2: VolumeActivation.KMS, 3: VolumeActivation.TOKEN}


def volume_activation_of(code: int | None, activation_object: str | None) -> VolumeActivation | None:
    """By what a KMS client was activated (``VLActivationType``, ``ADActivationObjectName``): its description and channel are the same for each.

    None: it does not say, as one that has not been activated yet may.
    """
    if activation_object and activation_object.strip():
        return VolumeActivation.ACTIVE_DIRECTORY
    return _VOLUME_ACTIVATIONS.get(code or 0)
