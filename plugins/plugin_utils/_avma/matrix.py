# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Which host release activates which guest release.

Source: Microsoft, Automatic Virtual Machine Activation, table of guest versions by host version. The rule behind it: a host activates
its own release and older ones. Semi-annual releases count with the long-term release whose AVMA key they use; for one without a published key,
and for a semi-annual host, Microsoft states nothing, and the builds are compared.
"""

from __future__ import annotations

from .keys import AVMA_KEYS
from .releases import RELEASES, Release, release_named

_WITH_KEYS = frozenset(row.release_name for row in AVMA_KEYS)


def can_activate(host_release: Release | str | None, guest_release: Release | str | None) -> bool:
    """Whether an activated Datacenter host of one release activates guests of another. False if either is unknown."""
    host, guest = _release(host_release), _release(guest_release)
    if host is None or guest is None:
        return False
    return host.build >= _counted_build(guest)


def guests_of(host_release: Release | str | None) -> tuple[str, ...]:
    """Names of the long-term releases that such a host activates, newest first, as Microsoft's table lists them.

    Whether it activates a semi-annual release is for ``can_activate`` to say.
    """
    return tuple(guest.name for guest in reversed(RELEASES) if guest.channel == "LTSC" and can_activate(host_release, guest))


def _counted_build(guest: Release) -> int:
    family = release_named(guest.ltsc)
    return family.build if family is not None and guest.name in _WITH_KEYS else guest.build


def _release(release: Release | str | None) -> Release | None:
    return release_named(release) if isinstance(release, str) else release
