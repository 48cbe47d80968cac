# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Product keys that the lab's Software Protection service knows.

The AVMA keys and the KMS client keys are generic and published by Microsoft ("Automatic virtual machine activation", "KMS client
activation and product keys"); they are no licence. Keys of other channels exist only in scenarios and are made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .releases import EditionKind

AVMA = "VT:IA"
KMS_CLIENT = "Volume:GVLK"
KMS_HOST = "Volume:CSVLK"
MAK = "Volume:MAK"
RETAIL = "Retail"
EVALUATION = "Retail:TB:Eval"
OEM_CHANNELS = ("OEM:SLP", "OEM:COA", "OEM:DM", "OEM:NONSLP")
CHANNELS = (AVMA, KMS_CLIENT, KMS_HOST, MAK, RETAIL, EVALUATION, *OEM_CHANNELS)

_FORM = re.compile(r"[A-Z0-9]{5}(-[A-Z0-9]{5}){4}")


@dataclass(slots=True)
class ProductKey:
    text: str
    channel: str
    release: str  # the release of the key, as in releases.Release.keys
    edition: EditionKind
    blocked: bool = False
    activations: int | None = None  # left on a MAK; None: not counted

    @property
    def partial(self) -> str:
        return self.text[-5:]


def well_formed(text: str) -> bool:
    return _FORM.fullmatch(text) is not None


_D, _S, _E, _A = EditionKind.DATACENTER, EditionKind.STANDARD, EditionKind.ESSENTIALS, EditionKind.AZURE_EDITION

_GENERIC = (
    ("2025", AVMA, _D, "YQB4H-NKHHJ-Q6K4R-4VMY6-VCH67"),
    ("2025", AVMA, _S, "WWVGQ-PNHV9-B89P4-8GGM9-9HPQ4"),
    ("2025", AVMA, _A, "6NMQ9-T38WF-6MFGM-QYGYM-88J4F"),
    ("2022", AVMA, _D, "W3GNR-8DDXR-2TFRP-H8P33-DV9BG"),
    ("2022", AVMA, _S, "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK"),
    ("2022", AVMA, _A, "F7TB6-YKN8Y-FCC6R-KQ484-VMK3J"),
    ("2019", AVMA, _D, "H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW"),
    ("2019", AVMA, _S, "TNK62-RXVTB-4P47B-2D623-4GF74"),
    ("2019", AVMA, _E, "2CTP7-NHT64-BP62M-FV6GG-HFV28"),
    ("2016", AVMA, _D, "TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J"),
    ("2016", AVMA, _S, "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD"),
    ("2016", AVMA, _E, "B4YNW-62DX9-W8V6M-82649-MHBKQ"),
    ("2012r2", AVMA, _D, "Y4TGP-NPTV9-HTC2H-7MGQ3-DV4TW"),
    ("2012r2", AVMA, _S, "DBGBW-NPF86-BJVTX-K3WKJ-MTB6V"),
    ("2012r2", AVMA, _E, "K2XGM-NMBT3-2R6Q8-WF2FK-P36R2"),
    ("2025", KMS_CLIENT, _D, "D764K-2NDRG-47T6Q-P8T8W-YP6DF"),
    ("2025", KMS_CLIENT, _S, "TVRH6-WHNXV-R9WG3-9XRFY-MY832"),
    ("2025", KMS_CLIENT, _A, "XGN3F-F394H-FD2MY-PP6FD-8MCRC"),
    ("2022", KMS_CLIENT, _D, "WX4NM-KYWYW-QJJR4-XV3QB-6VM33"),
    ("2022", KMS_CLIENT, _S, "VDYBN-27WPP-V4HQT-9VMD4-VMK7H"),
    ("2022", KMS_CLIENT, _A, "NTBV8-9K7Q8-V27C6-M2BTV-KHMXV"),
    ("2019", KMS_CLIENT, _D, "WMDGN-G9PQG-XVVXX-R3X43-63DFG"),
    ("2019", KMS_CLIENT, _S, "N69G4-B89J2-4G8F4-WWYCC-J464C"),
    ("2019", KMS_CLIENT, _E, "WVDHN-86M7X-466P6-VHXV7-YY726"),
    ("2016", KMS_CLIENT, _D, "CB7KF-BWN84-R7R2Y-793K2-8XDDG"),
    ("2016", KMS_CLIENT, _S, "WC2BQ-8NRM3-FDDYY-2BFGV-KHKQY"),
    ("2016", KMS_CLIENT, _E, "JCKRF-N37P4-C2D82-9YXRT-4M63B"),
    ("2012r2", KMS_CLIENT, _D, "W3GGN-FT8W3-Y4M27-J84CP-Q3VJ9"),
    ("2012r2", KMS_CLIENT, _S, "D2N9P-3P6X9-2R39C-7RTCD-MDVJX"),
    ("2012r2", KMS_CLIENT, _E, "KNC87-3J2TX-XB4WP-VCPJV-M4FWM"),
)


class KeyBook:
    """Every key that can be valid in the lab: the generic ones and a scenario's own."""

    def __init__(self, own: Iterable[ProductKey] = ()) -> None:
        self._keys = {text: ProductKey(text, channel, release, edition) for release, channel, edition, text in _GENERIC}
        self.own: list[ProductKey] = []
        for key in own:
            self.add(key)

    def add(self, key: ProductKey) -> None:
        self._keys[key.text] = key
        self.own.append(key)

    def find(self, text: str) -> ProductKey | None:
        return self._keys.get(text.strip().upper())

    def generic(self, channel: str, release: str | None, edition: EditionKind) -> ProductKey | None:
        """The published key of ``channel`` for a release and edition, if there is one."""
        for key in self._keys.values():
            if (key.channel, key.release, key.edition) == (channel, release, edition) and key not in self.own:
                return key
        return None
