# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Product keys in modules that run on a target, where the rest of the collection is not at hand: form, published keys, how a key is shown.

Published keys are generic and no secret; any other key is one. The same tables are in ``plugin_utils``, and a test holds the two equal.
"""

from __future__ import annotations

import re

# Microsoft, Automatic Virtual Machine Activation. One key may serve several releases.
AVMA_KEYS = {
    "YQB4H-NKHHJ-Q6K4R-4VMY6-VCH67": ("2025 Datacenter",),
    "WWVGQ-PNHV9-B89P4-8GGM9-9HPQ4": ("2025 Standard",),
    "6NMQ9-T38WF-6MFGM-QYGYM-88J4F": ("2025 Datacenter: Azure Edition",),
    "W3GNR-8DDXR-2TFRP-H8P33-DV9BG": ("2022 Datacenter",),
    "YDFWN-MJ9JR-3DYRK-FXXRW-78VHK": ("2022 Standard",),
    "F7TB6-YKN8Y-FCC6R-KQ484-VMK3J": ("2022 Datacenter: Azure Edition",),
    "H3RNG-8C32Q-Q8FRX-6TDXV-WMBMW": ("2019 Datacenter", "1809 Datacenter", "1903 Datacenter", "1909 Datacenter"),
    "TNK62-RXVTB-4P47B-2D623-4GF74": ("2019 Standard", "1809 Standard", "1903 Standard", "1909 Standard"),
    "2CTP7-NHT64-BP62M-FV6GG-HFV28": ("2019 Essentials",),
    "TMJ3Y-NTRTM-FJYXT-T22BY-CWG3J": ("2016 Datacenter", "1709 Datacenter", "1803 Datacenter"),
    "C3RCX-M6NRP-6CXC9-TW2F2-4RHYD": ("2016 Standard", "1709 Standard", "1803 Standard"),
    "B4YNW-62DX9-W8V6M-82649-MHBKQ": ("2016 Essentials",),
    "Y4TGP-NPTV9-HTC2H-7MGQ3-DV4TW": ("2012 R2 Datacenter",),
    "DBGBW-NPF86-BJVTX-K3WKJ-MTB6V": ("2012 R2 Standard",),
    "K2XGM-NMBT3-2R6Q8-WF2FK-P36R2": ("2012 R2 Essentials",),
}

# Microsoft, KMS client activation and product keys. A guest with one of them looks for a KMS host and is never activated by AVMA.
KMS_CLIENT_KEYS = {
    "TVRH6-WHNXV-R9WG3-9XRFY-MY832": "2025 Standard",
    "D764K-2NDRG-47T6Q-P8T8W-YP6DF": "2025 Datacenter",
    "XGN3F-F394H-FD2MY-PP6FD-8MCRC": "2025 Datacenter: Azure Edition",
    "VDYBN-27WPP-V4HQT-9VMD4-VMK7H": "2022 Standard",
    "WX4NM-KYWYW-QJJR4-XV3QB-6VM33": "2022 Datacenter",
    "NTBV8-9K7Q8-V27C6-M2BTV-KHMXV": "2022 Datacenter: Azure Edition",
    "N69G4-B89J2-4G8F4-WWYCC-J464C": "2019 Standard",
    "WMDGN-G9PQG-XVVXX-R3X43-63DFG": "2019 Datacenter",
    "WVDHN-86M7X-466P6-VHXV7-YY726": "2019 Essentials",
    "WC2BQ-8NRM3-FDDYY-2BFGV-KHKQY": "2016 Standard",
    "CB7KF-BWN84-R7R2Y-793K2-8XDDG": "2016 Datacenter",
    "JCKRF-N37P4-C2D82-9YXRT-4M63B": "2016 Essentials",
    "N2KJX-J94YW-TQVFB-DG9YT-724CC": "1809 to 20H2 Standard",
    "6NMRW-2C8FM-D24W7-TQWMY-CWH2D": "1809 to 20H2 Datacenter",
    "PTXN8-JFHJM-4WC78-MPCBR-9W4KR": "1803 Standard",
    "2HXDN-KRXHB-GPYC7-YCKFJ-7FVDG": "1803 Datacenter",
    "DPCNP-XQFKJ-BJF7R-FRC8D-GF6G4": "1709 Standard",
    "6Y6KB-N82V8-D8CQV-23MJW-BWTG6": "1709 Datacenter",
    "D2N9P-3P6X9-2R39C-7RTCD-MDVJX": "2012 R2 Standard",
    "W3GGN-FT8W3-Y4M27-J84CP-Q3VJ9": "2012 R2 Datacenter",
    "KNC87-3J2TX-XB4WP-VCPJV-M4FWM": "2012 R2 Essentials",
    "XC9B7-NBPP2-83J2H-RHMBY-92BT4": "2012 Standard",
    "HM7DN-YVMH3-46JC3-XYTG7-CYQJJ": "2012 MultiPoint Standard",
    "XNH6W-2V9GX-RGJ4K-Y8X6F-QGJ2G": "2012 MultiPoint Premium",
    "48HP8-DN98B-MYWDG-T2DCC-8W83P": "2012 Datacenter",
    "HTDQM-NBMMG-KGYDT-2DTKT-J2MPV": "2012 Essentials",
    "6TPJF-RBVHG-WBW2R-86QPH-6RTM4": "2008 R2 Web",
    "TT8MH-CG224-D3D7Q-498W2-9QCTX": "2008 R2 HPC",
    "YC6KT-GKW9T-YTKYR-T4X34-R7VHC": "2008 R2 Standard",
    "489J6-VHDMP-X63PK-3K798-CPX3Y": "2008 R2 Enterprise",
    "74YFP-3QFB3-KQT8W-PMXWJ-7M648": "2008 R2 Datacenter",
    "GT63C-RJFQ3-4GMB6-BRFB9-CB83V": "2008 R2 for Itanium-based Systems",
    "WYR28-R7TFJ-3X2YQ-YCY4H-M249D": "2008 Web",
    "TM24T-X9RMF-VWXK6-X8JC9-BFGM2": "2008 Standard",
    "W7VD6-7JFBR-RX26B-YKQ3Y-6FFFJ": "2008 Standard without Hyper-V",
    "YQGMW-MPWTJ-34KDK-48M3W-X4Q6V": "2008 Enterprise",
    "39BXF-X8Q23-P2WWT-38T2F-G3FPG": "2008 Enterprise without Hyper-V",
    "RCTX3-KWVHP-BR6TB-RB6DM-6X7HP": "2008 HPC",
    "7M67G-PC374-GR742-YH8V4-TCBY3": "2008 Datacenter",
    "22XQ2-VRXRG-P8D42-K34TD-G3QQC": "2008 Datacenter without Hyper-V",
    "4DWFP-JF3DJ-B7DTH-78FJB-PDRHK": "2008 for Itanium-based Systems",
    "W269N-WFGWX-YVC9B-4J6C9-T83GX": "Windows 11 and Windows 10 Pro",
    "MH37W-N47XK-V7XM9-C7227-GCQG9": "Windows 11 and Windows 10 Pro N",
    "NRG8B-VKK3Q-CXVCJ-9G2XF-6Q84J": "Windows 11 and Windows 10 Pro for Workstations",
    "9FNHH-K3HBT-3W4TD-6383H-6XYWF": "Windows 11 and Windows 10 Pro for Workstations N",
    "6TP4R-GNPTD-KYYHQ-7B7DP-J447Y": "Windows 11 and Windows 10 Pro Education",
    "YVWGF-BXNMC-HTQYQ-CPQ99-66QFC": "Windows 11 and Windows 10 Pro Education N",
    "NW6C2-QMPVW-D7KKK-3GKT6-VCFB2": "Windows 11 and Windows 10 Education",
    "2WH4N-8QGBV-H22JP-CT43Q-MDWWJ": "Windows 11 and Windows 10 Education N",
    "NPPR9-FWDCX-D2C8J-H872K-2YT43": "Windows 11 and Windows 10 Enterprise",
    "DPH2V-TTNVB-4X9Q3-TJR4H-KHJW4": "Windows 11 and Windows 10 Enterprise N",
    "YYVX9-NTFWV-6MDM3-9PT4T-4M68B": "Windows 11 and Windows 10 Enterprise G",
    "44RPN-FTY23-9VTTB-MP9BX-T84FV": "Windows 11 and Windows 10 Enterprise G N",
    "M7XTQ-FN8P6-TTKYV-9D4CC-J462D": "Windows LTSC 2024, 2021 and 2019 Enterprise",
    "92NFX-8DJQP-P6BBQ-THF9C-7CG2H": "Windows LTSC 2024, 2021 and 2019 Enterprise N",
    "KBN8V-HFGQ4-MGXVD-347P6-PDQGT": "Windows LTSC 2024 and 2021 IoT Enterprise",
    "DCPHK-NFMTC-H88MJ-PFHPY-QJ4BJ": "Windows 10 LTSB 2016 Enterprise",
    "QFFDN-GRT3P-VKWWX-X7T3R-8B639": "Windows 10 LTSB 2016 Enterprise N",
    "WNMTR-4C88C-JK8YV-HQ7T2-76DF9": "Windows 10 LTSB 2015 Enterprise",
    "2F77B-TNFGY-69QQF-B8YKP-D69TJ": "Windows 10 LTSB 2015 Enterprise N",
    "GCRJD-8NW9H-F2CDX-CCM8D-9D6T9": "Windows 8.1 Pro",
    "HMCNV-VVBFX-7HMBH-CTY9B-B4FXY": "Windows 8.1 Pro N",
    "MHF9N-XY6XB-WVXMC-BTDCT-MKKG7": "Windows 8.1 Enterprise",
    "TT4HM-HN7YT-62K67-RGRQJ-JFFXW": "Windows 8.1 Enterprise N",
    "NG4HW-VH26C-733KW-K6F98-J8CK4": "Windows 8 Pro",
    "XCVCF-2NXM9-723PB-MHCB7-2RYQQ": "Windows 8 Pro N",
    "32JNW-9KQ84-P47T8-D8GGY-CWCK7": "Windows 8 Enterprise",
    "JMNMF-RHW7P-DMY6X-RF3DR-X2BQT": "Windows 8 Enterprise N",
    "FJ82H-XT6CR-J8D7P-XQJJ2-GPDD4": "Windows 7 Professional",
    "MRPKT-YTG23-K7D7T-X2JMM-QY7MG": "Windows 7 Professional N",
    "W82YF-2Q76Y-63HXB-FGJG9-GF7QX": "Windows 7 Professional E",
    "33PXH-7Y6KF-2VJC9-XBBR8-HVTHH": "Windows 7 Enterprise",
    "YDRBP-3D83W-TY26F-D46B2-XCKRJ": "Windows 7 Enterprise N",
    "C29WB-22CC8-VJ326-GHFJW-H9DH4": "Windows 7 Enterprise E",
    "YFKBB-PQJJV-G996G-VWGXY-2V3X8": "Windows Vista Business",
    "HMBQG-8H2RH-C77VX-27R82-VMQBT": "Windows Vista Business N",
    "VKK3X-68KWM-X2YGT-QR4M6-4BWMV": "Windows Vista Enterprise",
    "VTC42-BM838-43QHV-84HX6-XJXKV": "Windows Vista Enterprise N",
}

_FORM = re.compile("[A-Z0-9]{5}(-[A-Z0-9]{5}){4}")


def normalise(text: str) -> str | None:
    """A text as a product key in capitals, without surrounding blanks. None for a text that has not the form of one."""
    key = text.strip().upper()
    return key if _FORM.fullmatch(key) else None


def kind_of(key: str) -> str:
    """ "avma", "kms_client" or "other": a key that is not published, as a MAK, a retail or OEM key, or a newer one than these tables."""
    if key in AVMA_KEYS:
        return "avma"
    return "kms_client" if key in KMS_CLIENT_KEYS else "other"


def releases_of(key: str) -> tuple[str, ...]:
    """The releases and editions that a key in its normal form is published for."""
    return AVMA_KEYS.get(key) or ((KMS_CLIENT_KEYS[key],) if key in KMS_CLIENT_KEYS else ())


def kms_client_product(key: str) -> str:
    """What a published KMS client key is for, in words. Of Windows Server the table has the release alone."""
    name = KMS_CLIENT_KEYS[key]
    return name if name.startswith("Windows") else f"Windows Server {name}"


def is_published(text: str) -> bool:
    return kind_of(normalise(text) or "") != "other"


def display(text: str) -> str:
    """A key as it may be shown: whole if it is published, else its last group. Of a text that is no key nothing is shown but that it is there."""
    key = normalise(text)
    if key is None:
        return "*****-*****-*****-*****-*****" if text.strip() else ""
    return key if is_published(key) else "*****-*****-*****-*****-" + key[-5:]
