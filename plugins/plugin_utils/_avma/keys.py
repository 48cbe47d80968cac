# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Product keys: the published AVMA keys, the published KMS client keys that are mistaken for them, and how keys are shown.

Published keys are generic and no secret. Any other key is one: it is shown by its last five characters only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from .editions import Edition
from .releases import Release

_AVMA_PAGE = "Microsoft, Automatic Virtual Machine Activation"
_AVMA_PAGE_DATE = "2023-09-19"
_AVMA_2025 = "Microsoft, Automatic Virtual Machine Activation (edition of 2025)"
_AVMA_2025_DATE = "2025"
_SAC_1809 = "Microsoft, Automatic Virtual Machine Activation; windowsserverdocs#3438 confirms 1903 and 1909"
_KMS_PAGE = "Microsoft, KMS client activation and product keys"
_KMS_PAGE_DATE = "2024-10-01"


@dataclass(frozen=True)
class AvmaKey:
    """An AVMA key, published or one of the user's tables. One key may serve several releases, each has a row of its own."""

    release_name: str
    edition: Edition
    key: str
    source: str
    date: str


@dataclass(frozen=True)
class KmsClientKey:
    """A published KMS client key (GVLK) of Windows Server. It makes a guest look for a KMS host and never activates by AVMA."""

    release_name: str
    edition: str
    key: str
    source: str
    date: str


class KeyKind(str, Enum):
    AVMA = "avma"
    KMS_CLIENT = "kms_client"
    OTHER = "other"  # not published: a MAK, a retail or OEM key, a KMS host key, or a key newer than this table


class InvalidProductKey(ValueError):
    """A text that has not the form of a product key. The message never repeats the text: a typing error is still a secret."""


def _avma(releases: str, edition: Edition, key: str, source: str = _AVMA_PAGE, date: str = _AVMA_PAGE_DATE) -> tuple[AvmaKey, ...]:
    return tuple(AvmaKey(release, edition, key, source, date) for release in releases.split("|"))


# Microsoft publishes no AVMA key for 2004, 20H2 and 23H2, and none for Essentials after 2019: those are asked for, never guessed.
AVMA_KEYS: tuple[AvmaKey, ...] = (
    *_avma("2025", Edition.DATACENTER, "YQB4H-NKHHJ-Q6K4R-4VMY6-VCH67", _AVMA_2025, _AVMA_2025_DATE),
    *_avma("2025", Edition.STANDARD, "WWVGQ-PNHV9-B89P4-8GGM9-9HPQ4", _AVMA_2025, _AVMA_2025_DATE),
    *_avma("2025", Edition.DATACENTER_AZURE, "6NMQ9-T38WF-6MFGM-QYGYM-88J4F", _AVMA_2025, _AVMA_2025_DATE),
    *_avma("2022", Edition.DATACENTER, "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"),
    *_avma("2022", Edition.STANDARD, "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"),
    *_avma("2022", Edition.DATACENTER_AZURE, "F7TB6-YKN8Y-FCC6R-KQ484-VMK3J"),
    *_avma("2019", Edition.DATACENTER, "H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW"),
    *_avma("2019", Edition.STANDARD, "TNK62-RXVTB-4P47B-2D623-4GF74"),
    *_avma("2019", Edition.ESSENTIALS, "2CTP7-NHT64-BP62M-FV6GG-HFV28"),
    *_avma("1809|1903|1909", Edition.DATACENTER, "H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW", _SAC_1809),
    *_avma("1809|1903|1909", Edition.STANDARD, "TNK62-RXVTB-4P47B-2D623-4GF74", _SAC_1809),
    *_avma("1709|1803", Edition.DATACENTER, "TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J"),
    *_avma("1709|1803", Edition.STANDARD, "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD"),
    *_avma("2016", Edition.DATACENTER, "TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J"),
    *_avma("2016", Edition.STANDARD, "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD"),
    *_avma("2016", Edition.ESSENTIALS, "B4YNW-62DX9-W8V6M-82649-MHBKQ"),
    *_avma("2012 R2", Edition.DATACENTER, "Y4TGP-NPTV9-HTC2H-7MGQ3-DV4TW"),
    *_avma("2012 R2", Edition.STANDARD, "DBGBW-NPF86-BJVTX-K3WKJ-MTB6V"),
    *_avma("2012 R2", Edition.ESSENTIALS, "K2XGM-NMBT3-2R6Q8-WF2FK-P36R2"),
)


def _kms(release: str, edition: str, key: str) -> KmsClientKey:
    return KmsClientKey(release, edition, key, _KMS_PAGE, _KMS_PAGE_DATE)


_SAC_ROW = "1809 to 20H2"  # five semi-annual releases
KMS_CLIENT_KEYS: tuple[KmsClientKey, ...] = (
    _kms("2025", "Standard", "TVRH6-WHNXV-R9WG3-9XRFY-MY832"),
    _kms("2025", "Datacenter", "D764K-2NDRG-47T6Q-P8T8W-YP6DF"),
    _kms("2025", "Datacenter: Azure Edition", "XGN3F-F394H-FD2MY-PP6FD-8MCRC"),
    _kms("2022", "Standard", "VDYBN-27WPP-V4HQT-9VMD4-VMK7H"),
    _kms("2022", "Datacenter", "WX4NM-KYWYW-QJJR4-XV3QB-6VM33"),
    _kms("2022", "Datacenter: Azure Edition", "NTBV8-9K7Q8-V27C6-M2BTV-KHMXV"),
    _kms("2019", "Standard", "N69G4-B89J2-4G8F4-WWYCC-J464C"),
    _kms("2019", "Datacenter", "WMDGN-G9PQG-XVVXX-R3X43-63DFG"),
    _kms("2019", "Essentials", "WVDHN-86M7X-466P6-VHXV7-YY726"),
    _kms("2016", "Standard", "WC2BQ-8NRM3-FDDYY-2BFGV-KHKQY"),
    _kms("2016", "Datacenter", "CB7KF-BWN84-R7R2Y-793K2-8XDDG"),
    _kms("2016", "Essentials", "JCKRF-N37P4-C2D82-9YXRT-4M63B"),
    _kms(_SAC_ROW, "Standard", "N2KJX-J94YW-TQVFB-DG9YT-724CC"),
    _kms(_SAC_ROW, "Datacenter", "6NMRW-2C8FM-D24W7-TQWMY-CWH2D"),
    _kms("1803", "Standard", "PTXN8-JFHJM-4WC78-MPCBR-9W4KR"),
    _kms("1803", "Datacenter", "2HXDN-KRXHB-GPYC7-YCKFJ-7FVDG"),
    _kms("1709", "Standard", "DPCNP-XQFKJ-BJF7R-FRC8D-GF6G4"),
    _kms("1709", "Datacenter", "6Y6KB-N82V8-D8CQV-23MJW-BWTG6"),
    _kms("2012 R2", "Standard", "D2N9P-3P6X9-2R39C-7RTCD-MDVJX"),
    _kms("2012 R2", "Datacenter", "W3GGN-FT8W3-Y4M27-J84CP-Q3VJ9"),
    _kms("2012 R2", "Essentials", "KNC87-3J2TX-XB4WP-VCPJV-M4FWM"),
    _kms("2012", "Standard", "XC9B7-NBPP2-83J2H-RHMBY-92BT4"),
    _kms("2012", "MultiPoint Standard", "HM7DN-YVMH3-46JC3-XYTG7-CYQJJ"),
    _kms("2012", "MultiPoint Premium", "XNH6W-2V9GX-RGJ4K-Y8X6F-QGJ2G"),
    _kms("2012", "Datacenter", "48HP8-DN98B-MYWDG-T2DCC-8W83P"),
    _kms("2012", "Essentials", "HTDQM-NBMMG-KGYDT-2DTKT-J2MPV"),
    _kms("2008 R2", "Web", "6TPJF-RBVHG-WBW2R-86QPH-6RTM4"),
    _kms("2008 R2", "HPC", "TT8MH-CG224-D3D7Q-498W2-9QCTX"),
    _kms("2008 R2", "Standard", "YC6KT-GKW9T-YTKYR-T4X34-R7VHC"),
    _kms("2008 R2", "Enterprise", "489J6-VHDMP-X63PK-3K798-CPX3Y"),
    _kms("2008 R2", "Datacenter", "74YFP-3QFB3-KQT8W-PMXWJ-7M648"),
)

# The first of them has the build of 2019, and is taken for it.
_KMS_ROWS_OF_BUILDS = dict.fromkeys((17763, 18362, 18363, 19041, 19042), (_SAC_ROW,))
_PUBLISHED_AVMA = frozenset(row.key for row in AVMA_KEYS)
_KMS_BY_KEY = {row.key: row for row in KMS_CLIENT_KEYS}

_FORM = re.compile(r"[A-Z0-9]{5}(-[A-Z0-9]{5}){4}")
# The same inside a longer text, with the dashes that word processors put in their place.
_DASH = "[-\u2010\u2011\u2012\u2013\u2014\u2212]"
_INSIDE = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{5}}(?:{_DASH}[A-Za-z0-9]{{5}}){{4}}(?![A-Za-z0-9])")
_HIDDEN = "*****"


def avma_key(release: Release | str | None, edition: Edition | None, rows: Iterable[AvmaKey] = AVMA_KEYS) -> AvmaKey | None:
    """The AVMA key for a release (or its name) and an edition, None where there is none."""
    if release is None or edition is None:
        return None
    name = release.name if isinstance(release, Release) else release
    return next((row for row in rows if row.release_name == name and row.edition is edition), None)


def avma_rows(key: str, rows: Iterable[AvmaKey] = AVMA_KEYS) -> tuple[AvmaKey, ...]:
    """Each release and edition that a normalised key is an AVMA key for."""
    return tuple(row for row in rows if row.key == key)


def kms_client_row(key: str) -> KmsClientKey | None:
    """What a normalised key is published for as a KMS client key."""
    return _KMS_BY_KEY.get(key)


def kms_client_keys(release: Release | None, edition: Edition | None) -> tuple[KmsClientKey, ...]:
    """The published KMS client keys that a guest of this release and edition may have."""
    if release is None or edition is None:
        return ()
    names = (release.name, *_KMS_ROWS_OF_BUILDS.get(release.build, ()))
    return tuple(row for row in KMS_CLIENT_KEYS if row.release_name in names and row.edition == edition.value)


def normalise_key(text: str) -> str:
    """``text`` as a product key in capitals, without surrounding blanks. Raises InvalidProductKey."""
    key = str(text).strip().upper()
    if not _FORM.fullmatch(key):
        raise InvalidProductKey(
            "the product key does not have the form XXXXX-XXXXX-XXXXX-XXXXX-XXXXX (five groups of five letters or digits,"
            f" joined by hyphens): it has {len(key)} characters in {len(key.split('-'))} groups. Check the key for typing errors."
        )
    return key


def classify_key(key: str) -> KeyKind:
    """Whether a key is a published AVMA key, a published KMS client key or neither. Raises InvalidProductKey."""
    normal = normalise_key(key)
    if normal in _PUBLISHED_AVMA:
        return KeyKind.AVMA
    return KeyKind.KMS_CLIENT if normal in _KMS_BY_KEY else KeyKind.OTHER


def last_five(key: str) -> str:
    """The last group of a key, which Windows calls the partial product key. Raises InvalidProductKey."""
    return normalise_key(key)[-5:]


def display_key(key: str) -> str:
    """A key as it may be shown: whole if it is published, else its last group. A text that is no key is hidden wholly."""
    try:
        normal = normalise_key(key)
    except InvalidProductKey:
        return "-".join([_HIDDEN] * 5)
    if normal in _PUBLISHED_AVMA or normal in _KMS_BY_KEY:
        return normal
    return "-".join([_HIDDEN] * 4 + [normal[-5:]])


def mask_keys(text: str) -> str:
    """``text`` with each key in it as it may be shown."""
    return _INSIDE.sub(lambda found: display_key(re.sub(_DASH, "-", found.group())), text)
