# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This code is private to the hyperv.avma collection: do not import it from elsewhere.
"""Which of the hosts that a run knows runs a guest, by what the host itself wrote into the guest's registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .computer_names import is_address, short_name
from .facts import GuestPlacement
from .host_view import HostView, InvalidHostView, host_view
from .tables import Tables


def host_of_guest(placement: GuestPlacement | None, hosts: Iterable[object], tables: Tables) -> HostView | None:
    """The host that the placement names, among results of host_info and entries for hosts that could not be judged; others are passed over.

    Its full name decides. The short one does where just one host has it: DNS may know a host by another suffix than its domain's.
    """
    if placement is None or not placement.host_name:
        return None
    by_short_name: list[HostView] = []
    for candidate in hosts:
        try:
            view = host_view(candidate, tables)
        except InvalidHostView:
            continue
        names = {name.casefold() for name in (view.name, _fqdn(candidate)) if name and not is_address(name)}
        if placement.host_fqdn and placement.host_fqdn.casefold() in names:
            return view
        if placement.host_name.casefold() in {short_name(name) for name in names} and view not in by_short_name:
            by_short_name.append(view)
    return by_short_name[0] if len(by_short_name) == 1 else None


def _fqdn(candidate: object) -> str | None:
    host = candidate.get("host") if isinstance(candidate, Mapping) else None
    fqdn = host.get("fqdn") if isinstance(host, Mapping) else None
    return fqdn if isinstance(fqdn, str) else None
