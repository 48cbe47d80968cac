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

from .releases import Release
from .tables import LONG_TERM, Tables


def can_activate(host_release: Release | str | None, guest_release: Release | str | None, tables: Tables) -> bool:
    """Whether an activated Datacenter host of one release activates guests of another. False if either is unknown."""
    host, guest = _release(host_release, tables), _release(guest_release, tables)
    if host is None or guest is None:
        return False
    return host.build >= _counted_build(guest, tables)


def guests_of(host_release: Release | str | None, tables: Tables) -> tuple[str, ...]:
    """Names of the long-term releases that such a host activates, newest first, as Microsoft's table lists them.

    Whether it activates a semi-annual release is for ``can_activate`` to say.
    """
    return tuple(
        guest.name for guest in reversed(tables.releases) if guest.channel == LONG_TERM and can_activate(host_release, guest, tables)
    )


def _counted_build(guest: Release, tables: Tables) -> int:
    family = tables.release_named(guest.ltsc)
    if family is None:
        return guest.build
    keys = {row.key for row in tables.avma_keys if row.release_name == guest.name}
    return family.build if any(row.key in keys for row in tables.avma_keys if row.release_name == family.name) else guest.build


def _release(release: Release | str | None, tables: Tables) -> Release | None:
    return tables.release_named(release) if isinstance(release, str) else release
