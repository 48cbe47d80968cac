# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""What a machine runs on, by what its firmware says: Hyper-V, Azure, or something else.

The firmware of a virtual machine is its host's to write, so it shows what to expect and proves nothing.
"""

from __future__ import annotations

from .facts import ComputerFacts
from .findings import Finding, finding

_HYPERV_GUEST = ("microsoft corporation", "virtual machine")
# ASCII of "MSFT AZURE VM". Azure Stack Hub shows it as well, and there AVMA is the way to activate, so the tag alone is never the last word.
# (canonical/cloud-init issue 2911; Microsoft, Azure Stack Hub: Windows Server FAQ)
_AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"


def is_hyperv_guest(computer: ComputerFacts | None) -> bool | None:
    """Whether maker and model are those of a virtual machine of Hyper-V (or Azure). None if they are not known."""
    if computer is None or not computer.manufacturer or not computer.model:
        return None
    return (computer.manufacturer.strip().casefold(), computer.model.strip().casefold()) == _HYPERV_GUEST


def is_in_azure(computer: ComputerFacts | None) -> bool:
    """Whether the chassis says so; False also where it was not asked."""
    return computer is not None and (computer.asset_tag or "").strip() == _AZURE_ASSET_TAG


def why_not_this_platform(computer: ComputerFacts | None, name: str | None) -> Finding | None:
    """Why a machine is not a guest of Hyper-V; None also if its maker and model are not known."""
    if computer is None or is_hyperv_guest(computer) is not False:
        return None
    return finding("NOT_ON_HYPERV", name, manufacturer=computer.manufacturer, model=computer.model)
