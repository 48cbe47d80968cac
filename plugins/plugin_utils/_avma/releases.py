# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Releases of Windows Server and their builds.

A build alone does not identify the product: Azure Local shares builds with Windows Server, so the SKU is asked first
(``editions``). 1809 shares its build with 2019, and also its AVMA keys, so the two need no telling apart.
"""

from __future__ import annotations

from dataclasses import dataclass

# hcsshim's osversion package lists the builds by name; the years of the releases are those of Microsoft's release information page.
_HCSSHIM = "microsoft/hcsshim, osversion"

# AVMA came with Windows Server 2012 R2. (Microsoft, Automatic Virtual Machine Activation)
OLDEST_BUILD = 9600


@dataclass(frozen=True)
class Release:
    """One release. ``ltsc`` is the long-term release it counts with."""

    name: str
    label: str
    ltsc: str
    build: int
    channel: str  # LTSC, SAC (semi-annual) or AC (annual)
    source: str
    date: str  # of release, ISO month


RELEASES: tuple[Release, ...] = (
    Release("2012 R2", "Windows Server 2012 R2", "2012 R2", 9600, "LTSC", _HCSSHIM, "2013-10"),
    Release("2016", "Windows Server 2016", "2016", 14393, "LTSC", _HCSSHIM, "2016-10"),
    Release("1709", "Windows Server, version 1709", "2016", 16299, "SAC", _HCSSHIM, "2017-10"),
    Release("1803", "Windows Server, version 1803", "2016", 17134, "SAC", _HCSSHIM, "2018-04"),
    Release("2019", "Windows Server 2019", "2019", 17763, "LTSC", _HCSSHIM, "2018-11"),
    Release("1809", "Windows Server, version 1809", "2019", 17763, "SAC", _HCSSHIM, "2018-11"),
    Release("1903", "Windows Server, version 1903", "2019", 18362, "SAC", _HCSSHIM, "2019-05"),
    Release("1909", "Windows Server, version 1909", "2019", 18363, "SAC", _HCSSHIM, "2019-11"),
    Release("2004", "Windows Server, version 2004", "2019", 19041, "SAC", _HCSSHIM, "2020-05"),
    Release("20H2", "Windows Server, version 20H2", "2019", 19042, "SAC", _HCSSHIM, "2020-10"),
    Release("2022", "Windows Server 2022", "2022", 20348, "LTSC", _HCSSHIM, "2021-08"),
    Release("23H2", "Windows Server, version 23H2", "2022", 25398, "AC", _HCSSHIM, "2023-10"),
    Release("2025", "Windows Server 2025", "2025", 26100, "LTSC", _HCSSHIM, "2024-11"),
)
