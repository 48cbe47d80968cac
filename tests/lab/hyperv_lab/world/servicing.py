# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to an installation beside WMI: DISM turns an evaluation into a licensed edition, Setup upgrades in place.

Source: Microsoft, "Upgrade and conversion options for Windows Server"; that Setup takes no AVMA key: windowsserverdocs issue 1580.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import keys, licensing
from .guest import Guest
from .keys import ProductKey
from .licence import Licence, channels_of
from .releases import EDITIONS, Edition, EditionKind, Release
from .windows import Windows

if TYPE_CHECKING:
    from .fleet import Fleet

_DOMAIN_CONTROLLER = 2
# DISM calls Server Core's editions by names of their own (field reports of /Get-TargetEditions).
_DISM_NAMES = {
    "ServerStandard": "standard",
    "ServerStandardCor": "standard_core",
    "ServerDatacenter": "datacenter",
    "ServerDatacenterCor": "datacenter_core",
}
# A Standard evaluation may become Standard or Datacenter, a Datacenter evaluation only Datacenter (firm).
_TARGETS = {
    EditionKind.STANDARD: (EditionKind.STANDARD, EditionKind.DATACENTER),
    EditionKind.DATACENTER: (EditionKind.DATACENTER,),
}


class ServicingRefused(ValueError):
    """DISM or Setup refuses. The text says why."""


def set_edition(fleet: Fleet, windows: Windows, edition: str, key: str) -> None:
    """``DISM /Online /Set-Edition:<edition> /ProductKey:<key> /AcceptEula`` and the restart that ends it."""
    if isinstance(windows, Guest) and windows.product_type == _DOMAIN_CONTROLLER:
        raise ServicingRefused(f"{windows.name} is a domain controller, which cannot be converted")
    target = EDITIONS.get(_DISM_NAMES.get(edition, ""))
    offered = _TARGETS.get(windows.edition.kind, ()) if windows.edition.evaluation else ()
    if target is None or target.kind not in offered or target.core != windows.edition.core:
        raise ServicingRefused(f"{windows.name} has the edition {windows.edition.name}, which cannot become {edition}")
    _install(fleet, windows, windows.release, target, _key_for(fleet, windows.release, target, key))


def upgrade(fleet: Fleet, windows: Windows, release: Release, key: str) -> None:
    """Setup with the media of a newer release, keeping the edition."""
    if release.build <= windows.release.build or windows.edition.evaluation:
        raise ServicingRefused(
            f"{windows.name} has {windows.release.product} {windows.edition.label}, which {release.product} does not upgrade"
        )
    product_key = _key_for(fleet, release, windows.edition, key)
    if product_key.channel == keys.AVMA:
        raise ServicingRefused(f"Setup does not take the key ending in {product_key.partial}")
    _install(fleet, windows, release, windows.edition, product_key)


def _key_for(fleet: Fleet, release: Release, edition: Edition, text: str) -> ProductKey:
    key = fleet.keys.find(text)
    if key is None or key.release != release.keys or key.edition is not edition.kind or key.channel not in channels_of(release, edition):
        raise ServicingRefused(f"the key is not one of {release.product} {edition.label}")
    return key


def _install(fleet: Fleet, windows: Windows, release: Release, edition: Edition, key: ProductKey) -> None:
    windows.become(release, edition)
    windows.licence = Licence(release, edition)
    licensing.install_key(fleet, windows, key.text)
    windows.licence.installations = 0  # by the servicing, not by a client
    windows.booted = fleet.clock.now()
