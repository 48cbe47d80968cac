# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Product keys: the published AVMA keys, the published KMS client keys that are mistaken for them, and how keys are shown.

Published keys are generic and no secret. Any other key is one: it is shown by its last five characters only. Modules that run on a target
have these tables too; which release and edition of a guest a key is for is in ``plugin_utils/_avma/keys.py``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

_AVMA_PAGE = "Microsoft, Automatic Virtual Machine Activation"
_AVMA_PAGE_DATE = "2023-09-19"
_AVMA_2025 = "Microsoft, Automatic Virtual Machine Activation (edition of 2025)"
_AVMA_2025_DATE = "2025"
_SAC_1809 = "Microsoft, Automatic Virtual Machine Activation; windowsserverdocs#3438 confirms 1903 and 1909"
_KMS_PAGE = "Microsoft, KMS client activation and product keys"
_KMS_PAGE_DATE = "2024-10-01"


class AvmaRow(NamedTuple):
    """One release and edition that an AVMA key is published for. One key may serve several releases, each has a row of its own."""

    release_name: str
    edition: str
    key: str
    source: str
    date: str


@dataclass(frozen=True)
class KmsClientKey:
    """A published KMS client key (GVLK). It makes a guest look for a KMS host and never activates by AVMA.

    ``release_name`` of Windows Server without that word, of a client with "Windows".
    """

    release_name: str
    edition: str
    key: str
    source: str
    date: str

    @property
    def product(self) -> str:
        release = self.release_name if self.release_name.startswith("Windows") else f"Windows Server {self.release_name}"
        return f"{release} {self.edition}"


class KeyKind(str, Enum):
    AVMA = "avma"
    KMS_CLIENT = "kms_client"
    OTHER = "other"  # not published: a MAK, a retail or OEM key, a KMS host key, or a key newer than this table


class InvalidProductKey(ValueError):
    """A text that has not the form of a product key. The message never repeats the text: a typing error is still a secret."""


def _avma(releases: str, edition: str, key: str, source: str = _AVMA_PAGE, date: str = _AVMA_PAGE_DATE) -> tuple[AvmaRow, ...]:
    return tuple(AvmaRow(release, edition, key, source, date) for release in releases.split("|"))


# Microsoft publishes no AVMA key for 2004, 20H2 and 23H2, and none for Essentials after 2019: those are asked for, never guessed.
AVMA_KEYS: tuple[AvmaRow, ...] = (
    *_avma("2025", "Datacenter", "YQB4H-NKHHJ-Q6K4R-4VMY6-VCH67", _AVMA_2025, _AVMA_2025_DATE),
    *_avma("2025", "Standard", "WWVGQ-PNHV9-B89P4-8GGM9-9HPQ4", _AVMA_2025, _AVMA_2025_DATE),
    *_avma("2025", "Datacenter: Azure Edition", "6NMQ9-T38WF-6MFGM-QYGYM-88J4F", _AVMA_2025, _AVMA_2025_DATE),
    *_avma("2022", "Datacenter", "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"),
    *_avma("2022", "Standard", "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"),
    *_avma("2022", "Datacenter: Azure Edition", "F7TB6-YKN8Y-FCC6R-KQ484-VMK3J"),
    *_avma("2019", "Datacenter", "H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW"),
    *_avma("2019", "Standard", "TNK62-RXVTB-4P47B-2D623-4GF74"),
    *_avma("2019", "Essentials", "2CTP7-NHT64-BP62M-FV6GG-HFV28"),
    *_avma("1809|1903|1909", "Datacenter", "H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW", _SAC_1809),
    *_avma("1809|1903|1909", "Standard", "TNK62-RXVTB-4P47B-2D623-4GF74", _SAC_1809),
    *_avma("2016", "Datacenter", "TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J"),
    *_avma("2016", "Standard", "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD"),
    *_avma("2016", "Essentials", "B4YNW-62DX9-W8V6M-82649-MHBKQ"),
    *_avma("1709|1803", "Datacenter", "TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J"),
    *_avma("1709|1803", "Standard", "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD"),
    *_avma("2012 R2", "Datacenter", "Y4TGP-NPTV9-HTC2H-7MGQ3-DV4TW"),
    *_avma("2012 R2", "Standard", "DBGBW-NPF86-BJVTX-K3WKJ-MTB6V"),
    *_avma("2012 R2", "Essentials", "K2XGM-NMBT3-2R6Q8-WF2FK-P36R2"),
)


def _kms(release: str, edition: str, key: str) -> KmsClientKey:
    return KmsClientKey(release, edition, key, _KMS_PAGE, _KMS_PAGE_DATE)


SEMI_ANNUAL = "1809 to 20H2"  # five semi-annual releases
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
    _kms(SEMI_ANNUAL, "Standard", "N2KJX-J94YW-TQVFB-DG9YT-724CC"),
    _kms(SEMI_ANNUAL, "Datacenter", "6NMRW-2C8FM-D24W7-TQWMY-CWH2D"),
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
    _kms("2008 R2", "for Itanium-based Systems", "GT63C-RJFQ3-4GMB6-BRFB9-CB83V"),
    _kms("2008", "Web", "WYR28-R7TFJ-3X2YQ-YCY4H-M249D"),
    _kms("2008", "Standard", "TM24T-X9RMF-VWXK6-X8JC9-BFGM2"),
    _kms("2008", "Standard without Hyper-V", "W7VD6-7JFBR-RX26B-YKQ3Y-6FFFJ"),
    _kms("2008", "Enterprise", "YQGMW-MPWTJ-34KDK-48M3W-X4Q6V"),
    _kms("2008", "Enterprise without Hyper-V", "39BXF-X8Q23-P2WWT-38T2F-G3FPG"),
    _kms("2008", "HPC", "RCTX3-KWVHP-BR6TB-RB6DM-6X7HP"),
    _kms("2008", "Datacenter", "7M67G-PC374-GR742-YH8V4-TCBY3"),
    _kms("2008", "Datacenter without Hyper-V", "22XQ2-VRXRG-P8D42-K34TD-G3QQC"),
    _kms("2008", "for Itanium-based Systems", "4DWFP-JF3DJ-B7DTH-78FJB-PDRHK"),
    _kms("Windows 11 and Windows 10", "Pro", "W269N-WFGWX-YVC9B-4J6C9-T83GX"),
    _kms("Windows 11 and Windows 10", "Pro N", "MH37W-N47XK-V7XM9-C7227-GCQG9"),
    _kms("Windows 11 and Windows 10", "Pro for Workstations", "NRG8B-VKK3Q-CXVCJ-9G2XF-6Q84J"),
    _kms("Windows 11 and Windows 10", "Pro for Workstations N", "9FNHH-K3HBT-3W4TD-6383H-6XYWF"),
    _kms("Windows 11 and Windows 10", "Pro Education", "6TP4R-GNPTD-KYYHQ-7B7DP-J447Y"),
    _kms("Windows 11 and Windows 10", "Pro Education N", "YVWGF-BXNMC-HTQYQ-CPQ99-66QFC"),
    _kms("Windows 11 and Windows 10", "Education", "NW6C2-QMPVW-D7KKK-3GKT6-VCFB2"),
    _kms("Windows 11 and Windows 10", "Education N", "2WH4N-8QGBV-H22JP-CT43Q-MDWWJ"),
    _kms("Windows 11 and Windows 10", "Enterprise", "NPPR9-FWDCX-D2C8J-H872K-2YT43"),
    _kms("Windows 11 and Windows 10", "Enterprise N", "DPH2V-TTNVB-4X9Q3-TJR4H-KHJW4"),
    _kms("Windows 11 and Windows 10", "Enterprise G", "YYVX9-NTFWV-6MDM3-9PT4T-4M68B"),
    _kms("Windows 11 and Windows 10", "Enterprise G N", "44RPN-FTY23-9VTTB-MP9BX-T84FV"),
    _kms("Windows LTSC 2024, 2021 and 2019", "Enterprise", "M7XTQ-FN8P6-TTKYV-9D4CC-J462D"),
    _kms("Windows LTSC 2024, 2021 and 2019", "Enterprise N", "92NFX-8DJQP-P6BBQ-THF9C-7CG2H"),
    _kms("Windows LTSC 2024 and 2021", "IoT Enterprise", "KBN8V-HFGQ4-MGXVD-347P6-PDQGT"),
    _kms("Windows 10 LTSB 2016", "Enterprise", "DCPHK-NFMTC-H88MJ-PFHPY-QJ4BJ"),
    _kms("Windows 10 LTSB 2016", "Enterprise N", "QFFDN-GRT3P-VKWWX-X7T3R-8B639"),
    _kms("Windows 10 LTSB 2015", "Enterprise", "WNMTR-4C88C-JK8YV-HQ7T2-76DF9"),
    _kms("Windows 10 LTSB 2015", "Enterprise N", "2F77B-TNFGY-69QQF-B8YKP-D69TJ"),
    _kms("Windows 8.1", "Pro", "GCRJD-8NW9H-F2CDX-CCM8D-9D6T9"),
    _kms("Windows 8.1", "Pro N", "HMCNV-VVBFX-7HMBH-CTY9B-B4FXY"),
    _kms("Windows 8.1", "Enterprise", "MHF9N-XY6XB-WVXMC-BTDCT-MKKG7"),
    _kms("Windows 8.1", "Enterprise N", "TT4HM-HN7YT-62K67-RGRQJ-JFFXW"),
    _kms("Windows 8", "Pro", "NG4HW-VH26C-733KW-K6F98-J8CK4"),
    _kms("Windows 8", "Pro N", "XCVCF-2NXM9-723PB-MHCB7-2RYQQ"),
    _kms("Windows 8", "Enterprise", "32JNW-9KQ84-P47T8-D8GGY-CWCK7"),
    _kms("Windows 8", "Enterprise N", "JMNMF-RHW7P-DMY6X-RF3DR-X2BQT"),
    _kms("Windows 7", "Professional", "FJ82H-XT6CR-J8D7P-XQJJ2-GPDD4"),
    _kms("Windows 7", "Professional N", "MRPKT-YTG23-K7D7T-X2JMM-QY7MG"),
    _kms("Windows 7", "Professional E", "W82YF-2Q76Y-63HXB-FGJG9-GF7QX"),
    _kms("Windows 7", "Enterprise", "33PXH-7Y6KF-2VJC9-XBBR8-HVTHH"),
    _kms("Windows 7", "Enterprise N", "YDRBP-3D83W-TY26F-D46B2-XCKRJ"),
    _kms("Windows 7", "Enterprise E", "C29WB-22CC8-VJ326-GHFJW-H9DH4"),
    _kms("Windows Vista", "Business", "YFKBB-PQJJV-G996G-VWGXY-2V3X8"),
    _kms("Windows Vista", "Business N", "HMBQG-8H2RH-C77VX-27R82-VMQBT"),
    _kms("Windows Vista", "Enterprise", "VKK3X-68KWM-X2YGT-QR4M6-4BWMV"),
    _kms("Windows Vista", "Enterprise N", "VTC42-BM838-43QHV-84HX6-XJXKV"),
)

_PUBLISHED_AVMA = frozenset(row.key for row in AVMA_KEYS)
_KMS_BY_KEY = {row.key: row for row in KMS_CLIENT_KEYS}

_FORM = re.compile(r"[A-Z0-9]{5}(-[A-Z0-9]{5}){4}")
# The same inside a longer text, with the dashes that word processors put in their place.
_DASH = "[-\u2010\u2011\u2012\u2013\u2014\u2212]"
_INSIDE = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{5}}(?:{_DASH}[A-Za-z0-9]{{5}}){{4}}(?![A-Za-z0-9])")
# What may have been meant as a key: some of its groups, also with a typing error or another mark between them, or all in one. The short groups
# of a GUID are three.
_GROUP, _FIVE = "[A-Za-z0-9]{4,6}", "[A-Za-z0-9]{5}"
_LIKELY = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_GROUP}(?:(?:{_DASH}|_){_GROUP}){{3,}}|{_FIVE}(?: {_FIVE}){{4}}|[A-Za-z0-9]{{23,27}})(?![A-Za-z0-9])"
)
_PARTS = re.compile("[A-Za-z0-9]{1,6}")
_HIDDEN = "*****"


def kms_client_row(key: str) -> KmsClientKey | None:
    """What a normalised key is published for as a KMS client key."""
    return _KMS_BY_KEY.get(key)


def published_for(key: str) -> tuple[str, ...]:
    """The releases and editions that a normalised key is published for, in words; of Windows Server without that word."""
    row = kms_client_row(key)
    return (
        (f"{row.release_name} {row.edition}",) if row else tuple(f"{row.release_name} {row.edition}" for row in AVMA_KEYS if row.key == key)
    )


def normalise_key(text: str) -> str:
    """``text`` as a product key in capitals, without surrounding blanks. Raises InvalidProductKey."""
    key = str(text).strip().upper()
    # Dashes, blanks and invisible characters: no part of the key, so they may be named.
    foreign = next(
        (character for character in key if ord(character) > 0x7F and unicodedata.category(character) in ("Pd", "Cf", "Zs")), None
    )
    if foreign is not None:
        raise InvalidProductKey(
            f"the product key has the character U+{ord(foreign):04X} ({unicodedata.name(foreign, 'without a name').lower()}), as text processors put it"
            " there. Type the key with plain hyphens."
        )
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
    """A key as it may be shown: whole if it is published, else its last group. A text that is not a key is hidden wholly."""
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


def mask_likely_keys(text: str) -> str:
    """``text`` with each key in it as it may be shown, and without what may have been meant as one."""
    return _LIKELY.sub(lambda found: _hidden_if_likely(found.group()), text)


def _hidden_if_likely(text: str) -> str:
    """Groups of a key mix letters and digits; those of other names seldom do."""
    mixed = [part for part in _PARTS.findall(text) if not part.isalpha() and not part.isdigit()]
    return display_key(re.sub(_DASH, "-", text)) if len(mixed) > 1 else text
