# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Whether the computer that answered for a host is called as the inventory says."""

from __future__ import annotations

from collections.abc import Iterable

from .computer_names import is_address, same_computer
from .findings import Finding, finding


def why_not_this_host(computer: str | None, inventory_name: str, addresses: Iterable[str], stated: str | None) -> Finding | None:
    """A warning where no name fits. ``stated``: the computer's name as the user states it, which then alone counts. Addresses are not names."""
    names = [stated] if stated else [name for name in (inventory_name, *addresses) if name and not is_address(name)]
    if not computer or not names or any(same_computer(computer, name) for name in names):
        return None
    return finding("HOST_IS_OTHER_COMPUTER", inventory_name, name=computer, expected=names[0])
